// Artifacts that tell too much, and artifacts that are believed too much.

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/lint/access_path.h"
#include "workflow/lint/every_step.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/used_actions.h"

namespace workflow::lint {

namespace {

// Since version 6 the token is kept outside of the workspace (actions/checkout, pull request 2286).
constexpr int kKeepsTokenElsewhere = 6;

// Whether the step leaves the job's token in .git/config of the workspace.
bool leaves_token(const LintedFile& file, const Step& step) {
  if (!uses_action(step, "actions/checkout")) return false;
  const Node& persist = input_of(step, "persist-credentials");
  if (base::to_lower(persist.text) == "false") return false;
  const auto known = known_action_of(file, *step.uses);
  return known && known->major && *known->major < kKeepsTokenElsewhere;
}

// Whether one of the paths is the whole workspace.
bool uploads_workspace(const Node& paths) {
  const auto lines = base::lines_of(paths.text);
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    const auto path = base::replace_all(base::trim(line), " ", "");
    return path == "." || path == "./" || path == "${{github.workspace}}" || path == "${{github.workspace}}/";
  });
}

// upload-artifact leaves hidden files out unless it is told otherwise, since 3.2 and 4.4.
bool uploads_hidden_files(const LintedFile& file, const Step& step) {
  if (base::to_lower(input_of(step, "include-hidden-files").text) == "true") return true;
  const auto known = known_action_of(file, *step.uses);
  constexpr int kLeavesHiddenFilesOut = 3;
  return known && known->major && *known->major < kLeavesHiddenFilesOut;
}

bool is_outside_of_workspace(const Node& path) {
  const auto text = base::to_lower(path.text);
  return text.find("runner.temp") != std::string::npos || text.find("runner_temp") != std::string::npos ||
         text.starts_with("/tmp");
}

bool is_of_the_run_before(const Node& run_id) {
  bool found = false;
  every_access_path(
      run_id.text, [&](const std::string& path) { found = found || path == "github.event.workflow_run.id"; });
  return found;
}

}  // namespace

void check_persisted_credentials(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    bool has_token = false;
    every_step(job.steps, [&](const Step& step) {
      has_token = has_token || leaves_token(file, step);
      const Node& path = input_of(step, "path");
      if (!has_token || !uses_action(step, "actions/upload-artifact") || !uploads_workspace(path) ||
          !uploads_hidden_files(file, step))
        return;
      findings.push_back(
          {{file.path, path.line, path.column},
           "the artifact holds .git/config and in it the token of this job, for everyone who can "
           "read the artifact; check out with `persist-credentials: false`, or name what is to "
           "be kept"});
    });
  }
}

void check_untrusted_artifacts(const LintedFile& file, Diagnostics& findings) {
  const auto& triggers = file.draft.workflow.triggers;
  const bool follows_a_run = std::any_of(triggers.begin(), triggers.end(), [](const Trigger& trigger) {
    return trigger.event == "workflow_run";
  });
  if (!follows_a_run) return;
  every_used_action(file, [&](const Job&, const Step& step) {
    const bool is_official = uses_action(step, "actions/download-artifact");
    if (!is_official && !uses_action(step, "dawidd6/action-download-artifact")) return;
    const Node& run_id = input_of(step, is_official ? "run-id" : "run_id");
    if (!is_of_the_run_before(run_id) || is_outside_of_workspace(input_of(step, "path"))) return;
    findings.push_back(
        {{file.path, step.uses->line, step.uses->column},
         "the run before may have been of a fork: its artifact may hold anything, and may replace "
         "files of the workspace; give it a path of its own, as in "
         "`path: ${{ runner.temp }}/artifact`, and believe nothing in it"});
  });
}

}  // namespace workflow::lint
