#include <gtest/gtest.h>

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

}  // namespace
}  // namespace workflow
