#include "steps/script.h"

#include <gmock/gmock.h>

namespace steps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ShellPlan planned(std::string_view shell, std::string_view script = "true") {
  auto plan = plan_script(script, shell);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? *plan : ShellPlan{};
}

TEST(Script, UsesBashUnlessThereIsOnlySh) {
  const ShellPlan plan = planned("");
  EXPECT_THAT(plan.argv, ElementsAre("bash", "-e", "{0}"));
  EXPECT_THAT(plan.fallback, ElementsAre("sh", "-e", "{0}"));
  EXPECT_EQ(plan.extension, ".sh");
}

TEST(Script, KnowsTheNamedShells) {
  EXPECT_THAT(planned("bash").argv,
              ElementsAre("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"));
  EXPECT_THAT(planned("bash").fallback, IsEmpty());
  EXPECT_THAT(planned("sh").argv, ElementsAre("sh", "-e", "{0}"));
  EXPECT_THAT(planned("python").argv, ElementsAre("python", "{0}"));
  EXPECT_EQ(planned("python").extension, ".py");
}

TEST(Script, StartsPython3WhereThereIsNoPython) {
  EXPECT_THAT(planned("python").fallback, ElementsAre("python3", "{0}"));
  EXPECT_THAT(planned("python -u {0}").fallback, ElementsAre("python3", "-u", "{0}"));
}

TEST(Script, WrapsPowerShell) {
  const ShellPlan plan = planned("pwsh", "Get-Date");
  EXPECT_THAT(plan.argv, ElementsAre("pwsh", "-command", ". '{0}'"));
  EXPECT_EQ(plan.extension, ".ps1");
  EXPECT_EQ(plan.script,
            "$ErrorActionPreference = 'stop'\nGet-Date\n"
            "if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }");
}

TEST(Script, TakesAnyCommandWithAPlaceholder) {
  EXPECT_THAT(planned("perl {0}").argv, ElementsAre("perl", "{0}"));
  EXPECT_EQ(planned("perl {0}").extension, "");
  EXPECT_THAT(planned("bash -x {0}").argv, ElementsAre("bash", "-x", "{0}"));
  EXPECT_EQ(planned("bash -x {0}").extension, ".sh");
  EXPECT_THAT(planned("env \"A=b c\" sh {0}").argv, ElementsAre("env", "A=b c", "sh", "{0}"));
}

TEST(Script, RefusesAShellThatNeverSeesTheScript) {
  for (std::string_view shell : {"perl", "bash -x", "zsh -e"}) {
    auto plan = plan_script("true", shell);
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.error().message, HasSubstr("Invalid shell option"));
    EXPECT_THAT(plan.error().message, HasSubstr("'{0}'"));
  }
}

TEST(Script, PutsThePathInPlaceOfThePlaceholder) {
  EXPECT_THAT(with_script_path({"pwsh", "-command", ". '{0}'"}, "/tmp/a.ps1"),
              ElementsAre("pwsh", "-command", ". '/tmp/a.ps1'"));
}

}  // namespace
}  // namespace steps
