#include "workflow/job_results.h"

#include <gmock/gmock.h>

#include "workflow/load_workflow.h"

namespace workflow {
namespace {

using enum JobConclusion;
using testing::HasSubstr;

/// a ← b ← c ← d, and `free`, which needs nothing.
class JobResultsTest : public testing::Test {
 protected:
  JobResultsTest() {
    const std::string rest = ", runs-on: x, steps: [{run: x}]}\n";
    auto loaded = load_workflow("ci.yml", "on: push\njobs:\n  free: {needs: []" + rest + "  a: {needs: []" +
                                              rest + "  b: {needs: a" + rest + "  c: {needs: [b]" + rest +
                                              "  d: {needs: [free, c]" + rest);
    EXPECT_TRUE(loaded.workflow) << loaded.diagnostics.at(0).message;
    workflow_ = std::move(*loaded.workflow);
    contexts_.set("github", expression::Value(expression::Object()));
  }
  const Job& job(std::string_view id) { return *workflow_.find_job(id); }
  Scope scope_of(const Job& of, const JobResults& results) {
    return {.contexts = contexts_,
            .status = {.success = [&](const auto& ids) -> base::Result<bool> {
                         TRY(const auto holds, results.succeeded(of, ids));
                         return holds.value_or(false);
                       },
                       .failure = [&](const auto& ids) -> base::Result<bool> {
                         TRY(const auto holds, results.failed(of, ids));
                         return holds.value_or(false);
                       },
                       .cancelled = [] { return false; }}};
  }

  Workflow workflow_;
  Contexts contexts_;
};

TEST_F(JobResultsTest, LooksAtAllAncestors) {
  JobResults results(workflow_);
  results.set(job("free"), success);
  results.set(job("a"), failure);
  results.set(job("b"), success);
  results.set(job("c"), success);
  EXPECT_EQ(*results.succeeded(job("d"), {}), false) << "a failed, up the line";
  EXPECT_EQ(*results.failed(job("d"), {}), true);
  EXPECT_EQ(*results.succeeded(job("free"), {}), true);
  EXPECT_EQ(results.ancestor_in_the_way(job("d"))->because_of, "a");
}

TEST_F(JobResultsTest, LooksAtTheJobsThatAreNamed) {
  JobResults results(workflow_);
  results.set(job("free"), success);
  results.set(job("a"), failure);
  results.set(job("b"), success);
  EXPECT_EQ(*results.succeeded(job("d"), {"B", "free"}), true);
  EXPECT_EQ(*results.succeeded(job("d"), {"a", "free"}), false);
  EXPECT_EQ(*results.failed(job("d"), {"b"}), false);
  EXPECT_EQ(*results.failed(job("d"), {"c"}), std::nullopt) << "it has not run";
  EXPECT_EQ(*results.failed(job("d"), {"c", "a"}), true);
}

TEST_F(JobResultsTest, RefusesTheNameOfAJobThatIsNotNeeded) {
  const JobResults results(workflow_);
  const auto refused = results.succeeded(job("c"), {"free"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("'free', which it does not need"));
  EXPECT_FALSE(results.failed(job("c"), {"nobody"}));
  EXPECT_TRUE(results.failed(job("c"), {"a"}));
}

TEST_F(JobResultsTest, DoesNotKnowWhatHasNotRun) {
  JobResults results(workflow_);
  EXPECT_EQ(*results.succeeded(job("a"), {}), true) << "it needs nothing";
  results.set(job("a"), std::nullopt);
  EXPECT_EQ(*results.succeeded(job("b"), {}), std::nullopt);
  results.set(job("b"), skipped);
  EXPECT_EQ(*results.succeeded(job("c"), {}), false) << "one that was skipped decides";
  EXPECT_EQ(*results.failed(job("c"), {}), std::nullopt);
}

TEST_F(JobResultsTest, SaysInOneSentenceWhereASkipComesFrom) {
  JobResults results(workflow_);
  results.set(job("free"), success);
  results.set(job("a"), skipped, {.text = "its condition does not hold: 1 == 2", .because_of = "a"});
  for (const auto* id : {"b", "c"}) {
    results.set(job(id), skipped, reason_of_skip(job(id), results, scope_of(job(id), results)));
  }
  const auto reason = reason_of_skip(job("d"), results, scope_of(job("d"), results));
  EXPECT_EQ(reason.because_of, "a");
  EXPECT_EQ(reason.text,
            "it needs 'c', which was skipped because 'a' was skipped (its condition does not hold: 1 == 2)");
}

TEST_F(JobResultsTest, BlamesTheConditionWithItsValuesWhenSuccessDoesNotDecide) {
  JobResults results(workflow_);
  results.set(job("a"), failure);
  Job b = job("b");
  contexts_.set_member("github", "ref", expression::Value("refs/heads/dev"));
  b.condition = Text{"always() && github.ref == 'refs/heads/main'"};
  const auto reason = reason_of_skip(b, results, scope_of(b, results));
  EXPECT_EQ(reason.because_of, "b");
  EXPECT_EQ(reason.text,
            "its condition does not hold: always() && github.ref == 'refs/heads/main' (always() "
            "is true, github.ref is 'refs/heads/dev')");
  b.condition = Text{"success() && github.ref == 'refs/heads/dev'"};
  EXPECT_EQ(reason_of_skip(b, results, scope_of(b, results)).text, "it needs 'a', which ended in failure");
}

}  // namespace
}  // namespace workflow
