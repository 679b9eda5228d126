#include "steps/run_step.h"

#include <gmock/gmock.h>

#include <csignal>

#include "base/strings.h"
#include "tests/unit/steps/run_step_fixture.h"

namespace steps {
namespace {

using fakes::FakeSandbox;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class RunStep : public RunStepFixture {};

TEST_F(RunStep, RunsAScriptByTheDefaultShellInTheWorkspace) {
  std::string script;
  FakeSandbox::Answer answer;
  answer.on_start = [&](const sandbox::Command& command) { script = *base::read_file(command.argv.back()); };
  sandbox_.will(answer);
  EXPECT_EQ(run("      - run: |\n          echo one\n          echo two\n").conclusion, Conclusion::success);
  ASSERT_EQ(sandbox_.commands.size(), 1U);
  const sandbox::Command command = sandbox_.commands[0];
  EXPECT_THAT(command.argv, ElementsAre("bash", "-e", testing::EndsWith(".sh")));
  EXPECT_EQ(command.directory, job_.folders.workspace.inside);
  EXPECT_EQ(script, "echo one\necho two\n");
  // Nobody waits for the removal of the file: it comes with the next step.
  const auto first_script = command.argv.back();
  run("      - run: echo three\n");
  EXPECT_FALSE(base::exists(first_script));
}

TEST_F(RunStep, OpensTheLogWithScriptShellAndEnvironment) {
  run("      - run: |\n          echo one\n          echo two\n        env:\n          A: b\n        shell: "
      "sh\n");
  std::vector<std::string> lines;
  for (const auto& line : log_.lines) lines.push_back(line.text);
  EXPECT_THAT(lines, ElementsAre("Run echo one", "echo one", "echo two", HasSubstr("sh -e {0}"),
                                 "env:", "  A: b", ""));
  EXPECT_EQ(log_.lines[0].kind, LineKind::group);
  EXPECT_EQ(log_.lines[1].kind, LineKind::script);
  EXPECT_EQ(log_.lines.back().kind, LineKind::endgroup);
}

TEST_F(RunStep, FallsBackToShWhereThereIsNoBash) {
  FakeSandbox::Answer missing;
  missing.status.failure = "execve bash: ENOENT";
  missing.status.code = 127;
  sandbox_.will(missing);
  const StepResult result = run("      - run: true\n");
  if (sandbox_.commands.size() == 2) {
    EXPECT_THAT(sandbox_.commands[1].argv, ElementsAre("sh", "-e", testing::EndsWith(".sh")));
  } else {
    ADD_FAILURE() << "sh was not tried";
  }
  EXPECT_EQ(result.conclusion, Conclusion::success);
}

TEST_F(RunStep, TakesShellAndFolderFromTheDefaults) {
  auto loaded = workflow::load_workflow(
      "ci.yml",
      "on: push\njobs:\n  a:\n    runs-on: x\n    defaults:\n      run:\n        working-directory: sub\n"
      "    steps:\n      - run: true\n      - run: true\n        working-directory: ./own\n");
  ASSERT_TRUE(loaded.workflow);
  planned_.job = &loaded.workflow->jobs[0];
  job_.planned = &planned_;
  job_.workflow_defaults.shell = workflow::Text{"sh", 0, 0};
  for (const auto& step : loaded.workflow->jobs[0].steps) ASSERT_TRUE(run_step(step, job_).ok());
  EXPECT_EQ(sandbox_.commands[0].argv[0], "sh");
  EXPECT_EQ(sandbox_.commands[0].directory, job_.folders.workspace.inside + "/sub");
  EXPECT_EQ(sandbox_.commands[1].directory, job_.folders.workspace.inside + "/own");
}

TEST_F(RunStep, GivesProcessesTheRunnersVariablesAboveTheStepsOwn) {
  job_.environment = {{"JOB", "1"}, {"BOTH", "job"}};
  job_.search_path = {"/new", "/old"};
  run("      - run: true\n        env:\n          BOTH: step\n          GITHUB_REPOSITORY: forged\n          "
      "CI: no\n");
  const sandbox::EnvVars& environment = sandbox_.commands[0].environment;
  EXPECT_EQ(environment.at("JOB"), "1");
  EXPECT_EQ(environment.at("BOTH"), "step");
  EXPECT_EQ(environment.at("GITHUB_REPOSITORY"), "octo/app");
  EXPECT_EQ(environment.at("GITHUB_REF_PROTECTED"), "false");
  EXPECT_EQ(environment.at("RUNNER_OS"), "Linux");
  EXPECT_EQ(environment.at("CI"), "no");
  EXPECT_EQ(environment.at("GITHUB_ACTIONS"), "true");
  EXPECT_THAT(environment.at("PATH"), testing::StartsWith("/new:/old:/usr/local/sbin"));
  EXPECT_EQ(environment.count("GITHUB_TOKEN"), 0U);
  EXPECT_EQ(environment.count("ACTIONS_ID_TOKEN_REQUEST_URL"), 0U);
}

TEST_F(RunStep, GivesRunStepsTheIdTokenPairOnly) {
  services_.id_token_request_url = "http://x?y=1";
  services_.id_token_request_token = "t";
  job_.runtime_environment = {{"ACTIONS_RUNTIME_TOKEN", "r"}};
  run("      - run: true\n");
  EXPECT_EQ(sandbox_.commands[0].environment.at("ACTIONS_ID_TOKEN_REQUEST_URL"), "http://x?y=1");
  EXPECT_EQ(sandbox_.commands[0].environment.count("ACTIONS_RUNTIME_TOKEN"), 0U);
}

TEST_F(RunStep, PassesOutputsEnvironmentAndPathToLaterSteps) {
  sandbox_.will(writes("GITHUB_OUTPUT", "tag=v1\n"));
  sandbox_.will(writes("GITHUB_ENV", "LATER=yes\nNODE_OPTIONS=--bad\n"));
  sandbox_.will(writes("GITHUB_PATH", "/one\n/two\n"));
  run("      - id: first\n        run: a\n      - run: b\n      - run: c\n"
      "      - run: echo ${{ steps.first.outputs.tag }} ${{ env.LATER }}\n        name: Use ${{ "
      "steps.first.outputs.tag }}\n");
  const sandbox::Command& last = sandbox_.commands[3];
  EXPECT_EQ(last.environment.at("LATER"), "yes");
  EXPECT_EQ(last.environment.count("NODE_OPTIONS"), 0U);
  EXPECT_THAT(last.environment.at("PATH"), testing::StartsWith("/two:/one:"));
  EXPECT_THAT(log_.texts(LineKind::group), Contains("Run echo v1 yes"));
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre(HasSubstr("NODE_OPTIONS")));
}

TEST_F(RunStep, SaysWithWhichCodeAScriptEnded) {
  sandbox_.will(exits(3));
  const StepResult result = run("      - id: x\n        run: exit 3\n");
  EXPECT_EQ(result.outcome, Conclusion::failure);
  EXPECT_EQ(result.conclusion, Conclusion::failure);
  EXPECT_EQ(job_.status, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre("Process completed with exit code 3."));
  EXPECT_EQ(job_.contexts.get("steps").get("x").get("outcome").to_text(), "failure");
  EXPECT_EQ(job_.contexts.get("job").get("status").to_text(), "failure");
}

TEST_F(RunStep, SaysWhenMemoryRanOut) {
  FakeSandbox::Answer answer;
  answer.status.signal = SIGKILL;
  answer.status.out_of_memory = true;
  answer.status.limit = "killed: out of memory, limit 2 GiB";
  sandbox_.will(answer);
  run("      - run: big\n");
  EXPECT_THAT(log_.texts(LineKind::error),
              ElementsAre("killed: out of memory, limit 2 GiB. Process completed with exit code 137."));
}

TEST_F(RunStep, SkipsAfterAFailureUnlessAsked) {
  sandbox_.will(exits(1));
  run("      - run: bad\n      - id: skipped\n        run: never\n      - id: failed\n        if: "
      "failure()\n        run: report\n"
      "      - if: ${{ always() }}\n        run: clean\n");
  EXPECT_EQ(sandbox_.commands.size(), 3U);
  EXPECT_EQ(job_.contexts.get("steps").get("skipped").get("conclusion").to_text(), "skipped");
  EXPECT_EQ(job_.contexts.get("steps").get("failed").get("conclusion").to_text(), "success");
  EXPECT_EQ(job_.status, Conclusion::failure);
}

TEST_F(RunStep, GoesOnAfterAnErrorThatIsAllowed) {
  sandbox_.will(exits(1));
  run("      - id: x\n        run: bad\n        continue-on-error: true\n      - run: next\n");
  EXPECT_EQ(sandbox_.commands.size(), 2U);
  EXPECT_EQ(job_.contexts.get("steps").get("x").get("outcome").to_text(), "failure");
  EXPECT_EQ(job_.contexts.get("steps").get("x").get("conclusion").to_text(), "success");
  EXPECT_EQ(job_.status, Conclusion::success);
}

TEST_F(RunStep, KeepsOutputsOfAFailedStep) {
  sandbox_.will(writes("GITHUB_OUTPUT", "tag=v1\n", 1));
  EXPECT_THAT(run("      - id: x\n        run: bad\n").outputs, ElementsAre(Pair("tag", "v1")));
}

TEST_F(RunStep, FailsForAnEnvironmentFileOfAnotherFormat) {
  sandbox_.will(writes("GITHUB_OUTPUT", "no equals sign\n"));
  EXPECT_EQ(run("      - run: x\n").conclusion, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error),
              ElementsAre("Unable to process file command 'output' successfully.",
                          "Invalid format 'no equals sign'"));
}

TEST_F(RunStep, FailsWhenAnExpressionCannotBeEvaluated) {
  EXPECT_EQ(run("      - run: echo ${{ fromJSON('{') }}\n").conclusion, Conclusion::failure);
  EXPECT_THAT(sandbox_.commands, IsEmpty());
  EXPECT_FALSE(log_.texts(LineKind::error).empty());
}

TEST_F(RunStep, HasATimeLimit) {
  FakeSandbox::Answer endless;
  endless.ends_on_signal = SIGINT;
  sandbox_.will(endless);
  const StepResult result = run("      - name: Slow\n        run: sleep\n        timeout-minutes: 0.0002\n");
  EXPECT_EQ(result.conclusion, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error),
              ElementsAre("The action 'Slow' has timed out after 0.0002 minutes."));
  EXPECT_EQ(job_.status, Conclusion::failure);
}

TEST_F(RunStep, IsCancelledWithTheJob) {
  std::stop_source source;
  job_.stop = source.get_token();
  FakeSandbox::Answer endless;
  endless.ends_on_signal = SIGINT;
  endless.on_start = [&](const sandbox::Command&) { source.request_stop(); };
  sandbox_.will(endless);
  run("      - id: x\n        run: sleep\n      - run: never\n      - if: cancelled()\n        run: clean\n");
  EXPECT_EQ(job_.contexts.get("steps").get("x").get("outcome").to_text(), "cancelled");
  EXPECT_EQ(job_.status, Conclusion::cancelled);
  EXPECT_EQ(sandbox_.commands.size(), 2U);
}

TEST_F(RunStep, DoesNotInterruptAStepThatAlwaysRuns) {
  std::stop_source source;
  job_.stop = source.get_token();
  FakeSandbox::Answer answer;
  answer.on_start = [&](const sandbox::Command&) { source.request_stop(); };
  sandbox_.will(answer);
  EXPECT_EQ(run("      - if: always()\n        run: clean\n").outcome, Conclusion::success);
  EXPECT_THAT(sandbox_.signals, IsEmpty());
}

TEST_F(RunStep, EndsWhatStillRunsWhenTheTimeForCleaningUpIsOver) {
  std::stop_source source;
  std::stop_source abandoned;
  job_.stop = source.get_token();
  job_.abandoned = abandoned.get_token();
  FakeSandbox::Answer endless;
  endless.ends_on_signal = SIGINT;
  endless.on_start = [&](const sandbox::Command&) {
    source.request_stop();
    abandoned.request_stop();
  };
  sandbox_.will(endless);
  run("      - name: Clean\n        if: always()\n        run: clean\n      - if: always()\n        run: "
      "never\n");
  EXPECT_THAT(
      log_.texts(LineKind::error),
      ElementsAre("The action 'Clean' was ended: the time that the cancelled job has for cleaning up is "
                  "over (cancel-timeout-minutes)."));
  EXPECT_EQ(sandbox_.commands.size(), 1U) << "nothing begins any more";
}

TEST_F(RunStep, PutsTheContextsBack) {
  run("      - run: true\n        env:\n          A: b\n");
  EXPECT_TRUE(job_.contexts.get("env").get("A").is_null());
  EXPECT_TRUE(job_.contexts.get("github").get("output").is_null());
}

TEST_F(RunStep, HashesFilesOfTheWorkspace) {
  write("a/lock.txt", "1");
  write("b/lock.txt", "2");
  write("c/other.txt", "3");
  run("      - run: echo ${{ hashFiles('**/lock.txt') }}-${{ hashFiles('none') }}-${{ "
      "hashFiles('*/lock.txt', '!b') }}\n");
  // sha256 over the binary sha256 of each file.
  const std::string both = "Run echo 4295f72eeb1e3507b8461e240e3b8d18c1e7bd2f1122b11fc9ec40a65894031a-";
  EXPECT_THAT(log_.texts(LineKind::group), ElementsAre(testing::StartsWith("Run echo ")));
  const std::string shown = log_.texts(LineKind::group)[0];
  EXPECT_THAT(shown, HasSubstr("--"));
  EXPECT_EQ(shown.size(), std::string("Run echo --").size() + 128);
  EXPECT_EQ(shown.substr(0, both.size()), both);
}

}  // namespace
}  // namespace steps
