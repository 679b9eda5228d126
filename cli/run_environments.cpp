#include "cli/run_environments.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "cli/run_inputs.h"
#include "workflow/lint/config.h"

namespace cli {

using workflow::expression::Value;

base::Result<std::map<std::string, runner::EnvironmentRules>> project_environments(const base::Path& root) {
  const auto file = root / workflow::lint::kConfigFile;
  if (!base::exists(file)) return std::map<std::string, runner::EnvironmentRules>();
  TRY(const auto text, base::read_file(file, 8U << 20));
  return runner::read_environments(workflow::lint::kConfigFile, text);
}

namespace {

/// Below those that the call itself names.
base::Result<void> add_stored_secrets(const workflow::PlannedJob& leg, const std::string& environment,
                                      workflow::Contexts& contexts, Session& session) {
  if (session.stored_secrets == nullptr) return {};
  const auto& options = session.options;
  const auto who = fmt::format("run {}, job {}", contexts.get("github").get("run_id").to_text(), leg.key);
  TRY(const auto secrets, session.stored_secrets->secrets_for(options.repository_name, environment, who));
  for (const auto& [name, value] : secrets) {
    session.masker.add(value);
    if (!options.secrets.contains(name)) contexts.set_member("secrets", name, Value(value));
  }
  TRY(const auto variables, session.stored_secrets->variables_for(options.repository_name, environment));
  for (const auto& [name, value] : variables) {
    if (!options.variables.contains(name) || session.stored_variables.contains(name))
      contexts.set_member("vars", name, Value(value));
  }
  return {};
}

}  // namespace

base::Result<workflow::Contexts> contexts_in_environment(const workflow::PlannedJob& leg,
                                                         const workflow::Contexts& contexts,
                                                         Session& session) {
  auto seen = contexts;
  auto own = contexts;
  own.set("matrix", leg.matrix);
  own.set("strategy", workflow::strategy_context(leg));
  TRY(const auto name,
      runner::environment_name(leg.job->environment, {.contexts = own, .file = leg.job->file}));
  TRY(add_stored_secrets(leg, name, seen, session));
  const auto found = session.environments.find(base::to_lower(name));
  if (name.empty() || found == session.environments.end()) return seen;
  const auto& rules = found->second;
  for (const auto& [variable, value] : rules.variables) seen.set_member("vars", variable, Value(value));
  if (rules.secrets_file.empty()) return seen;
  const auto file = session.options.repository.work_tree / rules.secrets_file;
  TRY(const auto secrets,
      read_pairs_file(file.string())
          .while_doing(fmt::format("reading the secrets of environment '{}'", rules.name)));
  for (const auto& [secret, value] : secrets) {
    session.masker.add(value);
    seen.set_member("secrets", secret, Value(value));
  }
  return seen;
}

}  // namespace cli
