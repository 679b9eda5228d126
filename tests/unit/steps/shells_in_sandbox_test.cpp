// Each shell once, in a real sandbox: what the fakes cannot show.

#include <gmock/gmock.h>
#include <unistd.h>

#include "steps/job_files.h"
#include "steps/run_step.h"
#include "tests/unit/steps/job_fixture.h"
#include "workflow/load_workflow.h"

namespace steps {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class ShellsInSandbox : public JobFixture {
 protected:
  void SetUp() override {
    sandbox::Plan plan;
    plan.label = "steps-test/" + std::to_string(getpid());
    plan.id_slot = 40;
    services_.host_uid = sandbox::host_uid(plan, 0).value_or(getuid());
    for (SharedFolder* folder : {&job_.folders.workspace, &job_.folders.temp, &job_.folders.file_commands}) {
      auto opened = base::open_directory(folder->host);
      ASSERT_TRUE(opened && give_to_steps(opened->get(), services_.host_uid));
      folder->inside = "/job/" + folder->host.filename().string();
      plan.mounts.push_back(
          {sandbox::MountKind::bind, folder->host.string(), folder->inside, sandbox::Access::read_write, 0});
    }
    auto made = sandbox::make_namespace_sandbox(plan);
    ASSERT_TRUE(made) << made.error().to_string();
    real_ = std::move(*made);
    job_.sandbox = real_.get();
  }
  void TearDown() override {
    if (real_) {
      EXPECT_TRUE(real_->destroy().ok());
    }
  }
  StepResult run(const std::string& step) {
    auto loaded = workflow::load_workflow(
        "ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - id: x\n" + step);
    EXPECT_TRUE(loaded.workflow);
    if (!loaded.workflow) return {};
    auto result = run_step(loaded.workflow->jobs.at(0).steps.at(0), job_);
    EXPECT_TRUE(result) << result.error().to_string();
    return result ? *result : StepResult{Conclusion::failure, Conclusion::failure, {}};
  }
  bool has(const std::string& program) {
    return run("        run: command -v " + program + "\n").conclusion == Conclusion::success;
  }

  std::unique_ptr<sandbox::Sandbox> real_;
};

TEST_F(ShellsInSandbox, Default) {
  const StepResult result =
      run("        run: |\n          echo \"hello from $0\" | cut -c1-10\n          pwd\n          echo "
          "tag=v1 >> \"$GITHUB_OUTPUT\"\n");
  EXPECT_EQ(result.conclusion, Conclusion::success) << log_.all();
  EXPECT_THAT(log_.texts(LineKind::output), Contains("hello from"));
  EXPECT_THAT(log_.texts(LineKind::output), Contains("/job/workspace"));
  EXPECT_THAT(result.outputs, ElementsAre(testing::Pair("tag", "v1")));
}

TEST_F(ShellsInSandbox, BashFailsInTheMiddleOfAPipe) {
  EXPECT_EQ(run("        shell: bash\n        run: false | true\n").conclusion, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre("Process completed with exit code 1."));
}

TEST_F(ShellsInSandbox, ShStopsAtTheFirstError) {
  EXPECT_EQ(
      run("        shell: sh\n        run: |\n          sh -c 'exit 7'\n          echo never\n").conclusion,
      Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre("Process completed with exit code 7."));
  EXPECT_THAT(log_.texts(LineKind::output), testing::Not(Contains("never")));
}

TEST_F(ShellsInSandbox, PythonByTemplate) {
  if (!has("python3")) GTEST_SKIP() << "python3 is not installed";
  EXPECT_EQ(run("        shell: python3 {0}\n        run: |\n          import os\n          print('in', "
                "os.getcwd())\n")
                .conclusion,
            Conclusion::success);
  EXPECT_THAT(log_.texts(LineKind::output), Contains("in /job/workspace"));
}

TEST_F(ShellsInSandbox, AnyOtherByTemplate) {
  if (!has("perl")) GTEST_SKIP() << "perl is not installed";
  EXPECT_EQ(run("        shell: perl {0}\n        run: print \"from perl\\n\";\n").conclusion,
            Conclusion::success);
  EXPECT_THAT(log_.texts(LineKind::output), Contains("from perl"));
}

TEST_F(ShellsInSandbox, AShellThatIsNotThere) {
  EXPECT_EQ(run("        shell: no-such-shell {0}\n        run: x\n").conclusion, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre("no-such-shell: command not found"));
}

TEST_F(ShellsInSandbox, AFolderThatIsNotThere) {
  EXPECT_EQ(run("        working-directory: nowhere\n        run: x\n").conclusion, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre(HasSubstr("/job/workspace/nowhere")));
}

TEST_F(ShellsInSandbox, ATimeLimitEndsWhatTheShellStarted) {
  const StepResult result = run("        timeout-minutes: 0.005\n        run: sleep 100\n");
  EXPECT_EQ(result.conclusion, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre(HasSubstr("has timed out after 0.005 minutes")));
}

TEST_F(ShellsInSandbox, JavaScriptActions) {
  if (!has("node")) GTEST_SKIP() << "node is not installed";
  write("act/action.yml",
        "name: x\ninputs:\n  who:\n    default: me\nruns:\n  using: node20\n  main: index.js\n");
  write("act/index.js",
        "const fs = require('fs');\nfs.appendFileSync(process.env.GITHUB_OUTPUT, "
        "`who=${process.env.INPUT_WHO}\\n`);\n"
        "console.log('::notice::from node');\n");
  const StepResult result = run("        uses: ./act\n");
  EXPECT_EQ(result.conclusion, Conclusion::success) << log_.all();
  EXPECT_THAT(result.outputs, ElementsAre(testing::Pair("who", "me")));
  EXPECT_THAT(log_.texts(LineKind::notice), ElementsAre("from node"));
}

}  // namespace
}  // namespace steps
