// Jobs whose results an earlier attempt of the run brought.
#include "tests/unit/runner/scheduler_fixture.h"

namespace runner {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

KeptResult kept_success(steps::Outputs outputs = {}) {
  return {.conclusion = steps::Conclusion::success, .outputs = std::move(outputs)};
}

TEST_F(SchedulerTest, RunsNoJobAgainThatIsKept) {
  const auto outcome = run(job("a") + job("b", "a"), {.kept = {{"a", kept_success({{"x", "1"}})}}});
  EXPECT_THAT(happened(), ElementsAre("a: success", "started b", "b: success"));
  EXPECT_EQ(output_seen("b", "a", "x"), "1");
  EXPECT_EQ(find(outcome, "a").reason, "kept from attempt 1");
  EXPECT_EQ(outcome.conclusion, steps::Conclusion::success);
}

TEST_F(SchedulerTest, RunsAJobAgainWhenOneThatItNeedsIs) {
  run(job("a") + job("b", "a") + job("c", "b") + job("d"),
      {.kept = {{"b", kept_success()}, {"c", kept_success()}, {"d", kept_success()}}});
  EXPECT_TRUE(did("started b"));
  EXPECT_TRUE(did("started c"));
  EXPECT_FALSE(did("started d"));
}

TEST_F(SchedulerTest, RunsOfAMatrixOnlyWhatIsNotKept) {
  const std::string matrix = "strategy: {matrix: {n: [1, 2, 3]}}";
  run(job("m", "[]", matrix) + job("after", "m"),
      {.kept = {{"m (1)", kept_success()}, {"m (3)", kept_success()}, {"after", kept_success()}}});
  EXPECT_FALSE(did("started m (1)"));
  EXPECT_TRUE(did("started m (2)"));
  EXPECT_FALSE(did("started m (3)"));
  EXPECT_TRUE(did("started after"));
}

TEST_F(SchedulerTest, LetsAKeptFailureCancelNobody) {
  const auto outcome = run(job("m", "[]", "strategy: {matrix: {n: [1, 2]}}"),
                           {.kept = {{"m (1)", {.conclusion = steps::Conclusion::failure}}}});
  EXPECT_TRUE(did("started m (2)"));
  EXPECT_TRUE(did("m (2): success"));
  EXPECT_EQ(outcome.conclusion, steps::Conclusion::failure);
}

TEST_F(SchedulerTest, KeepsTheJobsOfACalledWorkflow) {
  called("inner.yml", job("x") + job("y", "x"));
  const std::string call = "  call:\n    uses: ./inner.yml\n";
  run(job("a") + call + "    needs: a\n",
      {.kept = {{"a", kept_success()}, {"call / x", kept_success()}, {"call / y", kept_success()}}});
  EXPECT_THAT(happened(), UnorderedElementsAre("a: success", "call / x: success", "call / y: success"));
}

TEST_F(SchedulerTest, RunsTheJobsOfACallAgainWhenItsNeedsAre) {
  called("inner.yml", job("x"));
  run(job("a") + "  call:\n    uses: ./inner.yml\n    needs: a\n", {.kept = {{"call / x", kept_success()}}});
  EXPECT_TRUE(did("started call / x"));
}

TEST_F(SchedulerTest, TellsEachEndAsItComes) {
  std::vector<std::string> told;
  leg("a", [](const auto&) { return succeeded({{"x", "1"}}); });
  run(job("a") + job("b", "a", "if: false"), {.on_finished = [&](const FinishedLeg& leg) {
        told.push_back(leg.key + " " + std::string(steps::to_string(leg.conclusion)) + " " +
                       std::to_string(leg.outputs.size()));
      }});
  EXPECT_THAT(told, ElementsAre("a success 1", "b skipped 0"));
}

}  // namespace
}  // namespace runner
