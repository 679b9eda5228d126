#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "workflow/lint/every_step.h"
#include "workflow/lint/granted_permissions.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/used_actions.h"

namespace workflow::lint {

namespace {

bool is_called(const Workflow& workflow) {
  return std::any_of(workflow.triggers.begin(), workflow.triggers.end(),
                     [](const Trigger& trigger) { return trigger.event == "workflow_call"; });
}

std::string_view name_of(Access access) {
  return access == Access::write ? "write" : "read";
}

// Without a list the settings of the repository decide, but they never grant id-token; and who calls a
// workflow may grant it.
bool is_missing(const NeededPermission& needed, const GrantedPermissions& granted, bool is_called) {
  if (!granted.are_listed()) return needed.scope == "id-token" && !is_called;
  return granted.of(needed.scope) < needed.access;
}

void check_step(const LintedFile& file, const GrantedPermissions& granted, const Step& step,
                Diagnostics& findings) {
  for (const auto& needed : permissions_needed_by(step)) {
    if (!is_missing(needed, granted, is_called(file.draft.workflow))) continue;
    const auto reference = split_action_reference(step.uses->text);
    const auto why = granted.are_listed()
                         ? fmt::format("the permissions at line {} do not have (what is not listed is none)",
                                       granted.node().line)
                         : std::string("no job has that does not list it under `permissions:`");
    // Everyone may read a public repository.
    const auto where =
        needed.scope == "contents" && needed.access == Access::read ? " in a private repository" : "";
    findings.push_back({{file.path, step.uses->line, step.uses->column},
                        fmt::format("{} needs the permission '{}: {}'{}, which {}", reference->name,
                                    needed.scope, name_of(needed.access), where, why)});
  }
}

bool may_need_id_token(const Job& job) {
  if (job.uses || job.container.present() || job.services.present()) return true;
  bool may = false;
  every_step(job.steps, [&](const Step& step) { may = may || may_use_oidc(step).value_or(true); });
  return may;
}

void report_id_token(const LintedFile& file, const Node& permissions, Diagnostics& findings) {
  const Node& node = permissions["id-token"];
  findings.push_back({{file.path, node.line, node.column},
                      "nothing here asks for an OIDC token, and whatever runs here could: leave out "
                      "'id-token: write'"});
}

}  // namespace

void check_missing_permissions(const LintedFile& file, Diagnostics& findings) {
  const auto& workflow = file.draft.workflow;
  for (const auto& job : workflow.jobs) {
    const GrantedPermissions granted(workflow, job);
    every_step(job.steps, [&](const Step& step) {
      if (step.uses) check_step(file, granted, step, findings);
    });
  }
}

void check_unneeded_id_tokens(const LintedFile& file, Diagnostics& findings) {
  const auto& workflow = file.draft.workflow;
  bool is_of_workflow_needed = false;
  for (const auto& job : workflow.jobs) {
    const bool may_need = may_need_id_token(job);
    if (!job.permissions.present()) is_of_workflow_needed = is_of_workflow_needed || may_need;
    if (job.permissions["id-token"].text == "write" && !may_need)
      report_id_token(file, job.permissions, findings);
  }
  if (workflow.permissions["id-token"].text == "write" && !is_of_workflow_needed)
    report_id_token(file, workflow.permissions, findings);
}

}  // namespace workflow::lint
