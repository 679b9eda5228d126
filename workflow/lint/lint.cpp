#include "workflow/lint/lint.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "workflow/action_metadata.h"
#include "workflow/check_workflow.h"
#include "workflow/lint/expression_rules.h"
#include "workflow/lint/local_references.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/suppressions.h"

namespace workflow::lint {

namespace {

// Of one file; GitHub stops at ten, people who mend a file want to see all.
constexpr std::size_t kMostProblems = 1000;

bool is_disabled(const LintConfig& config, std::string_view rule) {
  return std::find(config.disabled_rules.begin(), config.disabled_rules.end(), rule) !=
         config.disabled_rules.end();
}

// What GitHub says. A run ends at the first layer of problems; a linter goes on to the next,
// and leaves out what only follows from the one before: it stands at the same place.
Diagnostics github_problems(const WorkflowDraft& draft) {
  Diagnostics problems = draft.diagnostics;
  if (!problems.empty() && draft.root.is_mapping()) {
    Diagnostics deeper;
    check_workflow(draft.workflow, deeper);
    check_needs(draft.workflow, deeper);
    std::set<std::pair<int, int>> places;
    for (const auto& problem : problems) places.emplace(problem.location.line, problem.location.column);
    for (auto& problem : deeper) {
      if (problems.size() >= kMostProblems) break;
      if (places.emplace(problem.location.line, problem.location.column).second)
        problems.push_back(std::move(problem));
    }
  }
  return problems;
}

// With our hints, without what comments switch off, in the order of the file.
void finish(const std::string& path, std::string_view text, Diagnostics& problems) {
  for (auto& problem : problems) {
    if (!problem.hint.empty()) problem.message += "; " + std::exchange(problem.hint, {});
  }
  const auto suppressions = read_suppressions(path, text, problems);
  remove_suppressed(suppressions, path, problems);
  std::stable_sort(problems.begin(), problems.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.location.line, a.location.column) < std::pair(b.location.line, b.location.column);
  });
  // What stands behind an alias is looked at for each alias.
  problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
  if (problems.size() > kMostProblems) problems.resize(kMostProblems);
}

}  // namespace

const std::vector<Rule>& all_rules() {
  static const std::vector<Rule> rules{
      {"action-format", Severity::error, "`uses` that names no action", check_action_references},
      {"action-inputs", Severity::error, "inputs that a local action does not have, or misses",
       check_local_action_inputs},
      {"action-metadata", Severity::warning, "what is amiss with the metadata of a local action",
       check_action_metadata},
      {"action-runtime", Severity::warning, "actions made for a node that runners no longer have",
       check_action_runtimes},
      {"anchor", Severity::warning, "YAML anchors that no alias refers to", check_anchors},
      {"broken-action", Severity::error, "local actions that cannot run", check_broken_actions},
      {"cache-poisoning", Severity::warning, "caches that strangers may fill", check_cache_poisoning},
      {"called-workflow", Severity::error, "calls of local workflows with wrong inputs or secrets",
       check_called_workflows},
      {"concurrency-deadlock", Severity::error, "jobs that wait for their own workflow",
       check_concurrency_deadlocks},
      {"concurrency-matrix", Severity::warning, "jobs of a matrix that cancel each other",
       check_concurrency_of_matrices},
      {"condition-in-text", Severity::error, "conditions that text around ${{ }} makes always true",
       check_conditions_in_text},
      {"constant-condition", Severity::warning, "conditions that are the same in every run",
       check_constant_conditions},
      {"container", Severity::error, "containers and services: image, credentials, ports, volumes, runner",
       check_containers},
      {"default-variable", Severity::warning, "environment variables that GitHub sets itself",
       check_default_variables},
      {"deprecated-commands", Severity::warning, "workflow commands that GitHub no longer obeys",
       check_deprecated_commands},
      {"deprecated-input", Severity::warning, "inputs that their action calls deprecated",
       check_deprecated_inputs},
      {"empty", Severity::error, "texts and sections without anything in them", check_empty_values},
      {"encoding", Severity::warning, "bytes that are no UTF-8, and characters that were lost",
       check_encoding},
      {"env-var", Severity::error, "names of environment variables", check_variable_names},
      {"environment-url", Severity::warning, "URLs of environments that are no links",
       check_environment_urls},
      {"events", Severity::error, "activity types and what an event needs", check_events},
      {"expression-type", Severity::error, "values of expressions that are used as what they are not",
       check_expression_types},
      {"format-arguments", Severity::error, "placeholders of format() without argument, and the reverse",
       check_format_arguments},
      {"glob", Severity::error, "patterns of branches, tags and paths that cannot be meant",
       check_filter_patterns},
      {"ignored-key", Severity::error, "keys that GitHub reads past", check_ignored_keys},
      {"impossible-comparison", Severity::warning, "strings compared with what they never are",
       check_impossible_comparisons},
      {"inherited-secrets", Severity::warning, "all secrets given to a workflow of others",
       check_inherited_secrets},
      {"inputs", Severity::error, "inputs of workflow_dispatch and workflow_call", check_inputs},
      {"json-text", Severity::error, "texts that fromJSON() cannot read", check_json_texts},
      {"known-action-inputs", Severity::warning, "inputs that a well-known action does not have, or misses",
       check_known_action_inputs},
      {"matrix", Severity::error, "values that are there twice, exclusions of nothing", check_matrices},
      {"matrix-include", Severity::warning, "includes that add nothing to a matrix", check_matrix_includes},
      {"merge-key", Severity::error, "YAML merge keys, which GitHub does not know", check_merge_keys},
      {"misplaced-if", Severity::warning, "conditions where they are no conditions",
       check_misplaced_conditions},
      {"missing-action", Severity::warning, "local actions that are not there", check_missing_actions},
      {"missing-permission", Severity::warning, "permissions that well-known actions need and do not get",
       check_missing_permissions},
      {"needed-jobs", Severity::error, "jobs that are needed twice, or are not there", check_needed_jobs},
      {"negated-filter", Severity::warning, "filters that only take away", check_negated_filters},
      {"numbers", Severity::error, "numbers out of their range", check_numbers},
      {"persisted-credentials", Severity::warning, "the token of a job in an artifact",
       check_persisted_credentials},
      {"plain-credentials", Severity::warning, "passwords of containers that stand in the workflow",
       check_plain_credentials},
      {"runner-label", Severity::warning, "labels that no runner has", check_runner_labels},
      {"runner-label-conflict", Severity::error, "labels that no runner has together",
       check_runner_label_conflicts},
      {"schedule", Severity::error, "schedules that are too frequent, never come or name no time zone",
       check_schedules},
      {"script-injection", Severity::warning, "text of strangers that becomes part of a script",
       check_script_injection},
      {"shell", Severity::error, "shells that there are not, or not on the job's system", check_shells},
      {"unknown-property", Severity::warning, "members of contexts and other objects that do not exist",
       check_unknown_properties},
      {"unneeded-id-token", Severity::warning, "the right to OIDC tokens where nothing asks for one",
       check_unneeded_id_tokens},
      {"unpinned-action", Severity::warning, "actions of third parties that are no commit",
       check_unpinned_actions},
      {"unreachable-job", Severity::warning, "jobs that need one that never runs", check_unreachable_jobs},
      {"untrusted-artifact", Severity::warning, "artifacts of strangers in the workspace",
       check_untrusted_artifacts},
      {"untrusted-checkout", Severity::warning, "code of forks where secrets are in reach",
       check_untrusted_checkouts},
  };
  return rules;
}

namespace {

// Those that look at steps and expressions alone: composite actions have them too.
constexpr std::array kRulesForActions{
    std::string_view("action-format"),
    std::string_view("action-inputs"),
    std::string_view("action-runtime"),
    std::string_view("broken-action"),
    std::string_view("condition-in-text"),
    std::string_view("constant-condition"),
    std::string_view("deprecated-commands"),
    std::string_view("deprecated-input"),
    std::string_view("encoding"),
    std::string_view("expression-type"),
    std::string_view("format-arguments"),
    std::string_view("impossible-comparison"),
    std::string_view("json-text"),
    std::string_view("known-action-inputs"),
    std::string_view("script-injection"),
    std::string_view("unknown-property"),
    std::string_view("unpinned-action"),
};

bool is_for_actions(std::string_view rule) {
  return std::find(kRulesForActions.begin(), kRulesForActions.end(), rule) != kRulesForActions.end();
}

void apply(const Rule& rule, const LintedFile& file, Diagnostics& problems) {
  Diagnostics findings;
  rule.check(file, findings);
  for (auto& finding : findings) {
    finding.rule = rule.id;
    finding.severity = rule.severity;
    problems.push_back(std::move(finding));
  }
}

}  // namespace

Diagnostics lint(const std::string& path, std::string_view text, const ProjectFiles& files,
                 const LintConfig& config) {
  auto draft = read_workflow(path, text, kMostProblems);
  draft.diagnostics = github_problems(draft);
  Diagnostics problems = draft.diagnostics;
  // The rule says more than GitHub of the same.
  std::erase_if(problems, [&](const Diagnostic& problem) {
    return !is_disabled(config, "action-format") &&
           problem.message.starts_with("Expected format {org}/{repo}[/path]@ref.");
  });
  const SourceLines lines(text);
  LocalReferences local(files);
  const LintedFile file{path,   text,  draft, files,
                        config, lines, local, check_expressions(path, text, draft.root, files, config)};
  for (const auto& rule : all_rules()) {
    if (!is_disabled(config, rule.id)) apply(rule, file, problems);
  }
  finish(path, text, problems);
  return problems;
}

Diagnostics lint_action(const std::string& path, std::string_view text, const ProjectFiles& files,
                        const LintConfig& config) {
  auto action = read_action(path, text, kMostProblems);
  Diagnostics problems = std::move(action.diagnostics);
  WorkflowDraft draft{.root = std::move(action.root)};
  draft.workflow.path = path;
  draft.workflow.jobs.push_back({.steps = std::move(action.action.steps)});
  const SourceLines lines(text);
  LocalReferences local(files);
  const LintedFile file{
      path,   text,  draft, files,
      config, lines, local, check_action_expressions(path, text, draft.root, files, config)};
  for (const auto& rule : all_rules()) {
    if (is_for_actions(rule.id) && !is_disabled(config, rule.id)) apply(rule, file, problems);
  }
  finish(path, text, problems);
  return problems;
}

}  // namespace workflow::lint
