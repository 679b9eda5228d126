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
  EXPECT_THAT(outcome->environment, testing::Not(testing::Contains(testing::Key("PYTHONUSERBASE"))));
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

TEST_F(SetupTool, ReadsEveryKindOfVersionFile) {
  const auto asked = [this](const char* input, const char* name, const char* content) {
    write(name, content);
    const bool is_node = std::string_view(input).starts_with("node");
    prints(is_node ? "v20.20.2\n/usr/bin/node\n" : "3.11.2\n/usr/bin/python3\nFalse\n");
    if (!is_node) prints("3.11.2\n/usr/bin/python3\nFalse\n");
    if (!is_node) prints("3.11.2\n/usr/bin/python3\nFalse\n");
    auto outcome = is_node ? node({{input, name}}) : python({{input, name}});
    sandbox_ = {};
    return outcome ? "fits" : outcome.error().message;
  };
  constexpr const char* kNode = "node-version-file";
  constexpr const char* kPython = "python-version-file";
  EXPECT_THAT(asked(kNode, "package.json", R"({"volta": {"node": "9.1"}, "engines": {"node": "20"}})"),
              HasSubstr("9.1"));
  EXPECT_THAT(
      asked(kNode, "package.json", R"({"devEngines": {"runtime": [{"name": "Node", "version": "^8"}]}})"),
      HasSubstr("^8"));
  EXPECT_THAT(asked(kNode, "mise.toml", "[env]\nnode = \"1\"\n[tools]\nnode = \"7\"\n"),
              HasSubstr("Node.js 7"));
  EXPECT_THAT(asked(kNode, ".nvmrc", "v6\n"), HasSubstr("Node.js v6"));
  EXPECT_EQ(asked(kNode, ".tool-versions", "python 3.1\nnodejs 20.20.2\n"), "fits");
  EXPECT_THAT(asked(kPython, "Pipfile", "[requires]\npython_version = \"3.7\"\n"), HasSubstr("Python 3.7"));
  EXPECT_THAT(asked(kPython, "pyproject.toml", "[tool.poetry.dependencies]\npython = \"^3.12\"\n"),
              HasSubstr("^3.12"));
  EXPECT_THAT(asked(kPython, "pyproject.toml", "[project]\nrequires-python = \">=3.9,<3.11\"\n"),
              HasSubstr(">=3.9 <3.11"));
  EXPECT_EQ(asked(kPython, ".python-version", "# x\n3.11/envs/mine\n"), "fits");
}

TEST_F(SetupTool, WritesTheRegistryOfNpm) {
  prints("v20.20.2\n/usr/bin/node\n");
  auto outcome = node({{"registry-url", "https://npm.example/npm"}, {"scope", "Octo"}});
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(*base::read_file(job_.folders.temp.host / ".npmrc"),
            "//npm.example/npm/:_authToken=${NODE_AUTH_TOKEN}\n@octo:registry=https://npm.example/npm/");
  EXPECT_THAT(outcome->environment,
              ElementsAre(testing::Pair("NPM_CONFIG_USERCONFIG", job_.folders.temp.inside + "/.npmrc")));
}

TEST_F(SetupTool, SaysWhyThereIsNoCache) {
  prints("v20.20.2\n/usr/bin/node\n");
  prints("/home/runner/.npm\n");
  const auto without_file = node({{"cache", "npm"}});
  ASSERT_TRUE(without_file.ok());
  EXPECT_EQ(without_file->outputs.at("cache-hit"), "false");
  EXPECT_FALSE(without_file->post);
  EXPECT_THAT(log_.all(), HasSubstr("no file of the workspace matches [package-lock.json"));
  prints("v20.20.2\n/usr/bin/node\n");
  ASSERT_TRUE(node({{"cache", "bower"}}).ok());
  EXPECT_THAT(log_.all(), HasSubstr("Caching for 'bower' is not supported"));
}

TEST_F(SetupTool, PutsGoAndItsProgramsOnPath) {
  ActionCall call;
  call.uses = "actions/setup-go@v5";
  write("go.mod", "module a\n\ngo 1.21\n\ntoolchain go1.22.3\n");
  call.inputs = {{"go-version-file", "go.mod"}};
  prints("go1.22.3\n/usr/local/go\n/home/runner/go\n");
  const auto outcome = builtin::setup_go(call, job_);
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_THAT(outcome->search_path, ElementsAre("/usr/local/go/bin", "/home/runner/go/bin"));
  EXPECT_EQ(outcome->outputs.at("go-version"), "1.22.3");
  EXPECT_THAT(outcome->environment, ElementsAre(testing::Pair("GOTOOLCHAIN", "local")));
  EXPECT_EQ(sandbox_.commands.at(0).environment.at("GOTOOLCHAIN"), "local");
  ASSERT_TRUE(job_.matchers);
}

TEST_F(SetupTool, SaysWhichGoIsMissing) {
  ActionCall call;
  call.uses = "actions/setup-go@v5";
  call.inputs = {{"go-version", "^1.23"}};
  prints("go1.22.3\n/usr/local/go\n\n");
  prints("", 127);
  prints("", 127);
  EXPECT_THAT(builtin::setup_go(call, job_).error().message,
              HasSubstr("Go ^1.23 was asked for (go-version)"));
  call.inputs = {{"go-version", "oldstable"}};
  EXPECT_THAT(builtin::setup_go(call, job_).error().message, HasSubstr("oldstable"));
}

TEST_F(SetupTool, FindsTheJavaThatIsAskedFor) {
  ActionCall call;
  call.uses = "actions/setup-java@v4";
  call.inputs = {{"distribution", "temurin"}, {"java-version", "21"}};
  prints(
      "17.0.15\t/usr/lib/jvm/java-17\tDebian\tjdk\n21.0.5\t/opt/java/21\tEclipse Adoptium\tjdk\n"
      "1.8.0_392\t/opt/java/8\tX\tjre\n");
  const auto outcome = builtin::setup_java(call, job_);
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(outcome->outputs.at("version"), "21.0.5");
  EXPECT_EQ(outcome->outputs.at("path"), "/opt/java/21");
  EXPECT_EQ(outcome->outputs.at("distribution"), "temurin");
  EXPECT_THAT(outcome->search_path, ElementsAre("/opt/java/21/bin"));
  EXPECT_THAT(outcome->environment, testing::IsSupersetOf({testing::Pair("JAVA_HOME", "/opt/java/21"),
                                                           testing::Pair("JAVA_HOME_21_X64", "/opt/java/21"),
                                                           testing::Pair("MAVEN_ARGS", "-ntp")}));
}

TEST_F(SetupTool, SaysWhichJavaIsMissing) {
  ActionCall call;
  call.uses = "actions/setup-java@v4";
  call.inputs = {{"distribution", "zulu"}, {"java-version", "1.8"}};
  prints("17.0.15\t/usr/lib/jvm/java-17\tDebian\tjdk\n1.8.0_392\t/opt/java/8\tX\tjre\n");
  EXPECT_THAT(builtin::setup_java(call, job_).error().message, HasSubstr("openjdk-8-jdk-headless"));
  call.inputs = {{"java-version", "17"}};
  EXPECT_THAT(builtin::setup_java(call, job_).error().message, HasSubstr("distribution"));
  call.inputs = {{"distribution", "zulu"}};
  EXPECT_THAT(builtin::setup_java(call, job_).error().message, HasSubstr("java-version"));
  write(".java-version", "17\n");
  call.inputs = {{"distribution", "zulu"}, {"java-version-file", ".java-version"}, {"jdk-file", "x"}};
  EXPECT_THAT(builtin::setup_java(call, job_).error().message, HasSubstr("'jdk-file' is not supported"));
}

}  // namespace
}  // namespace steps
