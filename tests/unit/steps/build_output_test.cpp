#include "steps/build_output.h"

#include <gmock/gmock.h>

namespace steps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = BuildOutput::Kind;

BuildOutput parsed(const std::string& text) {
  auto output = parse_build_output(text);
  EXPECT_TRUE(output) << text << ": " << output.error().to_string();
  return output ? *output : BuildOutput{};
}

std::string refused(const std::string& text) {
  const auto output = parse_build_output(text);
  return output ? "taken" : output.error().message;
}

TEST(ParseBuildOutput, ReadsShortFormsAsBuildxDoes) {
  EXPECT_EQ(parsed("out").kind, Kind::folder);
  EXPECT_EQ(parsed("out").destination, "out");
  EXPECT_EQ(parsed("-").kind, Kind::tree_archive);
  EXPECT_EQ(parsed("type=tar").destination, "-");
  EXPECT_EQ(parsed("type=oci").destination, "-");
  EXPECT_EQ(parsed("type=docker").kind, Kind::store);
  EXPECT_EQ(parsed("type=docker,dest=a.tar").kind, Kind::archive);
  EXPECT_EQ(parsed("type=image,push=true,name=a").kind, Kind::registry);
  EXPECT_EQ(parsed("type=registry").kind, Kind::registry);
  EXPECT_EQ(parsed("type=cacheonly").kind, Kind::cache_only);
  EXPECT_THAT(parsed("type=image,\"name=a:1,b:2\"").names, ElementsAre("a:1", "b:2"));
}

TEST(ParseBuildOutput, ReadsAnnotationsOfAllLevels) {
  const auto output = parsed("type=image,annotation.a.b=1,annotation-index.c=2,annotation[linux/amd64].d=3");
  ASSERT_EQ(output.annotations.size(), 3U);
  EXPECT_EQ(output.annotations[0].key, "a.b");
  EXPECT_EQ(output.annotations[1].level, ecr::Annotation::Level::index);
  EXPECT_EQ(output.annotations[1].key, "c");
  EXPECT_EQ(output.annotations[2].platform->architecture, "amd64");
  EXPECT_EQ(output.annotations[2].value, "3");
}

TEST(ParseBuildOutput, RefusesByNameWhatItDoesNotDo) {
  EXPECT_THAT(refused("type=zip"), HasSubstr("type=zip"));
  EXPECT_THAT(refused("type=image,compression=zstd"), HasSubstr("compression=zstd"));
  EXPECT_THAT(refused("type=oci,tar=false,dest=a"), HasSubstr("tar=false"));
  EXPECT_THAT(refused("dest=a"), HasSubstr("type is required"));
  EXPECT_THAT(refused("type=local"), HasSubstr("dest is required"));
  EXPECT_THAT(refused("type=local,dest=-"), HasSubstr("dest is required"));
  EXPECT_THAT(refused("type=local,a"), HasSubstr("invalid value a"));
  EXPECT_THAT(refused(""), HasSubstr("expected type="));
}

std::vector<Kind> kinds_of(const DockerCommand& command) {
  const auto outputs = build_outputs_of(command);
  EXPECT_TRUE(outputs) << outputs.error().to_string();
  std::vector<Kind> kinds;
  for (const BuildOutput& output : *outputs) kinds.push_back(output.kind);
  return kinds;
}

TEST(BuildOutputsOf, JoinsThePushAndLoadOfTheCommand) {
  DockerCommand command{.verb = DockerVerb::build};
  EXPECT_THAT(kinds_of(command), ElementsAre(Kind::store));
  command.push = true;
  EXPECT_THAT(build_outputs_of(command).error().message, HasSubstr("tag is needed"));
  command.tags = {"a:1"};
  EXPECT_THAT(kinds_of(command), ElementsAre(Kind::registry));
  command.outputs = {"type=image,name=b:1"};
  EXPECT_THAT(kinds_of(command), ElementsAre(Kind::registry));
  command.outputs = {"out"};
  EXPECT_THAT(kinds_of(command), ElementsAre(Kind::folder, Kind::registry));
  command.load = true;
  EXPECT_THAT(kinds_of(command), ElementsAre(Kind::folder, Kind::registry, Kind::store));
  command.push = false;
  command.outputs = {"type=docker"};
  EXPECT_THAT(kinds_of(command), ElementsAre(Kind::store));
}

TEST(BuildOutputsOf, LetsOneOutputHaveStandardOutput) {
  DockerCommand command{.verb = DockerVerb::build};
  command.outputs = {"out", "-", "type=oci,dest=a.tar"};
  EXPECT_THAT(kinds_of(command), ElementsAre(Kind::folder, Kind::tree_archive, Kind::archive));
  command.outputs = {"-", "type=oci"};
  EXPECT_THAT(build_outputs_of(command).error().message, HasSubstr("more than one"));
}

}  // namespace
}  // namespace steps
