#include <gmock/gmock.h>

#include "tests/unit/steps/run_step_fixture.h"

namespace steps {
namespace {

using testing::ElementsAre;

class PostSteps : public RunStepFixture {};

TEST_F(PostSteps, APostStepWhoseConditionCannotBeEvaluatedFailsAlone) {
  bool cleaned_up = false;
  job_.post_steps.push_back({"first", [&](RunningJob&) -> base::Result<void> {
                               cleaned_up = true;
                               return {};
                             }});
  job_.post_steps.push_back(
      {"second", [](RunningJob&) -> base::Result<void> { return {}; }, "fromJSON('{')"});
  EXPECT_EQ(run_last_post_step(job_), Conclusion::failure);
  EXPECT_EQ(run_last_post_step(job_), Conclusion::success);
  EXPECT_TRUE(cleaned_up);
  EXPECT_EQ(job_.status, Conclusion::failure);
}

TEST_F(PostSteps, RunsPostStepsLastRegisteredFirst) {
  std::vector<std::string> order;
  const auto post = [&](const std::string& name, const std::string& condition, bool fails = false) {
    job_.post_steps.push_back({name,
                               [&order, name, fails](RunningJob&) -> base::Result<void> {
                                 order.push_back(name);
                                 if (fails) return base::make_error(base::ErrorKind::internal, "post failed");
                                 return {};
                               },
                               condition});
  };
  job_.status = Conclusion::failure;
  post("a", "");
  post("b", "success()");
  post("c", "failure()", true);
  EXPECT_EQ(run_last_post_step(job_), Conclusion::failure);
  EXPECT_EQ(run_last_post_step(job_), Conclusion::skipped);
  EXPECT_EQ(run_last_post_step(job_), Conclusion::success);
  EXPECT_THAT(order, ElementsAre("c", "a"));
}

}  // namespace
}  // namespace steps
