#include "cli/forge_task.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "cli/forge_workflow.h"
#include "cli/job_settings.h"
#include "cli/run_session.h"
#include "cli/version.h"
#include "server/task_report.h"

namespace cli {

using server::TaskResult;
using workflow::expression::Object;
using workflow::expression::Value;

namespace {

std::map<std::string, runner::KeptResult> results_of_needs(const server::ForgeTask& task) {
  std::map<std::string, runner::KeptResult> results;
  for (const auto& [id, need] : task.needs) {
    auto& result = results[id];
    result.conclusion =
        steps::parse_conclusion(server::to_string(need.result)).value_or(steps::Conclusion::failure);
    for (const auto& [name, value] : need.outputs) result.outputs[name] = value;
  }
  return results;
}

/// What the forge says of the run; what it leaves empty is as this machine has it.
Value github_of(const server::ForgeTask& task, const std::string& instance) {
  Object github;
  for (const auto& [name, value] : task.context.items()) {
    const bool empty = value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
    if (!empty) github.set(name, workflow::expression::from_json(value));
  }
  // Its own has a slash at the end, which the addresses that are made of it would have twice.
  github.set("server_url", Value(instance));
  github.set("api_url", Value(instance + "/api/v1"));
  return Value(std::move(github));
}

workflow::Event event_of(const server::ForgeTask& task) {
  auto payload = workflow::expression::from_json(base::json_member(task.context, "event"));
  if (!payload.is_object()) payload = Value(Object());
  return {.name = context_text(task, "event_name"),
          .payload = std::move(payload),
          .ref = context_text(task, "ref"),
          .sha = context_text(task, "sha"),
          .base_ref = context_text(task, "base_ref"),
          .head_ref = context_text(task, "head_ref")};
}

bool wants_debug(const server::ForgeTask& task) {
  const auto is_true = [](const std::map<std::string, std::string>& texts) {
    const auto found = texts.find("ACTIONS_STEP_DEBUG");
    return found != texts.end() && found->second == "true";
  };
  return is_true(task.secrets) || is_true(task.variables);
}

/// Actions come from where the forge and their addresses say; its token is for nobody else.
void set_action_store(const server::ForgeTask& task, const ActionServers& servers, const ForgeJobs& jobs,
                      Session& session) {
  auto store = forge_repositories(task, jobs, *session.http);
  store.server = actions_server(task, jobs.instance);
  store.servers = servers;
  session.actions.emplace(std::move(store));
  session.options.actions = &*session.actions;
}

/// Nothing for a forge that keeps no artifacts: then they stay on this machine.
std::optional<steps::ForgeResults> results_at_forge(const server::ForgeTask& task, const ForgeJobs& jobs) {
  auto token = context_text(task, "gitea_runtime_token");
  if (token.empty()) return std::nullopt;
  return steps::ForgeResults{jobs.instance, std::move(token)};
}

base::Result<void> fill_session(const server::ForgeTask& task, const ActionServers& servers,
                                const ForgeJobs& jobs, Session& session) {
  auto& options = session.options;
  options.state_folder = jobs.common.state_folder;
  options.repository.work_tree = jobs.common.state_folder;  // settings of jobs are the machine's
  TRY(base::make_directories(options.state_folder, 0700));
  TRY(apply_job_settings(jobs.flags, options));
  // Nothing of the repository is here before a step checks it out.
  options.repository = {};
  options.repository_name = context_text(task, "repository");
  options.event = event_of(task);
  options.actor = context_text(task, "actor");
  options.secrets = task.secrets;
  options.variables = task.variables;
  options.secrets["GITHUB_TOKEN"] = token_of(task);
  options.environment = {{"GITEA_ACTIONS", "true"}, {"GITEA_ACTIONS_RUNNER_VERSION", kVersion}};
  options.step_debug = wants_debug(task);
  for (const auto& [name, value] : options.secrets) {
    if (name != "ACTIONS_STEP_DEBUG") session.masker.add(value);
  }
  for (const auto* name : {"token", "gitea_runtime_token", "actions_id_token_request_token"})
    session.masker.add(context_text(task, name));
  options.http = session.http.get();
  options.forge_results = results_at_forge(task, jobs);
  set_action_store(task, servers, jobs, session);
  return open_state(session);
}

/// What the jobs came to that are no needs: the one of the task, once for each leg of its matrix.
struct TaskOutcome {
  std::optional<TaskResult> result;
  std::map<std::string, std::string> outputs;

  void add(const runner::FinishedLeg& leg) {
    const auto one = server::task_result_of(steps::to_string(leg.conclusion));
    if (!result || *result == TaskResult::success || one == TaskResult::failure) result = one;
    for (const auto& [name, value] : leg.outputs) outputs[name] = value;
  }
};

base::Result<TaskOutcome> run_task(const server::ForgeTask& task, const TaskWorkflow& read,
                                   const ForgeJobs& jobs, RunCaller caller) {
  Session session;
  TRY(fill_session(task, read.servers, jobs, session));
  TaskOutcome outcome;
  caller.github = github_of(task, jobs.instance);
  caller.on_finished = [&](const runner::FinishedLeg& leg) {
    if (!task.needs.contains(leg.key)) outcome.add(leg);
  };
  // The job's own call ends last.
  caller.on_finished_call = [&](const runner::FinishedLeg& call) {
    outcome = {};
    outcome.add(call);
  };
  RunFlags flags = jobs.flags;
  flags.no_input = true;
  flags.no_snapshots = true;
  TRY(run_one(read.workflow, flags, session, {.kept = results_of_needs(task), .caller = std::move(caller)}));
  return outcome;
}

}  // namespace

std::string run_forge_task(const server::ForgeTask& task, server::ForgeClient& forge, const ForgeJobs& jobs) {
  std::stop_source cancel;
  const std::stop_callback give_up(jobs.give_up, [&cancel] { cancel.request_stop(); });
  const auto workflow = read_task_workflow(task, jobs);
  server::TaskReport report(forge, {.task = task.id,
                                    .steps = workflow ? workflow->workflow.jobs.front().steps.size() : 0,
                                    .debug = wants_debug(task),
                                    .on_cancel = [&cancel] { cancel.request_stop(); }});
  const auto label = fmt::format("task {} of {}", task.id, context_text(task, "repository"));
  TaskOutcome outcome;
  if (!workflow) {
    report.say("::error::" + workflow.error().to_string());
    outcome.result = TaskResult::failure;
  } else {
    auto ran = run_task(task, *workflow, jobs, {.stop = cancel.get_token(), .display = std::ref(report)});
    if (ran) outcome = std::move(*ran);
    if (!ran) report.say("::error::" + ran.error().to_string());
  }
  const auto result =
      outcome.result.value_or(cancel.stop_requested() ? TaskResult::cancelled : TaskResult::failure);
  const auto told = report.finish(result, std::move(outcome.outputs));
  return fmt::format("{}: {}{}", label, server::to_string(result),
                     told ? "" : "; the forge was not told: " + told.error().to_string());
}

}  // namespace cli
