#include "cli/run_contexts.h"

#include "cli/run_inputs.h"
#include "runner/github_context.h"
#include "workflow/dispatch_inputs.h"

namespace cli {

using workflow::expression::Object;
using workflow::expression::Value;

namespace {

// A secret or a variable of this name shows debug lines, as on GitHub; its value, "true", is not hidden.
constexpr const char* kStepDebug = "ACTIONS_STEP_DEBUG";

base::Result<base::RepositoryState> find_repository() {
  auto state = base::read_repository(".");
  if (state || state.error().kind != base::ErrorKind::not_found) return state;
  // A folder without git still has workflows to run; there is just no commit.
  return base::RepositoryState{
      .work_tree = std::filesystem::current_path(), .head_commit = std::string(40, '0'), .branch = "main"};
}

bool wants_step_debug(const runner::RunOptions& options) {
  const auto is_true = [&](const auto& pairs) {
    const auto found = pairs.find(kStepDebug);
    return found != pairs.end() && found->second == "true";
  };
  return is_true(options.secrets) || is_true(options.variables);
}

// Who is named, who caused the event, or who wrote the last commit.
std::string actor_of(const EventFlags& flags, const workflow::Event& event,
                     const base::RepositoryState& repository) {
  const auto sender = event.payload.get("sender").get("login").to_text();
  return flags.actor.empty() && !sender.empty() ? sender : default_actor(flags, repository);
}

Value object_of(const std::map<std::string, std::string>& pairs) {
  Object object;
  for (const auto& [name, value] : pairs) object.set(name, Value(value));
  return Value(std::move(object));
}

}  // namespace

base::Result<void> fill_event_options(const EventFlags& flags, runner::RunOptions& options,
                                      steps::SecretMasker& masker) {
  TRY(options.repository, find_repository());
  options.repository_name =
      flags.repository_name.empty() ? repository_name(options.repository) : flags.repository_name;
  TRY(options.event, make_event(flags, options.repository, options.repository_name));
  options.actor = actor_of(flags, options.event, options.repository);
  if (!flags.secret_file.empty()) {
    TRY(options.secrets, read_pairs_file(flags.secret_file));
  }
  TRY(const auto secrets, parse_pairs(flags.secrets, BareName::from_environment));
  for (const auto& [name, value] : secrets) options.secrets[name] = value;
  for (const auto& [name, value] : options.secrets) {
    if (name != kStepDebug) masker.add(value);
  }
  if (!flags.variable_file.empty()) {
    TRY(options.variables, read_pairs_file(flags.variable_file));
  }
  TRY(const auto variables, parse_pairs(flags.variables, BareName::refused));
  for (const auto& [name, value] : variables) options.variables[name] = value;
  options.step_debug = wants_step_debug(options);
  TRY(options.environment, parse_pairs(flags.environment, BareName::refused));
  return {};
}

base::Result<workflow::Contexts> outer_contexts(const runner::RunOptions& options,
                                                const workflow::Workflow& workflow,
                                                const runner::RunRecord& run) {
  workflow::Contexts contexts;
  contexts.set("github", runner::github_context(options, workflow, run));
  contexts.set("secrets", object_of(options.secrets));
  contexts.set("vars", object_of(options.variables));
  contexts.set("inputs", Value(Object()));
  if (options.event.name == "workflow_dispatch") {
    const auto given = workflow::given_inputs(options.event.payload);
    TRY(auto typed, workflow::dispatch_inputs(workflow, given));
    contexts.set("inputs", std::move(typed));
    auto event = options.event.payload;
    event.own_object().set("inputs", workflow::dispatch_event_inputs(workflow, given));
    contexts.set_member("github", "event", std::move(event));
  }
  return contexts;
}

std::optional<std::string> chosen_job(const EventFlags& flags) {
  return flags.job.empty() ? std::nullopt : std::optional(flags.job);
}

}  // namespace cli
