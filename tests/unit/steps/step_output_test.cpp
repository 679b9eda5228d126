#include "steps/step_output.h"

#include <gmock/gmock.h>

#include "tests/unit/steps/job_fixture.h"

namespace steps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class StepOutputTest : public JobFixture {
 protected:
  void print(const std::vector<std::string>& lines, const sandbox::EnvVars& environment = {}) {
    StepOutput output(job_, environment);
    for (const std::string& line : lines) output.line(line);
    effects_ = output.effects();
  }
  CommandEffects effects_;
};

TEST_F(StepOutputTest, ShowsOrdinaryLines) {
  print({"hello", "::unknown::x", "##[command]git status"});
  EXPECT_THAT(log_.texts(LineKind::output), ElementsAre("hello", "::unknown::x"));
  EXPECT_THAT(log_.texts(LineKind::command), ElementsAre("git status"));
}

TEST_F(StepOutputTest, FindsTheCommandsOfABlockOfLines) {
  StepOutput output(job_, {});
  const std::string much(500, '-');
  output.lines("::notice::first\na::b std::string\n" + much + "\n \t::notice::second\n##[notice]third::x\n" +
               much +
               "##[notice]fourth\n::stop-commands::until\n::notice::none\n::until::\nx ::notice::none\n");
  EXPECT_THAT(log_.texts(LineKind::notice), ElementsAre("first", "second", "third::x", "fourth"));
  EXPECT_THAT(log_.texts(LineKind::output),
              ElementsAre("a::b std::string", much, "::stop-commands::until", "::notice::none",
                          "::until::", "x ::notice::none", ""));
}

TEST_F(StepOutputTest, KeepsOutputsAndState) {
  print({"::set-output name=a::1%0A2", "::save-state name=s::x"});
  EXPECT_THAT(effects_.outputs, ElementsAre(Pair("a", "1\n2")));
  EXPECT_THAT(effects_.state, ElementsAre(Pair("s", "x")));
  EXPECT_FALSE(effects_.failed);
}

TEST_F(StepOutputTest, WarnsOfDeprecatedCommandsEachTime) {
  print({"::set-output name=a::1", "::save-state name=s::x", "::set-output name=b::2"});
  const auto warning = [](const std::string& command) {
    return "The `" + command +
           "` command is deprecated and will be disabled soon. Please upgrade to using Environment Files. "
           "For more information see: https://github.blog/changelog/"
           "2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/";
  };
  EXPECT_THAT(log_.texts(LineKind::warning),
              ElementsAre(warning("set-output"), warning("save-state"), warning("set-output")));
}

TEST_F(StepOutputTest, MasksFromTheNextLineOn) {
  print({"::add-mask::hunter2"});
  EXPECT_EQ(masker_.mask("hunter2"), "***");
  EXPECT_EQ(log_.all(), "");
}

TEST_F(StepOutputTest, TurnsErrorsIntoAnnotationsTenOfEachKind) {
  std::vector<std::string> lines(12, "::error file=a.py,line=3::bad");
  lines.emplace_back("::warning::careful");
  print(lines);
  EXPECT_EQ(log_.annotations.size(), 11U);
  EXPECT_EQ(log_.texts(LineKind::error).size(), 12U);
  EXPECT_EQ(log_.annotations[0].file, "a.py");
}

TEST_F(StepOutputTest, StopsAndResumesCommands) {
  print({"::stop-commands::my-token", "::set-output name=a::1", "::error::shown as it is",
         "::my-token::", "::set-output name=b::2"});
  EXPECT_THAT(effects_.outputs, ElementsAre(Pair("b", "2")));
  EXPECT_THAT(log_.texts(LineKind::error), IsEmpty());
  EXPECT_THAT(log_.texts(LineKind::output), ElementsAre("::stop-commands::my-token", "::set-output name=a::1",
                                                        "::error::shown as it is", "::my-token::"));
  EXPECT_TRUE(masker_.holds_secret("my-token"));
}

TEST_F(StepOutputTest, FailsTheStepForABadToken) {
  for (const char* token : {"", "pause-logging", "error"}) {
    print({std::string("::stop-commands::") + token});
    EXPECT_TRUE(effects_.failed) << token;
  }
}

TEST_F(StepOutputTest, RefusesSetEnvAndAddPathUnlessAllowed) {
  print({"::set-env name=A::1", "::add-path::/x"});
  EXPECT_TRUE(effects_.failed);
  EXPECT_THAT(effects_.environment, IsEmpty());
  EXPECT_EQ(log_.annotations[0].message, "Unable to process command '::set-env name=A::1' successfully.");
  EXPECT_THAT(log_.annotations[1].message, HasSubstr("The `set-env` command is disabled."));
  EXPECT_THAT(log_.annotations[3].message, HasSubstr("The `add-path` command is disabled."));
  print({"::set-env name=A::1", "::add-path::/x"}, {{"ACTIONS_ALLOW_UNSECURE_COMMANDS", "true"}});
  EXPECT_FALSE(effects_.failed);
  EXPECT_THAT(effects_.environment, ElementsAre(Pair("A", "1")));
  EXPECT_THAT(effects_.search_path, ElementsAre("/x"));
}

TEST_F(StepOutputTest, EchoesCommandsWhenAsked) {
  print({"::echo::on", "::set-output name=a::1", "::add-mask::s3cr3t", "::echo::off",
         "::set-output name=b::2"});
  EXPECT_THAT(log_.texts(LineKind::output),
              ElementsAre("::set-output name=a::1", "::add-mask::***", "::echo::off"));
  print({"::echo::maybe"});
  EXPECT_TRUE(effects_.failed);
}

TEST_F(StepOutputTest, ReadsMatchersFromTheWorkspaceAndOnlyFromThere) {
  write("matcher.json",
        R"({"problemMatcher": [{"owner": "x", "pattern": [{"regexp": "^E: (.*)$", "message": 1}]}]})");
  print({"::add-matcher::matcher.json", "E: broken", "::remove-matcher owner=x::", "E: plain"});
  EXPECT_FALSE(effects_.failed);
  ASSERT_EQ(log_.annotations.size(), 1U);
  EXPECT_EQ(log_.annotations[0].message, "broken");
  EXPECT_THAT(log_.texts(LineKind::output), ElementsAre("E: plain"));
  print({"::add-matcher::/etc/passwd"});
  EXPECT_TRUE(effects_.failed);
}

TEST_F(StepOutputTest, LogsTheLineThatAMatcherFound) {
  write("matcher.json", R"({"problemMatcher": [{"owner": "x", "severity": "notice", "pattern": [
    {"regexp": "^(\\S+): (.*)$", "file": 1, "message": 2}]}]})");
  write(".git/config", "[core]\n");
  write("src/a.c", "");
  print({"::add-matcher::matcher.json", "src/a.c: broken", "src/b.c: not there"});
  ASSERT_EQ(log_.annotations.size(), 2U);
  EXPECT_EQ(log_.annotations[0].message, "broken");
  EXPECT_EQ(log_.annotations[0].log_line, "src/a.c: broken");
  EXPECT_EQ(log_.annotations[0].file, "src/a.c");
  EXPECT_EQ(log_.annotations[1].file, "");
}

TEST_F(StepOutputTest, LetsNobodyPrintTheRunnersMarkers) {
  print({"##[start-action display=x]", "a ##[end-action id=y]"});
  EXPECT_THAT(log_.texts(LineKind::output),
              ElementsAre("##[\\start-action display=x]", "a ##[\\end-action id=y]"));
}

TEST_F(StepOutputTest, KeepsOnlySoMuch) {
  const std::string large(1 << 20, 'x');
  std::vector<std::string> lines;
  for (int i = 0; i < 40; ++i) lines.push_back("::set-output name=n" + std::to_string(i) + "::" + large);
  print(lines);
  EXPECT_TRUE(effects_.failed);
  EXPECT_LT(effects_.outputs.size(), 33U);
}

}  // namespace
}  // namespace steps
