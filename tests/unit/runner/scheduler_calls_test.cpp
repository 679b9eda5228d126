// Jobs that call workflows: their jobs run as those of the run.

#include "tests/unit/runner/scheduler_fixture.h"

namespace runner {
namespace {

using steps::Conclusion;
using ::testing::Contains;
using ::testing::HasSubstr;

std::string call(const std::string& id, const std::string& file, const std::string& more = "") {
  return "  " + id + ":\n    uses: ./" + file + "\n" + (more.empty() ? "" : "    " + more + "\n");
}

TEST_F(SchedulerTest, RunsTheJobsOfACalledWorkflowInTheirOrder) {
  called("inner.yml", job("two", "[one]") + job("one"));
  const auto outcome = run(job("a") + call("c", "inner.yml", "needs: a") + job("z", "[c]"));
  EXPECT_EQ(outcome.conclusion, Conclusion::success);
  EXPECT_EQ(outcome.legs.size(), 4U) << "the call itself is no job";
  EXPECT_LT(when("a: success"), when("started c / one"));
  EXPECT_LT(when("c / one: success"), when("started c / two"));
  EXPECT_LT(when("c / two: success"), when("started z"));
}

TEST_F(SchedulerTest, FailsAJobWhoseCalledWorkflowFails) {
  called("inner.yml", job("bad"));
  leg("c / bad", [](const auto&) { return failed(); });
  const auto outcome = run(call("c", "inner.yml") + job("z", "[c]"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_TRUE(did("z: skipped"));
}

TEST_F(SchedulerTest, GivesInputsDownAndOutputsUp) {
  called("inner.yml", job("one", "[]", "outputs: {echo: '${{ inputs.text }}'}"),
         "    inputs: {text: {type: string, required: true}}\n"
         "    outputs: {back: {value: 'got ${{ jobs.one.outputs.echo }}'}}\n");
  leg("c / one", [](const auto&) { return succeeded({{"echo", "hello"}}); });
  run(call("c", "inner.yml", "with: {text: hello}") +
      job("z", "[c]", "if: needs.c.outputs.back == 'got hello'"));
  EXPECT_TRUE(did("z: success"));
}

TEST_F(SchedulerTest, DecidesJobsOfACalledWorkflowByTheirInputs) {
  called("inner.yml", job("yes", "[]", "if: inputs.flag") + job("no", "[]", "if: '!inputs.flag'"),
         "    inputs: {flag: {type: boolean}}\n");
  run(call("c", "inner.yml", "with: {flag: true}"));
  EXPECT_TRUE(did("c / yes: success"));
  EXPECT_TRUE(did("c / no: skipped"));
}

TEST_F(SchedulerTest, CallsOnceForEachLegOfAMatrix) {
  called("inner.yml", job("one"));
  const auto outcome = run(call("c", "inner.yml", "strategy: {matrix: {n: [1, 2]}}"));
  EXPECT_EQ(outcome.legs.size(), 2U);
  EXPECT_TRUE(did("c (1) / one: success"));
  EXPECT_TRUE(did("c (2) / one: success"));
}

TEST_F(SchedulerTest, CallsThroughSeveralFiles) {
  called("outer.yml", call("inner", "inner.yml"));
  called("inner.yml", job("one"));
  EXPECT_EQ(run(call("c", "outer.yml") + job("z", "[c]")).conclusion, Conclusion::success);
  EXPECT_LT(when("c / inner / one: success"), when("started z"));
}

TEST_F(SchedulerTest, StopsCallsBesideOneThatFailed) {
  called("inner.yml", job("one") + job("two", "[one]"));
  leg("c (1) / one",
      [this](const auto&) { return wait_for("started c (2) / one") ? failed() : succeeded(); });
  leg("c (2) / one", [](const std::stop_token& stop) {
    return JobResult{.conclusion = Gate().wait(stop) ? Conclusion::success : Conclusion::cancelled};
  });
  const auto outcome = run(call("c", "inner.yml", "strategy: {matrix: {n: [1, 2]}}"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_TRUE(did("c (2) / one: cancelled"));
  EXPECT_TRUE(did("c (2) / two: cancelled"));
}

TEST_F(SchedulerTest, CountsOnlyRealJobsAmongThoseThatMayRunAtATime) {
  called("inner.yml", job("one") + job("two"));
  const auto outcome = run(call("c", "inner.yml") + call("d", "inner.yml"), {.parallel = 1});
  EXPECT_EQ(outcome.legs.size(), 4U);
  EXPECT_EQ(most_at_once(""), 1U);
}

TEST_F(SchedulerTest, SaysWhichInputOfACallCannotBeUsed) {
  called("inner.yml", job("one"), "    inputs: {count: {type: number}}\n");
  const auto outcome =
      run(job("a") + call("c", "inner.yml", "needs: a\n    with: {count: \"${{ needs.a.result }}\"}"));
  EXPECT_EQ(outcome.conclusion, Conclusion::failure);
  EXPECT_THAT(happened(), Contains(HasSubstr("the input 'count' has to be a number")));
}

}  // namespace
}  // namespace runner
