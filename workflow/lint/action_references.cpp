#include <fmt/format.h>

#include "workflow/expression/template.h"
#include "workflow/lint/every_step.h"
#include "workflow/lint/known_actions.h"
#include "workflow/lint/local_references.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

constexpr std::string_view kDocker = "docker://";

// What is wrong with the form of it, or "".
std::string problem_of(const std::string& uses) {
  if (uses.empty() || expression::has_expression(uses)) return "";
  if (is_local(uses)) {
    if (uses.find('@') != std::string::npos)
      return fmt::format("'{}' names a folder of this repository, which has no '@ref'; leave out '{}'", uses,
                         uses.substr(uses.find('@')));
    return "";
  }
  if (uses.starts_with(kDocker)) {
    const bool is_empty = uses.size() == kDocker.size();
    return is_empty ? fmt::format("expected an image behind '{}', as in docker://alpine:3.22", kDocker) : "";
  }
  if (split_action_reference(uses)) return "";
  if (uses.find('@') == std::string::npos && uses.find('/') != std::string::npos)
    return fmt::format("'{}' says no version: expected owner/repository@ref, as in '{}@v1', or ./path", uses,
                       uses);
  return fmt::format(
      "'{}' is no action: expected owner/repository@ref, owner/repository/path@ref, ./path or "
      "docker://image",
      uses);
}

}  // namespace

void check_action_references(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    every_step(job.steps, [&](const Step& step) {
      if (!step.uses) return;
      if (auto problem = problem_of(step.uses->text); !problem.empty())
        findings.push_back({{file.path, step.uses->line, step.uses->column}, std::move(problem)});
    });
  }
}

}  // namespace workflow::lint
