#pragma once
// A linter for workflows: what GitHub accepts and people still regret. Each rule has an id, a page in
// docs/rules, and can be switched off. Not for GitHub's own errors (load_workflow).

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/diagnostic.h"
#include "workflow/load_workflow.h"
#include "workflow/source_lines.h"

namespace workflow::lint {

/// The repository that a workflow belongs to, as far as a linter may look: paths relative to its root.
struct ProjectFiles {
  /// The text of a file, nothing when there is none. Absent: no file is known.
  std::function<std::optional<std::string>(const std::string& path)> read;
  /// Where read() has the action or workflow of another repository that `uses` names: a path that begins with
  /// a slash. Nothing for what was not fetched. Absent: nothing was.
  std::function<std::optional<std::string>(std::string_view uses)> fetched;
};

/// What a project says of itself, so that rules need not guess, and where runs get what is not in it.
struct LintConfig {
  std::vector<std::string> runner_labels;             ///< of its own runners; may hold `*`
  std::optional<std::vector<std::string>> variables;  ///< names in vars; nothing: any
  std::optional<std::vector<std::string>> secrets;    ///< names in secrets; nothing: any
  std::vector<std::string> disabled_rules;            ///< ids
  std::string action_server;                          ///< URL; empty: not said
};

class LocalReferences;

/// What a rule looks at.
struct LintedFile {
  const std::string& path;
  std::string_view text;
  const WorkflowDraft& draft;
  const ProjectFiles& files;
  const LintConfig& config;
  const SourceLines& lines;              ///< of the text
  LocalReferences& local;                ///< what it uses of its own repository
  Diagnostics expression_findings = {};  ///< of all rules about expressions, found in one go
};

struct Rule {
  std::string_view id;
  Severity severity = Severity::error;
  std::string_view summary;  ///< one line, for `pipeline check --rules` and SARIF
  void (*check)(const LintedFile& file, Diagnostics& findings) = nullptr;
};

/// All rules, by id.
const std::vector<Rule>& all_rules();

/// Everything that is wrong with a workflow: GitHub's errors and what the rules find, in the order of the
/// file. Rules that the configuration or a comment (`# pipeline-ignore: RULE`) switches off say nothing.
Diagnostics lint(const std::string& path, std::string_view text, const ProjectFiles& files,
                 const LintConfig& config);

/// Everything that is wrong with the metadata of an action (action.yml), the steps of a composite one too.
Diagnostics lint_action(const std::string& path, std::string_view text, const ProjectFiles& files = {},
                        const LintConfig& config = {});

}  // namespace workflow::lint
