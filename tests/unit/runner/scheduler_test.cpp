#include "runner/scheduler.h"

#include <atomic>
#include <thread>

#include "tests/unit/runner/scheduler_fixture.h"

namespace runner {
namespace {

using steps::Conclusion;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(SchedulerTest, StartsAJobOnlyAfterAllItsNeedsFinished) {
  // `both` is looked at right before `first-only` starts, while b still runs.
  leg("b", [this](const auto&) { return wait_for("started first-only") ? succeeded() : failed(); });
  const auto outcome = run(job("a") + job("b") + job("both", "[a, b]") + job("first-only", "[a]"));
  EXPECT_EQ(outcome.conclusion, Conclusion::success);
  EXPECT_LT(when("a: success"), when("started both"));
  EXPECT_LT(when("b: success"), when("started both"));
  EXPECT_LT(when("started first-only"), when("b: success"));
}

TEST_F(SchedulerTest, StartsEverythingThatIsReadyAtOnce) {
  std::map<std::string, Gate> arrived;
  for (const std::string key : {"a", "b", "c"}) {
    arrived[key];
    leg(key, [&arrived, key](const auto&) {
      arrived.at(key).open();
      for (auto& [other, gate] : arrived) {
        if (!gate.wait()) return failed();
      }
      return succeeded();
    });
  }
  EXPECT_EQ(run(job("a") + job("b") + job("c")).conclusion, Conclusion::success);
  EXPECT_EQ(most_at_once(""), 3U);
}

TEST_F(SchedulerTest, RunsADiamondOnceFromTopToBottom) {
  const auto outcome = run(job("d", "[b, c]") + job("c", "[a]") + job("b", "[a]") + job("a"));
  EXPECT_EQ(outcome.legs.size(), 4U);
  EXPECT_EQ(happened().size(), 8U);
  EXPECT_LT(when("a: success"), when("started b"));
  EXPECT_LT(when("a: success"), when("started c"));
  EXPECT_LT(std::max(when("b: success"), when("c: success")), when("started d"));
}

TEST_F(SchedulerTest, RunsNoMoreLegsAtATimeThanAllowed) {
  const auto outcome =
      run(job("a") + job("b") + job("m", "[]", "strategy: {matrix: {n: [1, 2, 3]}}"), {.parallel = 2});
  EXPECT_EQ(outcome.legs.size(), 5U);
  EXPECT_EQ(most_at_once(""), 2U);
}

TEST_F(SchedulerTest, StartsInTheOrderOfTheFileWhenOneRunsAtATime) {
  run(job("z") + job("a") + job("m", "[]", "strategy: {matrix: {n: [2, 1]}}"), {.parallel = 1});
  EXPECT_THAT(happened(), ElementsAre("started z", "z: success", "started a", "a: success", "started m (2)",
                                      "m (2): success", "started m (1)", "m (1): success"));
}

TEST_F(SchedulerTest, KeepsAMatrixToItsMaxParallelButNotOtherJobs) {
  // Both legs at the front wait for a job that comes after the matrix.
  for (const std::string key : {"m (1)", "m (2)"})
    leg(key, [this](const auto&) { return wait_for("other: success") ? succeeded() : failed(); });
  const auto outcome =
      run(job("m", "[]", "strategy: {max-parallel: 2, matrix: {n: [1, 2, 3, 4, 5]}}") + job("other"));
  EXPECT_EQ(outcome.conclusion, Conclusion::success);
  EXPECT_EQ(outcome.legs.size(), 6U);
  EXPECT_EQ(most_at_once("m "), 2U);
}

TEST_F(SchedulerTest, RunsTheLargestMatrixToItsEnd) {
  std::atomic<int> ran = 0;
  std::string numbers;
  for (int i = 0; i < 256; ++i) {
    numbers += (i == 0 ? "" : ", ") + std::to_string(i);
    leg("m (" + std::to_string(i) + ")", [&ran](const auto&) {
      ++ran;
      return succeeded();
    });
  }
  const auto outcome = run(job("m", "[]", "strategy: {matrix: {n: [" + numbers + "]}}") + job("after", "[m]"),
                           {.parallel = 8});
  EXPECT_EQ(ran, 256);
  EXPECT_EQ(outcome.legs.size(), 257U);
  EXPECT_EQ(happened().back(), "after: success");
}

TEST_F(SchedulerTest, StopsTheOtherLegsOfAMatrixWhenOneFails) {
  Gate second_runs;
  leg("m (1)", [&](const auto&) {
    second_runs.wait();
    return failed();
  });
  leg("m (2)", [&](const std::stop_token& stop) {
    second_runs.open();
    return JobResult{.conclusion = Gate().wait(stop) ? Conclusion::success : Conclusion::cancelled};
  });
  // Another job is not of the matrix: nothing stops it.
  std::atomic<bool> other_was_stopped = true;
  leg("other", [&](const std::stop_token& stop) {
    wait_for("m (2): cancelled");
    other_was_stopped = stop.stop_requested();
    return succeeded();
  });
  const auto outcome =
      run(job("m", "[]", "strategy: {max-parallel: 2, matrix: {n: [1, 2, 3]}}") + job("other"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_EQ(find(outcome, "m (1)").conclusion, Conclusion::failure);
  EXPECT_EQ(find(outcome, "m (2)").conclusion, Conclusion::cancelled);
  EXPECT_EQ(find(outcome, "m (3)").conclusion, Conclusion::cancelled);
  EXPECT_EQ(find(outcome, "m (3)").reason, "'m (1)' failed, and fail-fast is on");
  EXPECT_FALSE(did("started m (3)"));
  EXPECT_FALSE(other_was_stopped);
}

TEST_F(SchedulerTest, RunsAllLegsOfAMatrixWithoutFailFast) {
  leg("m (1)", [](const auto&) { return failed(); });
  const auto outcome =
      run(job("m", "[]", "strategy: {fail-fast: false, max-parallel: 1, matrix: {n: [1, 2, 3]}}") +
          job("after", "[m]"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_TRUE(did("m (1): failure"));
  EXPECT_TRUE(did("m (2): success"));
  EXPECT_TRUE(did("m (3): success"));
  EXPECT_TRUE(did("after: skipped"));
}

TEST_F(SchedulerTest, ForgivesALegThatMayFail) {
  leg("m (true)", [](const auto&) { return failed(); });
  const auto outcome = run(job("m", "[]",
                               "strategy: {max-parallel: 1, matrix: {shaky: [true, false]}}\n"
                               "    continue-on-error: ${{ matrix.shaky }}") +
                           job("after", "[m]"));
  EXPECT_EQ(outcome.conclusion, Conclusion::success);
  EXPECT_TRUE(did("m (true): failure"));
  EXPECT_TRUE(did("m (false): success")) << "a leg that may fail does not end its matrix";
  EXPECT_EQ(seen("after", "needs", "m", "result"), "success");
}

TEST_F(SchedulerTest, DoesNotForgiveTheLegsThatMayNotFail) {
  leg("m (false)", [](const auto&) { return failed(); });
  const auto outcome = run(job("m", "[]",
                               "strategy: {max-parallel: 1, matrix: {shaky: [false, true]}}\n"
                               "    continue-on-error: ${{ matrix.shaky }}"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_TRUE(did("m (true): cancelled"));
}

TEST_F(SchedulerTest, KnowsTheStrategyWhereItAsksWhetherALegMayFail) {
  leg("m (b)", [](const auto&) { return failed(); });
  const auto outcome = run(job("m", "[]",
                               "strategy: {max-parallel: 1, matrix: {n: [a, b]}}\n"
                               "    continue-on-error: ${{ strategy.job-index == 1 }}"));
  EXPECT_EQ(outcome.conclusion, Conclusion::success);
  EXPECT_TRUE(did("m (b): failure"));
}

TEST_F(SchedulerTest, HandsOutputsToTheJobsThatNeedThem) {
  leg("build", [](const auto&) { return succeeded({{"version", "1.2"}, {"targets", "[\"x\", \"y\"]"}}); });
  const auto outcome = run(
      job("build") + job("middle", "[build]") +
      job("use", "[build]", "if: needs.build.outputs.version == '1.2'") +
      job("legs", "[build]", "strategy: {matrix: {target: '${{ fromJSON(needs.build.outputs.targets) }}'}}") +
      job("indirect", "[middle]"));
  EXPECT_EQ(outcome.conclusion, Conclusion::success);
  EXPECT_EQ(output_seen("use", "build", "version"), "1.2");
  EXPECT_TRUE(did("legs (x): success"));
  EXPECT_TRUE(did("legs (y): success"));
  EXPECT_EQ(output_seen("indirect", "build", "version"), "") << "only direct needs are in the context";
}

TEST_F(SchedulerTest, KeepsTheOutputOfTheLegThatEndedLast) {
  leg("m (1)", [this](const auto&) {
    wait_for("m (2): success");
    return succeeded({{"name", "one"}});
  });
  leg("m (2)", [](const auto&) { return succeeded({{"name", "two"}, {"only", "two"}}); });
  run(job("m", "[]", "strategy: {matrix: {n: [1, 2]}}") + job("use", "[m]"));
  EXPECT_EQ(output_seen("use", "m", "name"), "one");
  EXPECT_EQ(output_seen("use", "m", "only"), "two");
}

TEST_F(SchedulerTest, FailsAJobWhoseMatrixCannotBeMade) {
  leg("build", [](const auto&) { return succeeded({{"list", "no list"}}); });
  const auto outcome =
      run(job("build") +
          job("legs", "[build]", "strategy: {matrix: {n: '${{ fromJSON(needs.build.outputs.list) }}'}}") +
          job("after", "[legs]") + job("always", "[legs]", "if: always()"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_FALSE(did("started legs"));
  EXPECT_TRUE(did("legs: failure"));
  EXPECT_TRUE(did("after: skipped"));
  EXPECT_TRUE(did("always: success"));
  EXPECT_THAT(happened(), Contains(HasSubstr("error legs: ")));
  EXPECT_THAT(find(outcome, "legs").reason, HasSubstr("fromJSON"));
}

TEST_F(SchedulerTest, SaysWhenTheRunnerCouldNotRunALeg) {
  leg("a", [](const auto&) { return JobResult{.conclusion = Conclusion::failure, .failure = "no folder"}; });
  const auto outcome = run(job("a") + job("b"));
  EXPECT_TRUE(outcome.runner_failed);
  EXPECT_TRUE(find(outcome, "a").runner_failed);
  EXPECT_FALSE(find(outcome, "b").runner_failed);

  leg("a", [](const auto&) { return failed(); });
  EXPECT_FALSE(run(job("a")).runner_failed);
}

}  // namespace
}  // namespace runner
