#include "cli/plan_text.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "steps/step_log.h"

namespace cli {

namespace {

std::string title_of(const workflow::Step& step) {
  if (step.name) return step.name->text;
  if (step.uses) return "Run " + step.uses->text;
  return step.run ? steps::run_title(step.run->text) : step.id;
}

std::string condition_of(const std::optional<workflow::Text>& condition) {
  return condition ? fmt::format("  if {}", base::trim(condition->text)) : "";
}

std::string heading_of(const workflow::JobGroup& group) {
  std::string text = group.job->id;
  if (!group.needs.empty()) text += fmt::format("  after {}", base::join(group.needs, ", "));
  text += condition_of(group.job->condition);
  if (!group.expanded) text += "  (its legs are known when the jobs that it needs have run)";
  return text;
}

}  // namespace

std::string plan_text(const workflow::Plan& plan) {
  std::string text = fmt::format("{} ({})\n", plan.workflow->name.value_or("Workflow"), plan.workflow->path);
  for (const auto& group : plan.groups) {
    text += fmt::format("\n{}\n", heading_of(group));
    if (group.legs.size() > 1) {
      for (const auto& leg : group.legs) text += fmt::format("  leg {}\n", leg.name);
    }
    if (group.job->uses) text += fmt::format("  calls {}\n", group.job->uses->text);
    if (group.job->called) {
      for (const auto& job : group.job->called->jobs)
        text += fmt::format("  job {} / {}\n", group.job->id, job.id);
    }
    int number = 0;
    for (const auto& step : group.job->steps)
      text += fmt::format("  {:>2}. {}{}\n", ++number, title_of(step), condition_of(step.condition));
  }
  return text;
}

}  // namespace cli
