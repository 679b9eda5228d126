#include <gmock/gmock.h>

#include "base/files.h"
#include "tests/unit/steps/run_step_fixture.h"

namespace steps {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class RunAction : public RunStepFixture {};

TEST_F(RunAction, RunsACompositeActionInItsOwnScope) {
  write("act/action.yml",
        "name: x\ninputs:\n  who:\n    default: nobody\n  other:\n    default: d\noutputs:\n  greeting:\n"
        "    value: ${{ steps.inner.outputs.text }}\nruns:\n  using: composite\n  steps:\n"
        "    - id: inner\n      shell: sh\n      run: echo ${{ inputs.who }} ${{ inputs.other }} $CALLER\n"
        "    - shell: sh\n      if: steps.outer.outcome == 'success'\n      run: sees the caller's steps\n"
        "    - shell: sh\n      run: ls ${{ github.action_path }}\n");
  sandbox_.will(exits(0));
  sandbox_.will(writes("GITHUB_OUTPUT", "text=hello\n"));
  sandbox_.will(writes("GITHUB_ENV", "LEAKS=yes\n"));
  run("      - id: outer\n        run: true\n      - id: call\n        uses: ./act\n        env:\n          "
      "CALLER: c\n"
      "        with:\n          who: me\n          typo: x\n      - run: echo ${{ "
      "steps.call.outputs.greeting }}\n");
  ASSERT_EQ(sandbox_.commands.size(), 4U);
  EXPECT_EQ(sandbox_.commands[1].environment.at("CALLER"), "c");
  EXPECT_EQ(sandbox_.commands[1].environment.at("GITHUB_ACTION_PATH"),
            job_.folders.workspace.inside + "/act");
  EXPECT_EQ(sandbox_.commands[3].environment.count("CALLER"), 0U);
  EXPECT_EQ(sandbox_.commands[3].environment.at("LEAKS"), "yes");
  EXPECT_THAT(log_.texts(LineKind::group),
              ElementsAre("Run true", "Run ./act", "Run echo me d $CALLER",
                          "Run ls " + job_.folders.workspace.inside + "/act", "Run echo hello"));
  EXPECT_TRUE(job_.contexts.get("steps").get("inner").is_null());
  EXPECT_THAT(log_.texts(LineKind::warning), ElementsAre(HasSubstr("'typo'")));
}

TEST_F(RunAction, FailsACompositeActionWhenAStepInItFails) {
  write("act/action.yml",
        "name: x\nruns:\n  using: composite\n  steps:\n    - shell: sh\n      run: bad\n"
        "    - shell: sh\n      run: never\n    - shell: sh\n      if: failure()\n      run: report\n");
  sandbox_.will(exits(1));
  EXPECT_EQ(run("      - uses: ./act\n").conclusion, Conclusion::failure);
  EXPECT_EQ(sandbox_.commands.size(), 2U);
  EXPECT_EQ(job_.status, Conclusion::failure);
}

TEST_F(RunAction, EndsACompositeActionThatCallsItself) {
  write("act/action.yml", "name: x\nruns:\n  using: composite\n  steps:\n    - uses: ./act\n");
  EXPECT_EQ(run("      - uses: ./act\n").conclusion, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error), Contains("Composite action depth exceeded max depth 9"));
}

TEST_F(RunAction, RunsAJavaScriptActionAndItsPostPart) {
  write("js/action.yml",
        "name: x\ninputs:\n  My Input:\n    default: d\nruns:\n  using: node20\n  main: dist/index.js\n  "
        "post: dist/post.js\n");
  job_.runtime_environment = {{"ACTIONS_RUNTIME_TOKEN", "r"}};
  sandbox_.will(writes("GITHUB_STATE", "pid=7\n"));
  EXPECT_EQ(
      run("      - uses: ./js\n        name: Act\n        with:\n          my input: given\n").conclusion,
      Conclusion::success);
  const sandbox::Command& main = sandbox_.commands[0];
  EXPECT_THAT(main.argv, ElementsAre(EndsWith("node"), job_.folders.workspace.inside + "/js/dist/index.js"));
  EXPECT_EQ(main.environment.at("INPUT_MY_INPUT"), "given");
  EXPECT_EQ(main.environment.at("ACTIONS_RUNTIME_TOKEN"), "r");
  ASSERT_EQ(job_.post_steps.size(), 1U);
  EXPECT_EQ(job_.post_steps[0].name, "Post Act");
  EXPECT_EQ(run_last_post_step(job_), Conclusion::success);
  EXPECT_THAT(sandbox_.commands[1].argv,
              ElementsAre(EndsWith("node"), job_.folders.workspace.inside + "/js/dist/post.js"));
  EXPECT_EQ(sandbox_.commands[1].environment.at("STATE_pid"), "7");
  EXPECT_EQ(sandbox_.commands[1].environment.at("INPUT_MY_INPUT"), "given");
}

TEST_F(RunAction, GathersThePostPartsOfACompositeActionInOneStep) {
  write("outer/action.yml",
        "name: x\nruns:\n  using: composite\n  steps:\n    - uses: ./js\n    - uses: ./js\n");
  write("js/action.yml", "name: x\nruns:\n  using: node20\n  main: main.js\n  post: post.js\n");
  run("      - uses: ./outer\n");
  ASSERT_EQ(job_.post_steps.size(), 1U);
  EXPECT_EQ(job_.post_steps[0].name, "Post Run ./outer");
  sandbox_.will(exits(1));
  EXPECT_EQ(run_last_post_step(job_), Conclusion::failure);
  EXPECT_EQ(sandbox_.commands.size(), 4U);
}

TEST_F(RunAction, LeavesTheExitCodeOfAnActionToTheAction) {
  write("js/action.yml", "name: x\nruns:\n  using: node20\n  main: main.js\n");
  sandbox_.will(exits(1, "::error::it broke\n"));
  EXPECT_EQ(run("      - uses: ./js\n").conclusion, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre("it broke"));
}

TEST_F(RunAction, EndsACompositeActionAtAConditionThatCannotBeEvaluated) {
  write(
      "act/action.yml",
      "name: x\nruns:\n  using: composite\n  steps:\n    - shell: sh\n      run: a\n      if: fromJSON('{')\n"
      "    - shell: sh\n      run: b\n      if: always()\n");
  EXPECT_EQ(run("      - uses: ./act\n").conclusion, Conclusion::failure);
  EXPECT_TRUE(sandbox_.commands.empty());
}

TEST_F(RunAction, WarnsOfInputsInTheRunnersWords) {
  write("js/action.yml",
        "name: x\ninputs:\n  one:\n    deprecationMessage: use two\n  two:\n    default: d\n"
        "runs:\n  using: node20\n  main: main.js\n");
  run("      - uses: ./js\n        with: {One: 1, Other: 2}\n");
  EXPECT_THAT(log_.texts(LineKind::warning),
              ElementsAre("Input 'One' has been deprecated with message: use two",
                          "Unexpected input(s) 'Other', valid inputs are ['one', 'two']"));
}

TEST_F(RunAction, NeedsASandboxForDockerActions) {
  write("d/action.yml", "name: x\nruns:\n  using: docker\n  image: Dockerfile\n");
  run("      - uses: ./d\n      - if: always()\n        uses: docker://alpine:3\n");
  EXPECT_THAT(log_.texts(LineKind::error),
              ElementsAre(HasSubstr("'./d' is a Docker action"), HasSubstr("docker://alpine:3")));
}

TEST_F(RunAction, SaysWhatIsMissing) {
  run("      - uses: ./nowhere\n");
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre(HasSubstr("actions/checkout")));
}

}  // namespace
}  // namespace steps
