#include "workflow/explain.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "base/strings.h"
#include "conformance_data.h"
#include "golden.h"
#include "workflow/explain_text.h"
#include "workflow/load_workflow.h"

namespace workflow {
namespace {

using expression::Value;
using testing::ElementsAre;
using testing::HasSubstr;

/// A workflow held against a push to main, unless the test says otherwise.
class Explain : public testing::Test {
 protected:
  Explain() {
    event_.ref = "refs/heads/main";
    contexts_.set("secrets", Value(expression::Object()));
    contexts_.set("vars", Value(expression::Object()));
    contexts_.set("inputs", Value(expression::Object()));
    set_github();
  }
  void set_github() {
    contexts_.set_member("github", "ref", Value(event_.ref));
    contexts_.set_member("github", "event_name", Value(event_.name));
    contexts_.set_member("github", "event", event_.payload);
  }
  Explanation explained(const std::string& text, const Assumptions& assumptions = {}) {
    auto loaded = load_workflow("ci.yml", text);
    EXPECT_TRUE(loaded.workflow) << (loaded.diagnostics.empty() ? "" : to_string(loaded.diagnostics.at(0)));
    if (!loaded.workflow) return {};
    workflow_ = std::move(*loaded.workflow);
    auto plan = make_plan(workflow_, contexts_, std::nullopt);
    EXPECT_TRUE(plan.ok()) << (plan ? "" : plan.error().to_string());
    if (!plan) return {};
    plan_ = std::move(*plan);
    return explain(plan_, event_, contexts_, assumptions);
  }
  static std::string job(const std::string& id, const std::string& keys,
                         const std::string& steps = "[{run: x}]") {
    return "  " + id + ":\n    runs-on: x\n" + (keys.empty() ? "" : "    " + keys + "\n") +
           "    steps: " + steps + "\n";
  }
  /// `a yes`, `b unknown: why` …
  static std::vector<std::string> answers(const Explanation& explanation) {
    std::vector<std::string> lines;
    for (const auto& explained : explanation.jobs)
      lines.push_back(explained.job->id + " " + std::string(to_string(explained.runs)) + ": " +
                      explained.why);
    return lines;
  }
  static std::vector<std::string> steps_of(const Explanation& explanation) {
    std::vector<std::string> lines;
    for (const auto& step : explanation.jobs.at(0).legs.at(0).steps)
      lines.push_back(std::string(to_string(step.runs)) + " " +
                      std::string(to_string(step.runs_after_a_failure)) +
                      (step.why.empty() ? "" : ": " + step.why));
    return lines;
  }

  Event event_;
  Contexts contexts_;
  Workflow workflow_;
  Plan plan_;
};

constexpr const char* kHead = "on: push\njobs:\n";

TEST_F(Explain, DoesNotTakeAJobThatHasNotRunForOneThatPassed) {
  const auto found = explained(kHead + job("a", "") + job("b", "needs: a") + job("d", "needs: [a, b]"));
  EXPECT_THAT(answers(found), ElementsAre("a yes: it waits for no other job", "b unknown: if 'a' succeeds",
                                          "d unknown: if 'a' and 'b' succeed"));
  EXPECT_EQ(found.jobs.at(1).runs_if_all_goes_well, Answer::yes);
}

TEST_F(Explain, NamesTheAncestorThatMakesAJobSkip) {
  const auto found = explained(kHead + job("a", "if: github.ref == 'refs/heads/dev'") + job("b", "needs: a") +
                               job("c", "needs: b") + job("d", "needs: c"));
  EXPECT_THAT(answers(found),
              ElementsAre("a no: its condition does not hold: github.ref == 'refs/heads/dev' (github.ref is "
                          "'refs/heads/main')",
                          HasSubstr("b no: it needs 'a', which was skipped (its condition"),
                          HasSubstr("c no: it needs 'b', which was skipped (it needs 'a'"),
                          HasSubstr("d no: it needs 'c', which was skipped because 'a' was skipped")));
  EXPECT_EQ(found.jobs.at(3).because_of, "a");
  EXPECT_EQ(found.jobs.at(0).because_of, "a");
}

TEST_F(Explain, AnswersWhatWouldRunIfAJobFailed) {
  const std::string text =
      kHead + job("a", "") + job("b", "needs: a") +
      "  tell:\n    runs-on: x\n    needs: [a, b]\n    if: failure()\n    steps: [{run: x}]\n";
  EXPECT_THAT(answers(explained(text)), ElementsAre(HasSubstr("a yes"), HasSubstr("b unknown"),
                                                    "tell unknown: not as long as all goes well"));
  EXPECT_THAT(answers(explained(text, {{"a", JobConclusion::failure}})),
              ElementsAre(HasSubstr("a yes"), "b no: it needs 'a', which ended in failure",
                          "tell yes: its condition holds"));
  EXPECT_THAT(answers(explained(text, {{"*", JobConclusion::success}})),
              ElementsAre(HasSubstr("a yes"), "b yes: all that it needs succeeds",
                          "tell no: its condition does not hold: failure() (failure() is false)"));
}

TEST_F(Explain, TakesASkippedJobForSkippedWhateverIsAssumedOfAll) {
  const auto found =
      explained(kHead + job("a", "if: false") + job("b", "needs: a"), {{"*", JobConclusion::success}});
  EXPECT_EQ(found.jobs.at(1).runs, Answer::no);
  const auto named =
      explained(kHead + job("a", "if: false") + job("b", "needs: a"), {{"a", JobConclusion::success}});
  EXPECT_EQ(named.jobs.at(1).runs, Answer::yes) << "that it runs is what was asked";
}

TEST_F(Explain, KnowsWhatNeedsHaveToSayBeforeTheyRan) {
  const std::string b = "  b:\n    runs-on: x\n    needs: a\n    if: ";
  const std::string rest = "\n    steps: [{run: x}]\n";
  const auto with = [&](const std::string& condition) {
    return explained(kHead + job("a", "") + b + condition + rest).jobs.at(1);
  };
  EXPECT_EQ(with("always() && needs.a.outputs.tag == '1'").why,
            "needs.a.outputs.tag is known when 'a' has run");
  EXPECT_EQ(with("needs.a.outputs.tag == '1'").why,
            "if 'a' succeeds; needs.a.outputs.tag is known when 'a' has run");
  EXPECT_EQ(with("needs.a.outputs.tag == '1' && github.ref == 'x'").runs, Answer::no);
  EXPECT_EQ(with("always()").runs, Answer::yes);
  EXPECT_EQ(with("needs.a.result == 'skipped'").runs_if_all_goes_well, Answer::no);
}

TEST_F(Explain, SaysOfStepsWhatHappensAfterAFailureToo) {
  const auto found =
      explained(kHead + job("a", "", R"([{run: one}, {run: two, if: failure()}, {run: three, if: always()},
      {run: four, if: "github.ref == 'x'"}, {run: five, if: "always() && github.ref == 'x'"}, {run: six}])"));
  EXPECT_THAT(
      steps_of(found),
      ElementsAre("yes no", "no yes: only when a step before it failed",
                  "yes yes: also when a step before it failed",
                  "no no: its condition does not hold: github.ref == 'x' (github.ref is 'refs/heads/main')",
                  HasSubstr("no no: its condition does not hold: always() && github.ref"), "yes no"));
}

TEST_F(Explain, FollowsWhatStepsSayOfEachOther) {
  const auto found = explained(kHead + job("a", "env: {COLOUR: green}", R"([{run: one, id: one},
      {run: two, if: steps.one.outputs.x}, {run: three, id: three, if: false},
      {run: four, if: steps.three.outcome == 'skipped'}, {run: five, if: steps.one.conclusion == 'success'},
      {run: six, if: steps.later.outputs.x == ''}, {run: seven, if: env.COLOUR == 'green'},
      {run: eight, if: env.OTHER}, {run: nine, id: later}])"));
  EXPECT_THAT(steps_of(found),
              ElementsAre("yes no", "unknown no: steps.one.outputs.x is known when the step 'one' has run",
                          HasSubstr("no no"), "yes no", "yes no", "yes no", "yes no",
                          "unknown no: env.OTHER is known when the steps before it have run", "yes no"));
}

TEST_F(Explain, ExpandsTheMatrixWithNamesAndSettings) {
  const auto found = explained(R"(on: push
permissions: read-all
jobs:
  a:
    strategy: {matrix: {os: [linux, mac], include: [{os: mac, slow: true}]}}
    runs-on: ${{ matrix.os }}-latest
    concurrency: {group: "a-${{ github.run_id }}-${{ matrix.os }}"}
    environment: prod
    timeout-minutes: ${{ matrix.slow && 60 || 5 }}
    steps: [{run: x, if: matrix.slow, name: "on ${{ matrix.os }}"}]
)");
  const auto& legs = found.jobs.at(0).legs;
  ASSERT_EQ(legs.size(), 2U);
  EXPECT_EQ(legs[0].name, "a (linux)");
  EXPECT_EQ(
      base::to_text(legs[1].settings),
      R"({"runs-on":"mac-latest","environment":"prod","concurrency":{"group":"a-${{ github.run_id }}-mac"},)"
      R"("timeout-minutes":60,"fail-fast":true})");
  EXPECT_EQ(legs[0].steps.at(0).runs, Answer::no);
  EXPECT_EQ(legs[1].steps.at(0).runs, Answer::yes);
  EXPECT_EQ(legs[1].steps.at(0).title, "on mac");
  EXPECT_EQ(found.jobs.at(0).permissions_from, "workflow");
}

TEST_F(Explain, WaitsForAMatrixThatComesFromAnOutput) {
  const auto found = explained(kHead + job("a", "") + R"(  b:
    needs: a
    strategy: {matrix: "${{ fromJSON(needs.a.outputs.list) }}"}
    runs-on: x
    steps: [{run: x, if: matrix.x == 1}]
)");
  EXPECT_EQ(found.jobs.at(1).legs_unknown, "known when its needs have run");
  EXPECT_EQ(found.jobs.at(1).legs.at(0).steps.at(0).runs, Answer::unknown);
}

TEST_F(Explain, HoldsEveryPatternOfAFilterAgainstTheEvent) {
  event_.ref = "refs/heads/feature/x";
  event_.changed_files = {"docs/a.md", "src/b.cpp"};
  event_.changed_files_known = true;
  set_github();
  const auto found = explained(R"(on:
  push: {branches: [main, "feature/**", "!feature/x"], paths: ["src/**", "*.md"]}
  pull_request:
jobs:
)" + job("a", ""));
  EXPECT_FALSE(found.triggered);
  ASSERT_EQ(found.triggers.size(), 2U);
  const auto& push = found.triggers[0];
  EXPECT_FALSE(push.fires);
  ASSERT_EQ(push.filters.size(), 2U);
  EXPECT_FALSE(push.filters[0].passes);
  EXPECT_FALSE(push.filters[0].patterns[0].matches);
  EXPECT_TRUE(push.filters[0].patterns[1].matches);
  EXPECT_TRUE(push.filters[0].patterns[2].matches) << "and takes it out again";
  EXPECT_EQ(push.filters[0].patterns[0].held_against, "feature/x");
  EXPECT_TRUE(push.filters[1].passes);
  EXPECT_EQ(push.filters[1].patterns[0].held_against, "src/b.cpp");
  EXPECT_EQ(push.filters[1].patterns[1].held_against, "2 changed files");
  EXPECT_THAT(push.why, HasSubstr("its branches filter"));
  EXPECT_EQ(found.triggers[1].why, "the event is 'push'");
}

TEST_F(Explain, SaysWhichConditionCannotBeEvaluated) {
  const auto found = explained(kHead + job("a", "if: fromJSON(github.ref)") + job("b", "needs: a"));
  EXPECT_THAT(found.jobs.at(0).why, HasSubstr("it fails, for its condition cannot be evaluated"));
  EXPECT_EQ(found.jobs.at(1).why, "it needs 'a', which ended in failure");
}

TEST_F(Explain, IsLinearInTheLengthOfALineOfJobs) {
  std::string text = kHead + job("j0", "if: false");
  constexpr int kJobs = 2000;
  for (int i = 1; i < kJobs; ++i) text += job("j" + std::to_string(i), "needs: j" + std::to_string(i - 1));
  const auto found = explained(text);
  ASSERT_EQ(found.jobs.size(), static_cast<std::size_t>(kJobs));
  EXPECT_EQ(found.jobs.back().because_of, "j0");
  EXPECT_LT(found.jobs.back().why.size(), 200U);
}

// The first lines of the file say what it is held against: `# ref: …`, `# assume: JOB=RESULT`.
TEST_F(Explain, TellsItAsTheGoldenFilesDo) {
  for (const auto& file : files_below(golden_folder("explain"), {".yml"})) {
    const auto text = content_of(file);
    Assumptions assumptions;
    for (const auto line : base::lines_of(text)) {
      if (line.starts_with("# ref: ")) event_.ref = line.substr(7);
      if (!line.starts_with("# assume: ")) continue;
      const auto pair = line.substr(10);
      const auto equals = pair.find('=');
      assumptions[std::string(pair.substr(0, equals))] = *parse_job_conclusion(pair.substr(equals + 1));
    }
    set_github();
    auto out = file;
    expect_golden(out.replace_extension(".out"), explanation_text(explained(text, assumptions)));
  }
}

TEST_F(Explain, ExplainsEveryStarterWorkflow) {
  SKIP_WITHOUT_CONFORMANCE_DATA("starter-workflows");
  for (const auto& file : files_below(conformance_folder("starter-workflows"), {".yml", ".yaml"})) {
    const auto loaded = load_workflow(file.string(), content_of(file));
    if (!loaded.workflow) continue;  // the loader's own test
    const auto plan = make_plan(*loaded.workflow, contexts_, std::nullopt);
    if (!plan) continue;
    const auto found = explain(*plan, event_, contexts_);
    for (const auto& explained : found.jobs)
      EXPECT_EQ(explained.condition.trace.error, "") << file << ": " << explained.job->id;
    EXPECT_FALSE(explanation_text(found).empty());
    EXPECT_TRUE(to_json(found).is_object());
  }
}

}  // namespace
}  // namespace workflow
