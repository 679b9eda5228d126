// Whom a workflow trusts with its secrets: actions that may change, workflows of others, code of forks.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "workflow/cache_mode.h"
#include "workflow/lint/access_path.h"
#include "workflow/lint/every_step.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/used_actions.h"

namespace workflow::lint {

namespace {

// Who runs the machines and clouds that the workflow relies on anyway.
constexpr std::array kTrusted{
    std::string_view("actions"),     std::string_view("github"), std::string_view("docker"),
    std::string_view("aws-actions"), std::string_view("azure"),  std::string_view("google-github-actions"),
};

std::string_view owner_of(const ActionReference& reference) {
  return reference.name.substr(0, reference.name.find('/'));
}

bool is_trusted(const ActionReference& reference) {
  return std::any_of(kTrusted.begin(), kTrusted.end(), [&](std::string_view owner) {
    return base::equals_ignoring_case(owner, owner_of(reference));
  });
}

bool has_trigger(const Workflow& workflow, std::string_view event) {
  return std::any_of(workflow.triggers.begin(), workflow.triggers.end(),
                     [&](const Trigger& trigger) { return trigger.event == event; });
}

// Started by what a stranger does, with the secrets of this repository.
bool is_privileged(const Workflow& workflow) {
  return has_trigger(workflow, "pull_request_target") || has_trigger(workflow, "workflow_run") ||
         has_trigger(workflow, "issue_comment");
}

// What names code of a fork.
bool leads_to_a_fork(const std::string& path) {
  return path == "github.head_ref" || path.starts_with("github.event.pull_request.head.") ||
         path == "github.event.pull_request.merge_commit_sha" ||
         path.starts_with("github.event.workflow_run.head_") ||
         path.starts_with("github.event.workflow_run.pull_requests.") ||
         path == "github.event.issue.number" || path == "github.event.pull_request.number";
}

bool names_a_fork(const Node& value) {
  bool found = false;
  const bool has_number = value.text.find("refs/pull/") != std::string::npos;
  every_access_path(value.text, [&](const std::string& path) {
    const bool is_number = path.ends_with(".number");
    found = found || (leads_to_a_fork(path) && (!is_number || has_number));
  });
  return found;
}

// A condition that asks where the code comes from, or who asks.
bool is_guarded(const std::optional<Text>& condition) {
  if (!condition) return false;
  const auto text = base::to_lower(condition->text);
  return text.find("head.repo") != std::string::npos || text.find("head_repository") != std::string::npos ||
         text.find("author_association") != std::string::npos ||
         text.find("github.actor") != std::string::npos || text.find(".login") != std::string::npos ||
         text.find("label") != std::string::npos || text.find("event_name == 'push'") != std::string::npos ||
         text.find("workflow_run.event") != std::string::npos;
}

std::string short_of(std::string_view text) {
  constexpr std::size_t kLong = 60;
  return text.size() <= kLong ? std::string(text) : std::string(text.substr(0, kLong)) + "…";
}

void report_unpinned(const LintedFile& file, const Text& uses, Diagnostics& findings) {
  const auto reference = split_action_reference(uses.text);
  if (!reference || is_trusted(*reference) || is_commit(reference->ref)) return;
  findings.push_back(
      {{file.path, uses.line, uses.column},
       fmt::format("'{}' of {} may point to other code tomorrow; name the commit: {}@<40 digits> "
                   "# {}",
                   short_of(reference->ref), owner_of(*reference), reference->name,
                   short_of(reference->ref))});
}

}  // namespace

void check_unpinned_actions(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    if (job.uses) report_unpinned(file, *job.uses, findings);
    every_step(job.steps, [&](const Step& step) {
      if (step.uses) report_unpinned(file, *step.uses, findings);
    });
  }
}

void check_inherited_secrets(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    if (!job.uses || job.secrets.text != "inherit") continue;
    const auto reference = split_action_reference(job.uses->text);
    if (!reference || is_trusted(*reference)) continue;
    findings.push_back(
        {{file.path, job.secrets.line, job.secrets.column},
         fmt::format("every secret of this repository goes to a workflow of {}; name those that "
                     "it needs",
                     owner_of(*reference))});
  }
}

void check_untrusted_checkouts(const LintedFile& file, Diagnostics& findings) {
  const auto& workflow = file.draft.workflow;
  if (!is_privileged(workflow)) return;
  for (const auto& job : workflow.jobs) {
    if (is_guarded(job.condition)) continue;
    every_step(job.steps, [&](const Step& step) {
      if (!uses_action(step, "actions/checkout") || is_guarded(step.condition)) return;
      const Node& ref = input_of(step, "ref");
      const Node& repository = input_of(step, "repository");
      const Node& value = names_a_fork(ref) ? ref : repository;
      if (!names_a_fork(value)) return;
      findings.push_back(
          {{file.path, value.line, value.column},
           "this checks out what a stranger wrote, where the secrets of this repository and a token that may "
           "write are in reach: nothing of it may be run or built here; use `on: pull_request` for that, or "
           "ask in `if:` whether the code is of this repository"});
    });
  }
}

void check_cache_poisoning(const LintedFile& file, Diagnostics& findings) {
  if (!is_privileged(file.draft.workflow)) return;
  const auto report = [&](const Node& value) {
    const auto mode = cache_mode_of(value);
    if (!mode || !may_save(*mode)) return;
    findings.push_back(
        {{file.path, value.line, value.column},
         fmt::format(
             "'cache-mode: {}' lets what a stranger causes fill caches that runs with secrets restore; "
             "without it, or with 'read', they restore only",
             value.text)});
  };
  report(file.draft.root["cache-mode"]);
  for (const auto& [id, job] : file.draft.root["jobs"].members) report(job["cache-mode"]);
}

}  // namespace workflow::lint
