#include "ecs/task_definition.h"

#include <gmock/gmock.h>

#include "base/json.h"

namespace ecs {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::HasSubstr;

Json document(std::string_view text) {
  return *base::parse_json(text);
}

class EditContainers : public testing::Test {
 protected:
  base::Result<void> edit() { return edit_containers(definition_, edits_); }

  Json definition_ = document(R"({"family":"f","unknownField":{"a":1},"containerDefinitions":[
    {"name":"web","image":"old","environment":[{"name":"A","value":"1"}]},{"name":"side","image":"s"}]})");
  ContainerEdits edits_{.containers = {"web"}, .image = "repo@sha256:0"};
};

TEST_F(EditContainers, SetsTheImageOfTheNamedContainerAndKeepsAllElse) {
  ASSERT_TRUE(edit());
  EXPECT_EQ(definition_["containerDefinitions"][0]["image"], "repo@sha256:0");
  EXPECT_EQ(definition_["containerDefinitions"][1]["image"], "s");
  EXPECT_EQ(definition_["unknownField"]["a"], 1);
}

TEST_F(EditContainers, SetsAndAddsVariablesAndSecrets) {
  edits_.environment = {{"A", "2"}, {"B", "x=y"}};
  edits_.secrets = {{"S", "arn:secret"}};
  edits_.docker_labels = {{"team", "a=b"}};
  edits_.command = {{"run", "it"}};
  edits_.environment_files = {"arn:file"};
  ASSERT_TRUE(edit());
  const Json& web = definition_["containerDefinitions"][0];
  EXPECT_EQ(base::to_text(web["environment"]), R"([{"name":"A","value":"2"},{"name":"B","value":"x=y"}])");
  EXPECT_EQ(base::to_text(web["secrets"]), R"([{"name":"S","valueFrom":"arn:secret"}])");
  EXPECT_EQ(base::to_text(web["dockerLabels"]), R"({"team":"a=b"})");
  EXPECT_EQ(base::to_text(web["command"]), R"(["run","it"])");
  EXPECT_EQ(base::to_text(web["environmentFiles"]), R"([{"value":"arn:file","type":"s3"}])");
}

TEST_F(EditContainers, SetsTheLogDriverWithItsOptions) {
  edits_.log_driver = "awslogs";
  edits_.log_options = {{"awslogs-group", "/ecs/items"}};
  ASSERT_TRUE(edit());
  EXPECT_EQ(base::to_text(definition_["containerDefinitions"][0]["logConfiguration"]),
            R"({"logDriver":"awslogs","options":{"awslogs-group":"/ecs/items"}})");
  edits_.log_driver = "carrier-pigeon";
  EXPECT_THAT(edit().error().message, HasSubstr("'carrier-pigeon' is not a log driver"));
}

TEST_F(EditContainers, LogOptionsAreAddedToThoseThatAreThere) {
  definition_ = document(R"({"containerDefinitions":[{"name":"web","logConfiguration":
    {"logDriver":"awslogs","options":{"awslogs-group":"/a","awslogs-region":"r"}}}]})");
  edits_.log_options = {{"awslogs-group", "/b"}, {"mode", "non-blocking"}};
  ASSERT_TRUE(edit());
  EXPECT_EQ(
      base::to_text(definition_["containerDefinitions"][0]["logConfiguration"]),
      R"({"logDriver":"awslogs","options":{"awslogs-group":"/b","awslogs-region":"r","mode":"non-blocking"}})");
}

TEST_F(EditContainers, ChangesNothingWhenOneContainerIsMissing) {
  const Json before = definition_;
  edits_.containers = {"web", "wbe"};
  EXPECT_EQ(edit().error().message,
            "Invalid task definition: Could not find container definition with matching name");
  EXPECT_EQ(definition_, before);
}

TEST_F(EditContainers, RefusesADefinitionWithoutContainers) {
  for (const char* text : {"{}", R"({"containerDefinitions":"x"})", "[]", "3"}) {
    definition_ = document(text);
    EXPECT_THAT(edit().error().message, HasSubstr("containerDefinitions section is not present")) << text;
  }
}

TEST_F(EditContainers, BearsWithMembersOfAnotherType) {
  definition_ =
      document(R"({"containerDefinitions":[7,{"name":"web","environment":"x","dockerLabels":"y"}]})");
  edits_.environment = {{"A", "1"}};
  edits_.docker_labels = {{"a", "b"}};
  ASSERT_TRUE(edit());
  EXPECT_EQ(base::to_text(definition_["containerDefinitions"][1]["dockerLabels"]), R"({"a":"b"})");
}

TEST(ParsePairs, SplitsAtTheFirstEqualsSign) {
  const auto pairs = parse_pairs("A=1\n\n  URL=x=y=z \nEMPTY=\n B = b\n", "environment variable");
  ASSERT_TRUE(pairs);
  EXPECT_THAT(*pairs, ElementsAre(std::pair<std::string, std::string>("A", "1"),
                                  std::pair<std::string, std::string>("URL", "x=y=z"),
                                  std::pair<std::string, std::string>("EMPTY", ""),
                                  std::pair<std::string, std::string>("B ", " b")));
}

TEST(ParsePairs, NamesALineThatIsNoPair) {
  EXPECT_EQ(parse_pairs("nothing", "environment variable").error().message,
            "Cannot parse the environment variable 'nothing'. Environment variable pairs must be of the form "
            "NAME=value.");
}

TEST(CleanDefinition, RemovesWhatDescribeTaskDefinitionAdds) {
  Json definition =
      document(R"({"family":"f","revision":3,"status":"ACTIVE","compatibilities":[],"registeredAt":1.5})");
  EXPECT_THAT(remove_described_keys(definition), ElementsAre("revision", "status", "registeredAt"));
  EXPECT_EQ(base::to_text(definition), R"({"family":"f"})");
}

TEST(CleanDefinition, DropsEmptyValuesAtAnyDepthButNoNumbers) {
  EXPECT_EQ(
      base::to_text(without_empty_values(
          document(R"({"a":null,"b":"","c":[],"d":{"e":{"f":null}},"g":0,"h":false,"i":[null,"",1]})"), {})),
      R"({"g":0,"h":false,"i":[1]})");
}

TEST(CleanDefinition, KeepsEmptyVariables) {
  EXPECT_EQ(base::to_text(without_empty_values(
                document(R"({"containerDefinitions":[{"environment":[{"name":"A","value":""},)"
                         R"({"name":"","value":""}]}]})"),
                {})),
            R"({"containerDefinitions":[{"environment":[{"name":"A","value":""}]}]})");
}

TEST(CleanDefinition, KeepsEmptyPropertiesOfAMeshProxy) {
  EXPECT_EQ(
      base::to_text(without_empty_values(
          document(R"({"proxyConfiguration":{"type":"APPMESH","properties":[{"name":"A","value":""}]}})"),
          {})),
      R"({"proxyConfiguration":{"type":"APPMESH","properties":[{"name":"A","value":""}]}})");
}

TEST(CleanDefinition, KeepsNamedKeysButNotParentsThatHoldNothingElse) {
  EXPECT_EQ(base::to_text(without_empty_values(
                document(R"({"a":{"keep":"","b":1},"c":{"keep":""},"keep":[]})"), {"keep"})),
            R"({"a":{"keep":"","b":1},"keep":[]})");
}

}  // namespace
}  // namespace ecs
