// What a task definition may look like: its shape, and the rules between its members.
#include <gmock/gmock.h>

#include "base/json.h"
#include "ecs/definition_rules.h"
#include "tests/fakes/wrong_definitions.h"

namespace ecs {
namespace {

using base::Json;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// A Fargate task with which all is well; each test spoils one thing.
class DefinitionTest : public testing::Test {
 protected:
  static std::vector<std::string> lines(const std::vector<DefinitionFault>& faults) {
    std::vector<std::string> lines;
    for (const auto& fault : faults) lines.push_back(fault.path + ": " + fault.message);
    return lines;
  }
  [[nodiscard]] std::vector<std::string> wrong() const {
    auto found = lines(check_shape(definition_).wrong);
    for (auto& line : lines(check_rules(definition_).wrong)) found.push_back(std::move(line));
    return found;
  }
  Json& web() { return definition_["containerDefinitions"][0]; }
  void size(const char* cpu, const char* memory) {
    definition_["cpu"] = cpu;
    definition_["memory"] = memory;
  }

  Json definition_ = base::parse_json(R"({
    "family": "items", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
    "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/execution", "volumes": [{"name": "data"}],
    "containerDefinitions": [{"name": "web", "image": "r:1", "portMappings": [{"containerPort": 80}],
      "environment": [{"name": "A", "value": "b"}], "mountPoints": [{"sourceVolume": "data"}],
      "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}], "dockerLabels": {"a": "b"}},
      {"name": "init", "image": "r:1", "essential": false}]})")
                         .value();
};

TEST_F(DefinitionTest, IsContentWhenAllIsWell) {
  EXPECT_THAT(wrong(), IsEmpty());
  EXPECT_THAT(lines(check_shape(definition_).strange), IsEmpty());
}

TEST_F(DefinitionTest, NamesThePlaceOfAWrongType) {
  web()["cpu"] = "256";
  web()["essential"] = "yes";
  web()["portMappings"][0]["containerPort"] = "80";
  web()["environment"] = {{"A", "b"}};
  definition_["memory"] = 512;
  definition_["networkMode"] = "vpc";
  EXPECT_THAT(wrong(),
              ElementsAre("networkMode: expected bridge, host, awsvpc, none, found \"vpc\"",
                          "containerDefinitions[web].cpu: expected an integer, found a string",
                          "containerDefinitions[web].portMappings[0].containerPort: expected an integer, "
                          "found a string",
                          "containerDefinitions[web].essential: expected true or false, found a string",
                          "containerDefinitions[web].environment: expected a list, found an object",
                          "memory: expected a string, found an integer",
                          "networkMode: Fargate has awsvpc alone: set it"));
}

TEST_F(DefinitionTest, FindsWhatIsMissingAndWhatIsMistyped) {
  web().erase("image");
  web()["secrets"] = {{{"name", "TOKEN"}}};
  EXPECT_THAT(wrong(), ElementsAre("containerDefinitions[web].image: is missing",
                                   "containerDefinitions[web].secrets[TOKEN].valueFrom: is missing"));
  web()["portMapings"] = Json::array();
  definition_["x-team"] = "ours";
  EXPECT_THAT(
      lines(check_shape(definition_).strange),
      ElementsAre("containerDefinitions[web].portMapings: ECS knows no such name; did you mean portMappings?",
                  "x-team: ECS is not known to have that name"));
}

TEST_F(DefinitionTest, KnowsTheSizesOfFargate) {
  for (const auto& [cpu, memory] :
       {std::pair{"256", "512"}, {"1 vCPU", "2 GB"}, {".5vcpu", "4096"}, {"16384", "122880"}}) {
    size(cpu, memory);
    EXPECT_THAT(wrong(), IsEmpty()) << cpu << " " << memory;
  }
  size("300", "512");
  EXPECT_THAT(wrong(),
              ElementsAre("cpu: Fargate has 256, 512, 1024, 2048, 4096, 8192 and 16384, found '300'"));
  size("256", "1536");
  EXPECT_THAT(wrong(),
              ElementsAre("memory: with cpu 256 Fargate has 512 to 2048 MiB in steps of 512, found '1536'"));
  size("1024", "-1");
  EXPECT_THAT(wrong(),
              ElementsAre("memory: with cpu 1024 Fargate has 2048 to 8192 MiB in steps of 1024, found '-1'"));
  definition_.erase("cpu");
  EXPECT_THAT(wrong(), Contains("cpu: is missing: Fargate needs it for the task as a whole"));
  definition_["requiresCompatibilities"] = {"EC2"};
  size("300", "700");
  EXPECT_THAT(wrong(), IsEmpty());
}

TEST_F(DefinitionTest, FindsNamesThatAreNotThere) {
  web()["dependsOn"][0]["containerName"] = "web";
  web()["mountPoints"][0]["sourceVolume"] = "logs";
  web()["secrets"] = {{{"name", "A"}, {"valueFrom", "/a"}}};
  EXPECT_THAT(
      wrong(),
      ElementsAre("containerDefinitions[web].dependsOn[0].containerName: a container cannot wait for itself, "
                  "nor take volumes of itself",
                  "containerDefinitions[web].mountPoints[0].sourceVolume: there is no 'logs' in this task "
                  "definition",
                  "containerDefinitions[web].secrets[A]: an environment variable has that name, too"));
}

TEST_F(DefinitionTest, FindsWhatIsLeftOfATemplate) {
  web()["image"] = "registry/web:${TAG}";
  definition_["family"] = "{{ name }}";
  EXPECT_THAT(wrong(), ElementsAre("family: expected up to 255 letters, digits, - and _, found '{{ name }}'",
                                   "containerDefinitions[web].image: expected up to 255 letters, digits and "
                                   "- _ : . / @ #, found 'registry/web:${TAG}'"));
}

TEST_F(DefinitionTest, FindsPortsLimitsAndRoomThatCannotBe) {
  web()["portMappings"] = {{{"containerPort", 80}, {"hostPort", 8080}}, {{"containerPort", 70000}}};
  web()["stopTimeout"] = 500;
  web()["memory"] = 2048;
  EXPECT_THAT(
      wrong(),
      ElementsAre("containerDefinitions[web].portMappings[0].hostPort: with networkMode awsvpc it is "
                  "containerPort, 80, or absent; found 8080",
                  "containerDefinitions[web].portMappings[1].containerPort: expected 1 to 65535, found 70000",
                  "containerDefinitions[web].stopTimeout: AWS takes 0 to 120, found 500",
                  "memory: its containers reserve 2048, more than the task's 512"));
}

TEST_F(DefinitionTest, FindsThatItIsLargerThanTheQuota) {
  web()["environment"][0]["value"] = std::string(70'000, 'x');
  EXPECT_THAT(wrong(), ElementsAre(testing::StartsWith("size: ECS takes 65536 bytes, found 70")));
}

TEST_F(DefinitionTest, WantsUniqueNamesAndSomethingEssential) {
  web()["name"] = "init";
  web()["essential"] = false;
  web().erase("dependsOn");
  EXPECT_THAT(wrong(),
              ElementsAre("containerDefinitions[init]: another container has that name: each needs its own",
                          "containerDefinitions: no container is essential: one has to be"));
}

TEST_F(DefinitionTest, FindsAllThatAwsRefuses) {
  definition_ = fakes::right_definition();
  EXPECT_THAT(wrong(), IsEmpty());
  for (const auto& each : fakes::wrong_definitions()) {
    definition_ = fakes::changed(each.change);
    EXPECT_THAT(wrong(), testing::Not(IsEmpty())) << each.change;
  }
}

TEST_F(DefinitionTest, SurvivesWhateverStandsThere) {
  for (const char* text :
       {"null", "[]", R"({"containerDefinitions": 1})", R"({"containerDefinitions": [null, 1, "a", []]})",
        R"({"requiresCompatibilities": "FARGATE", "cpu": [], "memory": {}, "volumes": 3})",
        R"({"containerDefinitions": [{"name": 1, "portMappings": {"a": 1}, "healthCheck": []}]})"}) {
    definition_ = base::parse_json(text).value();
    EXPECT_EQ(wrong().empty(), definition_.empty()) << text;
  }
}

}  // namespace
}  // namespace ecs
