#include <gmock/gmock.h>

#include "steps/builtin_actions.h"
#include "tests/unit/steps/job_fixture.h"

namespace steps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SetupTool : public JobFixture {
 protected:
  void prints(const std::string& output, int code = 0) {
    fakes::FakeSandbox::Answer answer;
    answer.output = output;
    answer.status.code = code;
    sandbox_.will(answer);
  }
  base::Result<ActionOutcome> python(std::map<std::string, std::string> inputs) {
    ActionCall call;
    call.uses = "actions/setup-python@v5";
    call.inputs = std::move(inputs);
    return builtin::setup_python(call, job_);
  }
  base::Result<ActionOutcome> node(std::map<std::string, std::string> inputs) {
    ActionCall call;
    call.inputs = std::move(inputs);
    return builtin::setup_node(call, job_);
  }
};

TEST_F(SetupTool, PutsAPythonThatFitsOnPath) {
  prints("3.11.2\n/usr/bin/python3.11\nFalse\n");
  auto outcome = python({{"python-version", "3.11"}});
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(sandbox_.commands[0].argv[0], "python3.11");
  EXPECT_EQ(outcome->outputs.at("python-version"), "3.11.2");
  EXPECT_EQ(outcome->outputs.at("python-path"), "/usr/bin/python3.11");
  const base::Path bin = outcome->search_path.at(0);
  EXPECT_EQ(bin, job_.folders.tool_cache.host / "Python/3.11.2/x64/bin");
  EXPECT_EQ(std::filesystem::read_symlink(bin / "python"), "/usr/bin/python3.11");
  EXPECT_THAT(*base::read_file(bin / "pip"), HasSubstr("'/usr/bin/python3.11' -m pip"));
  EXPECT_THAT(outcome->environment, testing::Contains(testing::Pair("PIP_BREAK_SYSTEM_PACKAGES", "1")));
}

TEST_F(SetupTool, LeavesPipAloneWherePackagesCanBeInstalled) {
  prints("3.11.2\n/usr/bin/python3.11\nTrue\n");
  auto outcome = python({{"python-version", "3.11"}});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->environment.size(), 3U);
}

TEST_F(SetupTool, SaysWhatIsThereAndWhatWasAskedFor) {
  prints("", 127);
  prints("3.11.2\n/usr/bin/python3\nFalse\n");
  auto outcome = python({{"python-version", "3.13"}});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("Python 3.13 was asked for (python-version)"));
  EXPECT_THAT(outcome.error().message, HasSubstr("3.11.2 (/usr/bin/python3)"));
  EXPECT_THAT(outcome.error().message, HasSubstr("apt-get install python3.13"));
}

TEST_F(SetupTool, ReadsVersionFiles) {
  write(".python-version", "# comment\n3.11\n");
  prints("3.11.2\n/usr/bin/python3.11\nFalse\n");
  EXPECT_TRUE(python({{"python-version-file", ".python-version"}}).ok());
  write("pyproject.toml", "[project]\nrequires-python = \">=3.12\"\n");
  prints("", 127);
  prints("3.11.2\n/usr/bin/python3\nFalse\n");
  auto outcome = python({{"python-version-file", "pyproject.toml"}});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr(">=3.12"));
  EXPECT_FALSE(python({{"python-version-file", "missing"}}).ok());
  EXPECT_FALSE(python({{"python-version-file", "/etc/passwd"}}).ok());
}

TEST_F(SetupTool, RefusesAVersionThatIsNone) {
  auto outcome = python({{"python-version", "pypy3.9"}});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("'pypy3.9' is not a version"));
}

TEST_F(SetupTool, FindsNodeAndItsReleaseNames) {
  for (const char* wanted : {"20", "20.x", "lts/*", "lts/iron", "latest", ">=18"}) {
    prints("v20.20.2\n/usr/bin/node\n");
    auto outcome = node({{"node-version", wanted}});
    ASSERT_TRUE(outcome) << wanted << outcome.error().to_string();
    EXPECT_EQ(outcome->outputs.at("node-version"), "v20.20.2");
    EXPECT_THAT(outcome->search_path, ElementsAre("/usr/bin"));
  }
  prints("v20.20.2\n/usr/bin/node\n");
  auto missing = node({{"node-version", "lts/jod"}});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("Node.js 22 was asked for"));
}

TEST_F(SetupTool, ReadsTheEnginesOfPackageJson) {
  write("package.json", R"({"engines": {"node": ">=21"}})");
  prints("v20.20.2\n/usr/bin/node\n");
  auto outcome = node({{"node-version-file", "package.json"}});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr(">=21"));
}

}  // namespace
}  // namespace steps
