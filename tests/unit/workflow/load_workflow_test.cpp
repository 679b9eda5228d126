#include "workflow/load_workflow.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "workflow/plan.h"
#include "workflow/reusable_workflows.h"

namespace workflow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string with_steps(const std::string& steps) {
  return "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n" + steps;
}

std::string with_job(const std::string& keys) {
  return "on: push\njobs:\n  a:\n    runs-on: x\n" + keys + "    steps: [{run: x}]\n";
}

std::vector<std::string> errors_of(const LoadedWorkflow& loaded) {
  std::vector<std::string> errors;
  for (const auto& diagnostic : loaded.diagnostics) errors.push_back(to_github_string(diagnostic));
  return errors;
}

std::vector<std::string> errors_of(const std::string& text, const LoadOptions& options = {}) {
  return errors_of(load_workflow("w.yml", text, options));
}

TEST(LoadWorkflow, MakesTextOfScalarsWhereTextIsWanted) {
  const auto loaded =
      load_workflow("w.yml", with_job("    name: 1e3\n    env: {A: 0x10, B: TRUE, C: , D: 1.50}\n"));
  ASSERT_TRUE(loaded.workflow) << to_string(loaded.diagnostics.front());
  const auto& job = loaded.workflow->jobs[0];
  EXPECT_EQ(job.name->text, "1000");
  EXPECT_EQ(job.env["A"].text, "16");
  EXPECT_EQ(job.env["B"].text, "true");
  EXPECT_EQ(job.env["C"].kind, NodeKind::string);
  EXPECT_EQ(job.env["C"].written_as, NodeKind::null);
  EXPECT_EQ(job.env["D"].text, "1.5");
}

TEST(LoadWorkflow, KeepsTheOrderOfReadingAndSaysWhatIsMissingLast) {
  EXPECT_THAT(errors_of("jobs:\n  a:\n    steps: [{run: x, runs: y}]\n"),
              ElementsAre("w.yml (Line: 3, Col: 22): Unexpected value 'runs'",
                          "w.yml (Line: 3, Col: 5): Required property is missing: runs-on",
                          "w.yml (Line: 1, Col: 1): Required property is missing: on"));
}

TEST(LoadWorkflow, SaysThatAKeyIsThereTwiceWithoutCase) {
  EXPECT_THAT(errors_of(with_job("    env: {A: 1, a: 2}\n")),
              ElementsAre("w.yml (Line: 5, Col: 17): 'a' is already defined"));
}

TEST(LoadWorkflow, RefusesMergeKeysAsUnknown) {
  EXPECT_THAT(errors_of("on: push\nx-y: 1\njobs: {a: {runs-on: x, <<: {}, steps: [{run: x}]}}\n"),
              ElementsAre("w.yml (Line: 2, Col: 1): Unexpected value 'x-y'",
                          "w.yml (Line: 3, Col: 24): Unexpected value '<<'"));
}

TEST(LoadWorkflow, StopsAtTenErrors) {
  std::string jobs = "on: push\njobs:\n";
  for (int i = 0; i < 20; ++i) jobs += fmt::format("  a{}: {{runs-on: x, no: 1}}\n", i);
  EXPECT_EQ(errors_of(jobs).size(), 10U);
}

TEST(LoadWorkflow, CutsTheTextOfAnErrorBehindFiveHundredCharacters) {
  const auto errors = errors_of(with_job("    " + std::string(600, 'k') + ": 1\n"));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].size(), 505U);
  EXPECT_THAT(errors[0], testing::EndsWith("kkk[...]"));
}

TEST(LoadWorkflow, EndsAnAliasBombAtOnce) {
  std::string text = "on: push\nenv:\n  A: &a0 " + std::string(1000, 'x') + "\nx:\n";
  for (int i = 1; i < 12; ++i) {
    text += fmt::format("  - &a{} [", i);
    for (int j = 0; j < 10; ++j) text += fmt::format("*a{},", i - 1);
    text += "]\n";
  }
  EXPECT_THAT(errors_of(text), ElementsAre("w.yml: Maximum object size exceeded"));
  std::string small = "on: push\nx:\n  - &a0 [1]\n";
  for (int i = 1; i < 12; ++i) {
    small += fmt::format("  - &a{} [", i);
    for (int j = 0; j < 10; ++j) small += fmt::format("*a{},", i - 1);
    small += "]\n";
  }
  EXPECT_THAT(errors_of(small), ElementsAre("w.yml: Maximum YAML nodes exceeded"));
}

TEST(LoadWorkflow, LimitsWhatExpressionsMakeOfAScript) {
  const auto script = [](std::size_t length) {
    return with_steps("      - run: '" + std::string(length, 'x') + "${{ github.ref }}'\n");
  };
  EXPECT_THAT(errors_of(script(20'000)), IsEmpty());
  EXPECT_THAT(errors_of(script(21'000)),
              ElementsAre("w.yml (Line: 6, Col: 14): Exceeded max expression length 21000"));
  EXPECT_THAT(errors_of(with_steps("      - run: " + std::string(30'000, 'x') + "\n")), IsEmpty());
}

TEST(LoadWorkflow, LooksAtConditionsWithoutBracesOnlyWhenTheRestIsRead) {
  const std::string condition = "    if: secrets.a\n";
  EXPECT_THAT(
      errors_of(with_job(condition)),
      ElementsAre("w.yml (Line: 5, Col: 9): Unrecognized named-value: 'secrets'. Located at position 1 "
                  "within expression: secrets.a"));
  EXPECT_THAT(errors_of(with_job(condition + "    no: 1\n")),
              ElementsAre("w.yml (Line: 6, Col: 5): Unexpected value 'no'"));
}

TEST(LoadWorkflow, AsksWhetherANearNameWasMeant) {
  const auto hint_of = [](const std::string& expression) {
    const auto loaded = load_workflow("w.yml", with_steps("      - run: echo ${{ " + expression + " }}\n"));
    return loaded.diagnostics.empty() ? "" : loaded.diagnostics.front().hint;
  };
  EXPECT_EQ(hint_of("githb.ref"), "did you mean 'github'?");
  EXPECT_EQ(hint_of("fromJon('1')"), "did you mean 'fromJSON'?");
  EXPECT_THAT(hint_of("zzz.a"), ::testing::StartsWith("available here: github, inputs"));
  EXPECT_EQ(hint_of("success()"), "") << "there is one, but not here";
}

TEST(LoadWorkflow, NamesTheCycleOfJobsThatNeedEachOther) {
  const auto hints_of = [](const std::string& jobs) {
    std::vector<std::string> hints;
    for (const auto& problem : load_workflow("w.yml", "on: push\njobs:\n" + jobs).diagnostics)
      hints.push_back(problem.hint);
    return hints;
  };
  const auto job = [](const std::string& id, const std::string& needs) {
    return "  " + id + ": {runs-on: x, needs: [" + needs + "], steps: [{run: x}]}\n";
  };
  EXPECT_THAT(
      hints_of(job("first", "") + job("a", "b, first") + job("b", "c") + job("c", "A") + job("d", "a")),
      ElementsAre("the cycle is a -> b -> c -> a", "the cycle is b -> c -> a -> b",
                  "the cycle is c -> a -> b -> c", ""))
      << "d waits for a cycle and is in none";
  EXPECT_THAT(hints_of(job("a", "b") + job("b", "b")), ElementsAre("the cycle is b -> b"))
      << "none can start";
  std::string ring = job("first", "") + job("j0", "j29");
  for (int i = 1; i < 30; ++i) ring += job("j" + std::to_string(i), "j" + std::to_string(i - 1));
  EXPECT_EQ(hints_of(ring).at(0),
            "the cycle is j0 -> j29 -> j28 -> j27 -> j26 -> j25 -> j24 -> j23 -> j22 -> j21 -> … -> j9 -> j8 "
            "-> j7 -> j6 -> j5 -> j4 -> j3 -> j2 -> j1 -> j0");
}

TEST(LoadWorkflow, RefusesWhatGitHubsConverterRefuses) {
  EXPECT_THAT(
      errors_of(with_steps("      - uses: checkout\n      - uses: docker://x\n      - uses: $/a\n")),
      ElementsAre("w.yml (Line: 6, Col: 15): Expected format {org}/{repo}[/path]@ref. Actual 'checkout'"));
  EXPECT_THAT(errors_of(with_job("    container: docker://\n")),
              ElementsAre("w.yml (Line: 5, Col: 16): Container image cannot be empty"));
  EXPECT_THAT(errors_of(with_job("    services: {db: {ports: ['1']}}\n")),
              ElementsAre("w.yml (Line: 5, Col: 20): Container image cannot be empty"));
  EXPECT_THAT(errors_of(with_job("    snapshot: {image-name: a, version: 1.2}\n")),
              ElementsAre(HasSubstr("Expected format '{major-version}.*' Actual '1.2'")));
  EXPECT_THAT(errors_of(with_job("    concurrency: " + std::string(401, 'g') + "\n")),
              ElementsAre(HasSubstr("Concurrency group name must be less than 400 characters")));
  EXPECT_THAT(errors_of(with_job("    strategy: {matrix: {a: [], include: [{b: 1}]}}\n")),
              ElementsAre("w.yml (Line: 5, Col: 28): Matrix vector 'a' does not contain any values"));
  EXPECT_THAT(errors_of(with_job("    strategy: {matrix: {exclude: [{b: 1}]}}\n")),
              testing::Contains(HasSubstr("Matrix must define at least one vector")));
}

TEST(LoadWorkflow, RefusesHexadecimalNumbersOfMoreThan32Bits) {
  EXPECT_THAT(errors_of(with_job("    env: {A: 0x00FFFFFFFF}\n")), IsEmpty());
  EXPECT_THAT(errors_of(with_job("    env: {A: 0x1FFFFFFFF}\n")),
              ElementsAre("w.yml: The value '0x1FFFFFFFF' on line 5 and column 14 is invalid for the type "
                          "'tag:yaml.org,2002:int'"));
}

TEST(LoadWorkflow, TakesAStrategyThatIsOneExpression) {
  const auto loaded = load_workflow("w.yml", with_job("    strategy: ${{ fromJSON(vars.s) }}\n"));
  ASSERT_TRUE(loaded.workflow) << to_string(loaded.diagnostics.front());
  expression::Object vars;
  vars.set("s", R"({"max-parallel": 2, "fail-fast": false, "matrix": {"os": ["a", "b", "c"]}})");
  Contexts contexts;
  contexts.set("vars", expression::Value(std::move(vars)));
  const auto plan = make_plan(*loaded.workflow, contexts, std::nullopt);
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  const auto& legs = plan->groups.at(0).legs;
  ASSERT_EQ(legs.size(), 3U);
  EXPECT_EQ(legs[2].name, "a (c)");
  EXPECT_EQ(legs[0].max_parallel, 2);
  EXPECT_FALSE(legs[0].fail_fast);
}

TEST(LoadWorkflow, PlacesWhatAParallelBlockMayNotHoldAtTheBlock) {
  EXPECT_THAT(errors_of(with_steps("      - parallel:\n          - run: x\n          - wait-all:\n")),
              ElementsAre("w.yml (Line: 6, Col: 9): 'wait-all' is not allowed inside a parallel block."));
}

class CalledWorkflows : public testing::Test {
 protected:
  CalledWorkflows() {
    options_.called_workflow = [this](const std::string& reference) -> base::Result<std::string> {
      asked_.push_back(reference);
      const auto found = files_.find(reference);
      if (found == files_.end()) return base::invalid_input("workflow was not found.");
      return found->second;
    };
  }
  std::string call(const std::string& keys) { return "on: push\njobs:\n  a:\n    uses: " + keys + "\n"; }

  std::map<std::string, std::string> files_;
  std::vector<std::string> asked_;
  LoadOptions options_;
};

constexpr const char* kJobs = "jobs: {b: {runs-on: x, steps: [{run: x}]}}\n";

TEST_F(CalledWorkflows, AreHeldByTheJobsThatCallThem) {
  files_["./ci.yml"] =
      std::string(
          "on: {workflow_call: {inputs: {n: {type: number, default: 3}}, secrets: {s: }, outputs: {o: "
          "{value: x}}}}\n") +
      kJobs;
  const auto loaded = load_workflow("w.yml", call("./ci.yml"), options_);
  ASSERT_TRUE(loaded.workflow) << to_string(loaded.diagnostics.front());
  const auto& called = loaded.workflow->jobs[0].called;
  ASSERT_TRUE(called);
  EXPECT_EQ(called->path, "./ci.yml");
  ASSERT_TRUE(called->call);
  EXPECT_EQ(called->call->inputs[0].default_value.text, "3");
  EXPECT_EQ(called->call->secrets[0].name, "s");
  EXPECT_EQ(called->call->outputs[0].value.text, "x");
  EXPECT_EQ(called->jobs[0].id, "b");
  EXPECT_THAT(loaded.files, ElementsAre("w.yml", "./ci.yml"));
}

TEST_F(CalledWorkflows, AreNotLookedForWithoutASource) {
  const auto loaded = load_workflow("w.yml", call("./ci.yml"));
  ASSERT_TRUE(loaded.workflow);
  EXPECT_FALSE(loaded.workflow->jobs[0].called);
}

TEST_F(CalledWorkflows, NameOthersOfTheirOwnRepositoryAndRef) {
  files_["o/r/.github/workflows/a.yml@v1"] =
      "on: workflow_call\njobs: {b: {uses: ./.github/workflows/b.yml}}\n";
  files_["o/r/.github/workflows/b.yml@v1"] =
      "on: workflow_call\njobs: {b: {uses: $/.github/workflows/c.yml}}\n";
  files_["o/r/.github/workflows/c.yml@v1"] = std::string("on: workflow_call\n") + kJobs;
  EXPECT_THAT(errors_of(call("o/r/.github/workflows/a.yml@v1"), options_), IsEmpty());
  EXPECT_THAT(asked_, ElementsAre("o/r/.github/workflows/a.yml@v1", "o/r/.github/workflows/b.yml@v1",
                                  "o/r/.github/workflows/c.yml@v1"));
  EXPECT_EQ(resolve_call("$/x.yml", ".github/workflows/w.yml"), "./x.yml");
  EXPECT_EQ(resolve_call("./x.yml", "./y.yml"), "./x.yml");
}

TEST_F(CalledWorkflows, MustBeThereAndCallable) {
  EXPECT_THAT(
      errors_of(call("./no.yml"), options_),
      ElementsAre("w.yml (Line: 4, Col: 11): error parsing called workflow \"./no.yml\": workflow was not "
                  "found."));
  files_["./ci.yml"] = std::string("on: push\n") + kJobs;
  EXPECT_THAT(
      errors_of(call("./ci.yml"), options_),
      ElementsAre("In w.yml (Line: 4, Col: 11): Error from called workflow ./ci.yml (Line: 1, Col: 5): "
                  "workflow_call key is not defined in the referenced workflow."));
}

TEST_F(CalledWorkflows, GetInputsOfTheirTypes) {
  files_["./ci.yml"] =
      std::string(
          "on: {workflow_call: {inputs: {n: {type: number}, b: {type: boolean}, s: {type: string}}}}\n") +
      kJobs;
  EXPECT_THAT(errors_of(call("./ci.yml\n    with: {N: 3, b: true, s: 4}"), options_), IsEmpty());
  EXPECT_THAT(errors_of(call("./ci.yml\n    with: {n: '${{ github.x }}'}"), options_), IsEmpty());
  EXPECT_THAT(
      errors_of(call("./ci.yml\n    with: {n: x, b: 'true', z: 1}\n    secrets: {t: 1}"), options_),
      ElementsAre("w.yml (Line: 5, Col: 15): Unexpected value 'x'",
                  "w.yml (Line: 5, Col: 21): Unexpected value 'true'",
                  "w.yml (Line: 5, Col: 32): Invalid input, z is not defined in the referenced workflow.",
                  "w.yml (Line: 6, Col: 18): Invalid secret, t is not defined in the referenced "
                  "workflow."));
}

TEST_F(CalledWorkflows, MayOnlyLowerPermissions) {
  files_["./ci.yml"] =
      std::string("on: workflow_call\npermissions: {contents: write, issues: read}\n") + kJobs;
  EXPECT_THAT(
      errors_of(call("./ci.yml\n    permissions: {contents: read}"), options_),
      ElementsAre("w.yml (Line: 3, Col: 3): Error calling workflow './ci.yml'. The workflow './ci.yml' is "
                  "requesting 'contents: write, issues: read', but is only allowed 'contents: read, "
                  "issues: none'."));
  EXPECT_THAT(errors_of(call("./ci.yml\n    permissions: write-all"), options_), IsEmpty());
  options_.permissions_policy = PermissionsPolicy::limited_read;
  EXPECT_THAT(errors_of(call("./ci.yml"), options_),
              ElementsAre(HasSubstr("'contents: write, issues: read'")));
}

TEST_F(CalledWorkflows, GetNoMoreOfTheCachesThanTheirCaller) {
  files_["./ci.yml"] = std::string("on: workflow_call\ncache-mode: write\n") + kJobs;
  EXPECT_THAT(errors_of(call("./ci.yml\n    cache-mode: read"), options_),
              ElementsAre("w.yml (Line: 3, Col: 3): Error calling workflow './ci.yml'. The nested job 'b' is "
                          "requesting 'cache-mode: write', but is only allowed 'cache-mode: read'."));
  EXPECT_THAT(errors_of(call("./ci.yml\n    cache-mode: write"), options_), IsEmpty());
  EXPECT_THAT(errors_of(call("./ci.yml"), options_), IsEmpty());
  EXPECT_THAT(errors_of(call("./ci.yml\n    cache-mode: all"), options_),
              ElementsAre(HasSubstr("Unexpected value 'all'")));
}

TEST_F(CalledWorkflows, GetNoIdentityByPolicyFromAnotherRepository) {
  const auto text = std::string("on: workflow_call\npermissions: {id-token: write}\n") + kJobs;
  files_["./ci.yml"] = text;
  files_["o/r/ci.yml@v1"] = text;
  EXPECT_THAT(errors_of(call("./ci.yml"), options_), IsEmpty());
  EXPECT_THAT(errors_of(call("o/r/ci.yml@v1"), options_),
              ElementsAre(HasSubstr("only allowed 'id-token: none'")));
}

TEST_F(CalledWorkflows, EndWhenTheyCallThemselves) {
  files_["./ci.yml"] = "on: workflow_call\njobs: {b: {uses: ./ci.yml}}\n";
  EXPECT_THAT(errors_of(call("./ci.yml"), options_),
              ElementsAre("Nested reusable workflow depth exceeded 10."));
  // Each of them calls the next ten times: what they become together is limited.
  for (int level = 0; level < 9; ++level) {
    std::string text = "on: workflow_call\njobs:\n";
    for (int i = 0; i < 10; ++i) text += fmt::format("  j{}: {{uses: ./l{}.yml}}\n", i, level + 1);
    files_[fmt::format("./l{}.yml", level)] = text;
  }
  files_["./l9.yml"] = std::string("on: workflow_call\n") + kJobs;
  EXPECT_THAT(errors_of(call("./l0.yml"), options_), ElementsAre(HasSubstr("Maximum object size exceeded")));
}

TEST_F(CalledWorkflows, AreCounted) {
  std::string text = "on: push\njobs:\n";
  for (int i = 0; i < 51; ++i) {
    files_[fmt::format("./f{}.yml", i)] = std::string("on: workflow_call\n") + kJobs;
    text += fmt::format("  a{}: {{uses: ./f{}.yml}}\n", i, i);
  }
  EXPECT_THAT(errors_of(text, options_),
              ElementsAre(testing::EndsWith("The maximum file count of 51 has been exceeded")));
  options_.limits.jobs = 60;
  EXPECT_THAT(errors_of(text, options_), ElementsAre("The workflow may not contain more than 60 jobs"));
}

TEST(Permissions, OfAllScopesReachThoseThatAreNewer) {
  Permissions all;
  all.all = PermissionLevel::write;
  EXPECT_EQ(all.level_of("attestations"), PermissionLevel::write);
  EXPECT_EQ(all.level_of("models"), PermissionLevel::read);
  EXPECT_EQ(all.requested().size(), 13U);
  Permissions wanted;
  wanted.levels["attestations"] = PermissionLevel::write;
  EXPECT_TRUE(violations_of(wanted, all).empty());
}

TEST(LoadWorkflow, NamesAMatrixThatIsNoSequenceOnce) {
  EXPECT_EQ(errors_of(with_job("    strategy: {matrix: {os: ubuntu}}\n")).size(), 1U);
  EXPECT_EQ(
      read_workflow("w.yml", with_job("    strategy: {matrix: {os: ubuntu}}\n"), 100).diagnostics.size(), 1U);
}

}  // namespace
}  // namespace workflow
