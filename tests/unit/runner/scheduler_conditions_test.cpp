// Which jobs run when others failed, were skipped or the run was cancelled.

#include <atomic>
#include <thread>

#include "tests/unit/runner/scheduler_fixture.h"

namespace runner {
namespace {

using steps::Conclusion;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SchedulerConditions : public SchedulerTest {
 protected:
  /// A leg that ends only by its stop token.
  void runs_until_stopped(const std::string& key) {
    leg(key, [](const std::stop_token& stop) {
      return JobResult{.conclusion = Gate().wait(stop) || !stop.stop_requested() ? Conclusion::failure
                                                                                 : Conclusion::cancelled};
    });
  }
  /// Runs, and cancels once the line happened.
  RunOutcome run_and_cancel_after(const std::string& line, const std::string& jobs) {
    std::stop_source source;
    std::jthread canceller([&] {
      EXPECT_TRUE(wait_for(line));
      source.request_stop();
    });
    return run(jobs, {.stop = source.get_token()});
  }
};

TEST_F(SchedulerConditions, SkipsWhatNeedsAFailedJobAllTheWayDown) {
  leg("a", [](const auto&) { return failed(); });
  const auto outcome = run(job("a") + job("b", "[a]") + job("c", "[b]") + job("free"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_FALSE(did("started b"));
  EXPECT_FALSE(did("started c"));
  EXPECT_TRUE(did("free: success"));
  EXPECT_EQ(find(outcome, "b").reason, "it needs 'a', which ended in failure");
  EXPECT_EQ(find(outcome, "c").reason,
            "it needs 'b', which was skipped (it needs 'a', which ended in failure)");
}

TEST_F(SchedulerConditions, SkipsAJobWhoseConditionDoesNotHoldAndWhatNeedsIt) {
  const auto outcome = run(job("a", "[]", "if: 1 == 2") + job("b", "[a]") + job("c"));
  EXPECT_EQ(outcome.conclusion, Conclusion::success) << "skipped is not failed";
  EXPECT_TRUE(did("a: skipped"));
  EXPECT_TRUE(did("b: skipped"));
  EXPECT_TRUE(did("c: success"));
  EXPECT_EQ(find(outcome, "a").reason, "its condition does not hold: 1 == 2");
}

TEST_F(SchedulerConditions, RunsAlwaysAfterFailedAndSkippedNeeds) {
  leg("a", [](const auto&) { return failed(); });
  const auto outcome = run(job("a") + job("b", "[a]") + job("c", "[a, b]", "if: always()"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_TRUE(did("c: success"));
  EXPECT_LT(when("a: failure"), when("started c"));
  EXPECT_EQ(seen("c", "needs", "a", "result"), "failure");
  EXPECT_EQ(seen("c", "needs", "b", "result"), "skipped");
}

TEST_F(SchedulerConditions, RunsOnFailureOnlyWhenANeedFailed) {
  leg("a", [](const auto&) { return failed(); });
  run(job("a") + job("good") + job("clean", "[a]", "if: failure()") + job("calm", "[good]", "if: failure()"));
  EXPECT_TRUE(did("clean: success"));
  EXPECT_TRUE(did("calm: skipped"));
}

TEST_F(SchedulerConditions, LooksAtIndirectNeedsToo) {
  leg("a", [](const auto&) { return failed(); });
  const auto outcome =
      run(job("a") + job("b", "[a]", "if: always()") + job("c", "[b]") + job("d", "[b]", "if: failure()"));
  EXPECT_TRUE(did("b: success"));
  EXPECT_TRUE(did("c: skipped")) << "success() is false as long as anything up the line failed";
  EXPECT_EQ(find(outcome, "c").reason, "'a', which its needs depend on, ended in failure");
  EXPECT_TRUE(did("d: success"));
}

TEST_F(SchedulerConditions, AddsSuccessToAConditionWithoutAStatusFunction) {
  leg("a", [](const auto&) { return failed(); });
  run(job("a") + job("b", "[a]", "if: needs.a.result == 'failure'") +
      job("c", "[a]", "if: \"!cancelled() && needs.a.result == 'failure'\""));
  EXPECT_TRUE(did("b: skipped"));
  EXPECT_TRUE(did("c: success"));
}

TEST_F(SchedulerConditions, FailsAJobWhoseConditionIsNoExpression) {
  leg("a", [](const auto&) { return succeeded({{"list", "{"}}); });
  const auto outcome = run(job("a") + job("b", "[a]", "if: fromJSON(needs.a.outputs.list)"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_TRUE(did("b: failure"));
  EXPECT_FALSE(did("started b"));
}

TEST_F(SchedulerConditions, TakesATimedOutJobForCancelled) {
  leg("a", [](const auto&) { return JobResult{.conclusion = Conclusion::cancelled}; });
  const auto outcome = run(job("a") + job("b", "[a]") + job("c", "[a]", "if: always()"));
  EXPECT_EQ(outcome.conclusion, Conclusion::cancelled);
  EXPECT_TRUE(did("b: skipped"));
  EXPECT_EQ(seen("c", "needs", "a", "result"), "cancelled");
}

TEST_F(SchedulerConditions, StopsWhatRunsWhenTheRunIsCancelled) {
  runs_until_stopped("a");
  const auto outcome = run_and_cancel_after("started a", job("a") + job("b", "[a]"));
  EXPECT_EQ(outcome.conclusion, Conclusion::cancelled);
  EXPECT_FALSE(outcome.runner_failed);
  EXPECT_THAT(happened(), ElementsAre("started a", "a: cancelled", "b: cancelled"));
  EXPECT_EQ(find(outcome, "b").reason, "the run was cancelled");
}

TEST_F(SchedulerConditions, StartsNoQueuedLegOnceTheRunIsCancelled) {
  runs_until_stopped("m (1)");
  const auto outcome = run_and_cancel_after(
      "started m (1)", job("m", "[]", "strategy: {max-parallel: 1, matrix: {n: [1, 2, 3]}}"));
  EXPECT_EQ(outcome.conclusion, Conclusion::cancelled);
  EXPECT_EQ(outcome.legs.size(), 3U);
  EXPECT_FALSE(did("started m (2)"));
  EXPECT_TRUE(did("m (3): cancelled"));
}

TEST_F(SchedulerConditions, LetsJobsThatAskForItRunAfterACancellation) {
  runs_until_stopped("a");
  std::atomic<bool> was_stopped = true;
  leg("always", [&](const std::stop_token& stop) {
    was_stopped = stop.stop_requested();
    return succeeded();
  });
  const auto outcome = run_and_cancel_after(
      "started a", job("a") + job("always", "[a]", "if: always()") + job("tidy", "[a]", "if: cancelled()") +
                       job("no", "[a]", "if: '!cancelled()'") + job("neither", "[a]", "if: failure()"));
  EXPECT_EQ(outcome.conclusion, Conclusion::cancelled);
  EXPECT_TRUE(did("always: success"));
  EXPECT_TRUE(did("tidy: success"));
  EXPECT_TRUE(did("no: cancelled"));
  EXPECT_TRUE(did("neither: cancelled"));
  EXPECT_FALSE(was_stopped) << "its stop token is its own";
}

TEST_F(SchedulerConditions, RunsNothingWhenCancelledBeforeItBegins) {
  std::stop_source source;
  source.request_stop();
  const auto outcome = run(job("a") + job("m", "[]", "strategy: {matrix: {n: [1, 2]}}") + job("b", "[a]"),
                           {.stop = source.get_token()});
  EXPECT_EQ(outcome.conclusion, Conclusion::cancelled);
  EXPECT_THAT(happened(), ElementsAre("a: cancelled", "m: cancelled", "b: cancelled"));
}

TEST_F(SchedulerConditions, WaitsForALegThatIgnoresItsStop) {
  Gate go_on;
  leg("a", [&](const std::stop_token& stop) {
    Gate().wait(stop);
    go_on.open();
    return succeeded();
  });
  const auto outcome = run_and_cancel_after("started a", job("a"));
  EXPECT_EQ(find(outcome, "a").conclusion, Conclusion::success);
  EXPECT_EQ(outcome.conclusion, Conclusion::cancelled);
  EXPECT_TRUE(go_on.wait());
}

}  // namespace
}  // namespace runner
