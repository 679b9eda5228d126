#include "tests/unit/steps/aws_fixture.h"

namespace steps {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class EcsRender : public AwsFixture {
 protected:
  EcsRender() {
    call_.uses = "aws-actions/amazon-ecs-render-task-definition@v1";
    call_.inputs = {
        {"task-definition", "task-definition.json"}, {"container-name", "web"}, {"image", "repo:new"}};
  }
  base::Result<ActionOutcome> run() { return builtin::amazon_ecs_render_task_definition(call_, job_); }
  base::Json rendered() {
    const auto outcome = run();
    EXPECT_TRUE(outcome) << outcome.error().to_string();
    if (!outcome) return nullptr;
    const std::string path = outcome->outputs.at("task-definition");
    EXPECT_THAT(path, StartsWith(job_.folders.temp.inside + "/task-definition-"));
    return base::parse_json(*base::read_file(path)).value_or(nullptr);
  }
};

TEST_F(EcsRender, WritesTheDefinitionWithTheNewImageToAFile) {
  write(
      "task-definition.json",
      R"({"family":"items","revision":4,"containerDefinitions":[{"name":"web","image":"old"},{"name":"side"}]})");
  call_.inputs["environment-variables"] = "LOG_LEVEL=debug\nURL=a=b";
  call_.inputs["task-role-arn"] = "arn:aws:iam::123456789012:role/t";
  EXPECT_EQ(base::to_text(rendered()),
            R"({"family":"items","containerDefinitions":[{"name":"web","image":"repo:new","environment":[)"
            R"({"name":"LOG_LEVEL","value":"debug"},{"name":"URL","value":"a=b"}]},{"name":"side"}],)"
            R"("taskRoleArn":"arn:aws:iam::123456789012:role/t"})");
}

TEST_F(EcsRender, StartsFromARegisteredRevision) {
  give_keys();
  call_.inputs.erase("task-definition");
  call_.inputs["task-definition-family"] = "items";
  call_.inputs["task-definition-revision"] = "7";
  http_.will_answer(
      200,
      R"({"taskDefinition":{"family":"items","status":"ACTIVE","containerDefinitions":[{"name":"web"}]},)"
      R"("tags":[{"key":"a","value":"b"}]})");
  EXPECT_EQ(base::to_text(rendered()),
            R"({"family":"items","containerDefinitions":[{"name":"web","image":"repo:new"}],)"
            R"("tags":[{"key":"a","value":"b"}]})");
  EXPECT_EQ(sent("DescribeTaskDefinition")["taskDefinition"], "items:7");
}

TEST_F(EcsRender, NamesEnvironmentFilesLineByLine) {
  write("task-definition.json", R"({"containerDefinitions":[{"name":"web"}]})");
  call_.inputs["env-files"] =
      "arn:aws:s3:::files-of-the-team/one.env\n\n arn:aws:s3:::files-of-the-team/two.env";
  EXPECT_EQ(base::to_text(rendered()["containerDefinitions"][0]["environmentFiles"]),
            R"([{"value":"arn:aws:s3:::files-of-the-team/one.env","type":"s3"},)"
            R"({"value":"arn:aws:s3:::files-of-the-team/two.env","type":"s3"}])");
}

TEST_F(EcsRender, RefusesARoleThatIsNoArn) {
  write("task-definition.json", R"({"containerDefinitions":[{"name":"web"}]})");
  for (const char* role : {"task", "arn:aws:iam::1:role/t", "arn:aws:iam::123456789012:role/",
                           "arn:aws:sts::123456789012:role/t", "arn:gcp:iam::123456789012:role/t"}) {
    call_.inputs["execution-role-arn"] = role;
    EXPECT_THAT(run().error().message, StartsWith("Invalid ARN format for execution-role-arn.")) << role;
  }
  call_.inputs["execution-role-arn"] = "arn:aws-cn:iam::123456789012:role/path/of:it";
  EXPECT_TRUE(run());
}

TEST_F(EcsRender, SaysThatTheFileIsMissing) {
  EXPECT_EQ(run().error().message, "Task definition file does not exist: task-definition.json");
}

TEST_F(EcsRender, ReadsNoFileOutsideTheJob) {
  call_.inputs["task-definition"] = "/etc/hostname";
  EXPECT_FALSE(run());
  call_.inputs["task-definition"] = "../../etc/hostname";
  EXPECT_FALSE(run());
}

TEST_F(EcsRender, SaysWhereTheFileIsNoJson) {
  write("task-definition.json", "{\n  oops");
  EXPECT_THAT(run().error().to_string(), HasSubstr("reading task-definition.json"));
}

TEST_F(EcsRender, NamesAContainerThatIsNotThere) {
  write("task-definition.json", R"({"containerDefinitions":[{"name":"app"}]})");
  EXPECT_EQ(run().error().message,
            "Invalid task definition: Could not find container definition with matching name");
}

TEST_F(EcsRender, NeedsAContainerAnImageAndADefinition) {
  call_.inputs.erase("image");
  EXPECT_EQ(run().error().message, "Input required and not supplied: image");
  call_.inputs = {{"image", "x"}, {"task-definition", "t"}};
  EXPECT_EQ(run().error().message, "Input required and not supplied: container-name");
  call_.inputs = {{"image", "x"}, {"container-name", "web"}};
  EXPECT_THAT(run().error().message, HasSubstr("Either task definition, task definition arn or"));
}

}  // namespace
}  // namespace steps
