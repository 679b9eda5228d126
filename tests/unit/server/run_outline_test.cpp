#include "server/run_outline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "server/deploy_intent.h"
#include "workflow/load_workflow.h"

namespace server {
namespace {

using ::testing::HasSubstr;

workflow::Workflow load(const std::string& text) {
  auto loaded = workflow::load_workflow("ci.yml", text);
  EXPECT_TRUE(loaded.workflow.has_value());
  return std::move(*loaded.workflow);
}

runner::RunEvent event(std::string type, std::string text, int step = 0) {
  return {.type = std::move(type), .job = "build", .step = step, .text = std::move(text)};
}

class RunOutlineTest : public ::testing::Test {
 protected:
  RunOutlineTest()
      : folder_(std::move(base::TempDir::create("outline-test")).value()),
        writer_(std::move(OutlineWriter::open(folder_.path())).value()) {}
  void begin(std::int64_t attempt) {
    const auto plan = workflow::make_plan(workflow_, {}, std::nullopt);
    ASSERT_TRUE(plan.ok());
    writer_->write_plan(*plan, attempt);
  }
  base::Json read(std::int64_t attempt) { return std::move(read_outline(folder_.path(), attempt)).value(); }

  workflow::Workflow workflow_ = load(
      "on: push\njobs:\n  build: {runs-on: x, steps: [{run: a}]}\n"
      "  ship: {runs-on: x, needs: build, steps: [{run: b}]}\n");
  base::TempDir folder_;
  std::unique_ptr<OutlineWriter> writer_;
};

TEST_F(RunOutlineTest, HasThePlannedJobsBeforeAnyBegins) {
  begin(1);
  const auto jobs = read(1)["jobs"];
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[1]["key"], "ship");
  EXPECT_EQ(jobs[1]["needs"], base::Json::array({"build"}));
  EXPECT_EQ(jobs[1]["status"], "queued");
}

TEST_F(RunOutlineTest, KeepsWhatIsKnownOfEachServiceWhenItsRolloutEnds) {
  begin(1);
  const auto tell = [&](const char* type, base::Json details) {
    auto told = event(type, "", 2);
    told.details = std::make_shared<const base::Json>(std::move(details));
    (*writer_)(told);
  };
  tell("rollout", {{"service", "items"}, {"status", "FAILED"}, {"running", 1}, {"stage", "BAKE"}});
  tell("deployment", {{"service", "items"}, {"status", "PENDING"}});
  tell("rollout", {{"service", "items"}, {"status", "IN_PROGRESS"}, {"running", 2}});
  tell("rollout", {{"service", "web"}, {"status", "IN_PROGRESS"}});
  tell("deployment_finished", {{"service", "items"}, {"status", "COMPLETED"}});
  const auto rollouts = read(1)["rollouts"];
  ASSERT_EQ(rollouts.size(), 2U);
  EXPECT_EQ(rollouts[0]["status"], "COMPLETED");
  EXPECT_EQ(rollouts[0]["running"], 2);
  EXPECT_FALSE(rollouts[0].contains("stage")) << "that was the deployment before";
  EXPECT_EQ(rollouts[1]["service"], "web");
}

TEST_F(RunOutlineTest, TellsWhatRequestsCameToWhileItWasRolledOut) {
  begin(1);
  EXPECT_FALSE(read(1).contains("probe"));
  runner::RunEvent probe{.type = "probe"};
  probe.details = std::make_shared<const base::Json>(
      base::Json{{"url", "http://a"}, {"sent", 9}, {"failed", 1}, {"seconds", base::Json::array()}});
  (*writer_)(probe);
  EXPECT_EQ(read(1)["probe"], (base::Json{{"url", "http://a"}, {"sent", 9}, {"failed", 1}}));
}

TEST_F(RunOutlineTest, TellsWhereTheLinesOfAStepAre) {
  begin(1);
  (*writer_)(event("job_started", "build"));
  (*writer_)(event("step_started", "Set up", 1));
  for (const auto* line : {"one", "two"}) (*writer_)(event("line", line, 1));
  auto finished = event("step_finished", "Set up", 1);
  finished.details = std::make_shared<const base::Json>(base::Json{{"conclusion", "success"}});
  (*writer_)(finished);
  (*writer_)(event("step_started", "Run a", 2));
  (*writer_)(event("line", "three", 2));
  writer_->flush();
  const auto job = read(1)["jobs"][0];
  EXPECT_EQ(job["lines"], 3);
  EXPECT_EQ(job["steps"][0]["first_line"], 1);
  EXPECT_EQ(job["steps"][0]["lines"], 2);
  EXPECT_EQ(job["steps"][0]["conclusion"], "success");
  EXPECT_EQ(job["steps"][1]["first_line"], 3);
  EXPECT_EQ(job["steps"][1]["status"], "in_progress");
  EXPECT_THAT(base::read_file(folder_.path() / kOutlineFile).value(), ::testing::Not(HasSubstr("three")));
}

TEST_F(RunOutlineTest, KeepsApartWhatTheRunnerDoesBeforeAndAfterTheSteps) {
  begin(1);
  (*writer_)(event("job_started", "build"));
  for (const auto* name : {"Set up job", "Complete job"}) {
    (*writer_)(event("step_started", name));
    (*writer_)(event("line", name));
    (*writer_)(event("step_finished", name));
  }
  writer_->flush();
  const auto steps = read(1)["jobs"][0]["steps"];
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0]["lines"], 1);
  EXPECT_EQ(steps[1]["name"], "Complete job");
  EXPECT_EQ(steps[1]["first_line"], 2);
}

TEST_F(RunOutlineTest, KeepsAttemptsApart) {
  begin(1);
  (*writer_)(event("job_started", "build"));
  (*writer_)(event("job_finished", "failure"));
  begin(2);
  EXPECT_EQ(read(1)["jobs"][0]["conclusion"], "failure");
  EXPECT_EQ(read(2)["jobs"][0]["status"], "queued");
  EXPECT_TRUE(read(3)["jobs"].empty());
}

TEST(DeployIntent, IsOfJobsWithAnEnvironmentOrAnActionThatDeploys) {
  const auto workflow = load(
      "on: push\njobs:\n  test: {runs-on: x, steps: [{run: a}]}\n"
      "  named: {runs-on: x, environment: production, steps: [{run: a}]}\n"
      "  acted: {runs-on: x, steps: [{uses: aws-actions/amazon-ecs-deploy-task-definition@v2}]}\n");
  EXPECT_FALSE(deployment_of(workflow.jobs[0]));
  EXPECT_THAT(*deployment_of(workflow.jobs[1]), HasSubstr("named"));
  EXPECT_THAT(*deployment_of(workflow.jobs[2]), HasSubstr("the deployment of the job acted"));
}

}  // namespace
}  // namespace server
