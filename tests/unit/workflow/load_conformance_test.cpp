#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "conformance_data.h"
#include "workflow/action_metadata.h"
#include "workflow/load_workflow.h"
#include "workflow/plan.h"

namespace workflow {
namespace {

std::string listed(const Diagnostics& diagnostics) {
  std::string text;
  for (const auto& diagnostic : diagnostics) text += to_string(diagnostic) + "\n";
  return text;
}

TEST(LoadConformance, AcceptsEveryWorkflowThatALinterAccepts) {
  SKIP_WITHOUT_CONFORMANCE_DATA("actionlint-ok");
  const auto files = files_below(conformance_folder("actionlint-ok"), {".yaml", ".yml"});
  EXPECT_GE(files.size(), 50U);
  for (const auto& file : files) {
    const auto name = file.filename().string();
    // These are about what stands inside of scripts.
    if (name.find("shellcheck") != std::string::npos || name.find("pyflakes") != std::string::npos) continue;
    EXPECT_EQ(listed(load_workflow(name, content_of(file)).diagnostics), "");
  }
}

TEST(LoadConformance, LoadsAndPlansEveryStarterWorkflow) {
  SKIP_WITHOUT_CONFORMANCE_DATA("starter-workflows");
  const auto files = files_below(conformance_folder("starter-workflows"), {".yaml", ".yml"});
  EXPECT_GE(files.size(), 100U);
  for (const auto& file : files) {
    const auto loaded = load_workflow(file.filename().string(), content_of(file));
    EXPECT_EQ(listed(loaded.diagnostics), "");
    if (!loaded.workflow) continue;
    Contexts contexts;
    for (const auto* name : {"github", "vars", "inputs"}) contexts.set(name, expression::Value());
    const auto plan = make_plan(*loaded.workflow, contexts, std::nullopt);
    ASSERT_TRUE(plan.ok()) << file.filename() << ": " << plan.error().to_string();
    EXPECT_EQ(plan->groups.size(), loaded.workflow->jobs.size()) << file.filename();
  }
}

/// The lines of which `x.out` says something, for one rule; "" is every rule.
std::set<int> lines_with(const std::string& out, const std::string& rule) {
  std::set<int> lines;
  std::istringstream stream(out);
  for (std::string line; std::getline(stream, line);) {
    const auto at =
        line.find("test.yaml:") == std::string::npos ? line.find("test\\.yaml:") : line.find("test.yaml:");
    if (at == std::string::npos || line.find(rule) == std::string::npos) continue;
    lines.insert(std::atoi(line.c_str() + line.find(':', at) + 1));
  }
  return lines;
}

struct Score {
  int expected = 0;
  int found = 0;
  std::string missing;
};

// A file counts as found when one of our diagnostics stands on a line that the linter names for that rule.
Score score_of(const std::vector<std::string>& folders, const std::string& rule) {
  Score score;
  for (const auto& folder : folders) {
    for (const auto& file : files_below(conformance_folder(folder), {".yaml", ".yml"})) {
      auto expected = file;
      expected.replace_extension(".out");
      if (!base::exists(expected)) continue;
      const auto lines = lines_with(content_of(expected), "[" + rule + "]");
      if (lines.empty()) continue;
      ++score.expected;
      const auto loaded = load_workflow(file.filename().string(), content_of(file));
      bool found = false;
      for (const auto& diagnostic : loaded.diagnostics) {
        found = found || lines.count(diagnostic.location.line) > 0;
      }
      score.found += found ? 1 : 0;
      if (!found) {
        score.missing += folder + "/" + file.filename().string() + "\n" + content_of(expected) + "→ " +
                         listed(loaded.diagnostics) + "\n";
      }
    }
  }
  return score;
}

struct RuleFloor {
  const char* rule;
  int expected;  ///< files that are there for the rule
  int found;     ///< of these, what we found at least so far; raise it with every rule that is added
};

// The linter's other rules judge style, scripts and the actions of others; these are about the language. Of
// its expression rule most are type checks that GitHub does not make.
TEST(LoadConformance, FindsMostOfWhatALinterFindsWrong) {
  SKIP_WITHOUT_CONFORMANCE_DATA("actionlint-err");
  constexpr RuleFloor kFloors[] = {
      {"syntax-check", 38, 33}, {"expression", 30, 7}, {"id", 2, 2},  {"matrix", 3, 2},
      {"permissions", 4, 4},    {"events", 9, 3},      {"glob", 3, 1}};
  for (const auto& [rule, expected, found] : kFloors) {
    const auto score = score_of({"actionlint-err", "actionlint-examples"}, rule);
    EXPECT_GE(score.expected, expected) << rule;
    EXPECT_GE(score.found, found) << rule << " of " << score.expected << "; not found:\n" << score.missing;
  }
}

}  // namespace
}  // namespace workflow
