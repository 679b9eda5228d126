#include "steps/step_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/process.h"
#include "base/strings.h"
#include "steps/artifact_subjects.h"
#include "steps/hash_files.h"
#include "steps/running_process.h"
#include "steps/secret_masker.h"
#include "steps/step_environment.h"

namespace steps {

using workflow::expression::Object;
using workflow::expression::Value;

workflow::Scope scope_of(const RunningJob& job) {
  const auto cancelled = [&job] { return job.status == Conclusion::cancelled || job.stop.stop_requested(); };
  workflow::Scope scope{job.contexts};
  scope.status.success = [&job, cancelled](const auto&) {
    return job.status == Conclusion::success && !cancelled();
  };
  scope.status.failure = [&job, cancelled](const auto&) {
    return job.status == Conclusion::failure && !cancelled();
  };
  scope.status.cancelled = cancelled;
  scope.hash_files = [&job](const std::vector<std::string>& patterns) {
    return hash_files(job.folders, patterns);
  };
  return scope;
}

void set_env_context(RunningJob& job, const OrderedVariables& environment) {
  // On Linux its names have case, unlike those of all other contexts (actions/runner StepsRunner.cs).
  Object object(workflow::expression::NameCase::counts);
  for (const auto& [name, value] : environment) object.set(name, Value(value));
  job.contexts.set("env", Value(std::move(object)));
}

void set_github(RunningJob& job, const std::map<std::string, std::string>& members) {
  auto& github = job.contexts.own_object("github");
  for (const auto& [name, value] : members) github.set(name, Value(value));
}

void report_failure(RunningJob& job, const base::Error& error) {
  Annotation annotation;
  annotation.message = error.to_string();
  job.log->annotation(annotation);
}

namespace {

bool is_missing_folder(const sandbox::ExitStatus& status) {
  return status.failure.find("(chdir)") != std::string::npos;
}

bool is_missing_program(const sandbox::ExitStatus& status) {
  return !status.failure.empty() && status.shell_code() == 127 && !is_missing_folder(status);
}

/// The reason of a system call's failure alone: "cannot start x (chdir): No such file" → "No such file".
std::string_view reason_of(std::string_view failure) {
  const std::size_t colon = failure.find(": ");
  return colon == std::string_view::npos ? failure : failure.substr(colon + 2);
}

/// As .NET and the runner's WhichUtil say it.
std::string why_not_started(const sandbox::ExitStatus& status, const sandbox::Command& command) {
  const std::string program = command.argv.empty() ? "" : command.argv[0];
  if (is_missing_program(status)) return fmt::format("{}: command not found", program);
  const auto path = base::find_program(program, "/usr/local/bin:/usr/bin:/bin");
  return fmt::format("An error occurred trying to start process '{}' with working directory '{}'. {}",
                     path ? path->string() : program, command.directory, reason_of(status.failure));
}

/// Which limit made it end, as people read it; empty: none.
std::string limit_that_ended(const sandbox::ExitStatus& status, const JobServices& services) {
  if (!status.limit.empty()) return status.limit;
  if (status.signal != 0 && !status.failure.empty()) return status.failure;
  return services.limit_that_ended_it ? services.limit_that_ended_it() : "";
}

std::string what_ended_it(const sandbox::ExitStatus& status, const sandbox::Command& command,
                          const std::string& limit, std::string_view ended) {
  if (!status.failure.empty() && status.signal == 0) return why_not_started(status, command);
  return fmt::format("{}{}{} with exit code {}.", limit, limit.empty() ? "" : ". ", ended,
                     status.shell_code());
}

StepEffects collect(CommandEffects printed, FileCommands written) {
  StepEffects effects;
  effects.failed = printed.failed;
  effects.outputs = std::move(printed.outputs);
  for (auto& [name, value] : written.outputs) effects.outputs[name] = std::move(value);
  effects.environment = std::move(printed.environment);
  std::move(written.environment.begin(), written.environment.end(), std::back_inserter(effects.environment));
  effects.state = std::move(printed.state);
  std::move(written.state.begin(), written.state.end(), std::back_inserter(effects.state));
  effects.search_path = std::move(printed.search_path);
  std::move(written.search_path.begin(), written.search_path.end(), std::back_inserter(effects.search_path));
  effects.summary = std::move(written.summary);
  return effects;
}

base::Result<ProcessEnd> run_in_sandbox(sandbox::Sandbox& sandbox, const sandbox::Command& command,
                                        const LineSplitter::Receiver& on_lines,
                                        const ProcessOptions& options) {
  auto end = run_process(sandbox, command, on_lines, options);
  if (!end) end.error().code = kSandboxFailed;
  return end;
}

base::Result<std::shared_ptr<EnvironmentFiles>> make_environment_files(const RunningJob& job) {
  using enum EnvironmentFiles::Artifacts;
  TRY(auto files, EnvironmentFiles::create(job.folders.file_commands, job.services->host_uid,
                                           job.artifact_subjects ? taken : ignored));
  return std::make_shared<EnvironmentFiles>(std::move(files));
}

void do_chores(const RunningJob& job) {
  job.chores->discarded.clear();
  if (job.chores->prepared) return;
  // What cannot be made now is tried again, and reported, when it is needed.
  if (auto files = make_environment_files(job)) job.chores->prepared = std::move(*files);
}

// GITHUB_ARTIFACTS; what is wrong in it fails the step as that of other files does.
void take_artifacts(const StepRun& run, FileCommands& written) {
  if (written.artifacts.empty() || !run.job.artifact_subjects) return;
  const auto added = [&]() -> base::Result<ArtifactSubjects::Added> {
    TRY(const auto subjects, read_artifact_subjects(written.artifacts, run.job, run.stop));
    return run.job.artifact_subjects->add(subjects);
  }();
  if (!added) {
    written.errors.emplace_back("Unable to process file command 'artifacts' successfully.");
    written.errors.push_back(added.error().message);
  } else if (added->now > 0) {
    run.job.log->line(LineKind::output,
                      fmt::format("Captured {} artifact subject(s) from this step (job total: {}).",
                                  added->now, added->all));
  }
}

}  // namespace

base::Result<void> open_environment_files(StepRun& run) {
  run.files = std::exchange(run.job.chores->prepared, nullptr);
  if (!run.files) {
    TRY(run.files, make_environment_files(run.job));
  }
  if (const auto& subjects = run.job.artifact_subjects; subjects)
    TRY(run.files->show_artifacts(subjects->list()));
  set_github(run.job, run.files->paths());
  return {};
}

base::Result<StepEffects> run_step_process(StepRun& run, sandbox::Command command,
                                           const sandbox::EnvVars& more,
                                           const std::vector<std::string>& fallback_argv) {
  RunningJob& job = run.job;
  if (!run.files) {
    TRY(open_environment_files(run));
  }
  auto files = std::exchange(run.files, nullptr);
  command.environment =
      process_environment(job, run.environment, job.contexts.get("github"), job.contexts.get("runner"));
  for (const auto& [name, value] : more) command.environment[name] = value;
  if (run.make_environment) command.environment = run.make_environment();

  sandbox::Sandbox& sandbox = run.sandbox == nullptr ? *job.sandbox : *run.sandbox;
  StepOutput output(job, command.environment);
  ProcessOptions options;
  options.stop = run.stop;
  const auto show_start = [&run] {
    if (const auto show = std::exchange(run.show_start, nullptr)) show();
  };
  options.meanwhile = [&] {
    show_start();
    do_chores(job);
  };
  options.safe_cut = [&job](std::string_view text) { return job.masker->safe_cut(text); };
  const auto on_lines = [&output](std::string_view lines) { output.lines(lines); };
  auto ended = run_in_sandbox(sandbox, command, on_lines, options);
  if (ended && is_missing_program(ended->status) && !fallback_argv.empty()) {
    command.argv = fallback_argv;
    ended = run_in_sandbox(sandbox, command, on_lines, options);
  }
  show_start();
  TRY(const auto end, std::move(ended));
  FileCommands written = files->read();
  take_artifacts(run, written);
  job.chores->discarded.push_back(std::move(files));
  for (const std::string& error : written.errors) job.log->annotation({LineKind::error, error, "", ""});
  if (!written.summary_error.empty()) job.log->annotation({LineKind::error, written.summary_error, "", ""});
  const bool bad_file = !written.errors.empty();
  StepEffects effects = collect(std::move(output.effects()), std::move(written));
  effects.failed = effects.failed || bad_file;
  if (end.status.shell_code() != 0) {
    const auto limit = limit_that_ended(end.status, *job.services);
    const bool says_so_itself =
        !run.step.run && run.sandbox == nullptr && end.status.failure.empty() && limit.empty();
    if (!end.stopped && !says_so_itself)
      job.log->annotation({LineKind::error, what_ended_it(end.status, command, limit, run.ended), "", ""});
    effects.failed = true;
  }
  return effects;
}

base::Result<StepEffects> run_step_script(StepRun& run, const std::string& node, const std::string& file,
                                          const sandbox::EnvVars& more) {
  sandbox::Command command;
  command.argv = {node, file};
  command.directory = run.job.folders.workspace.inside;
  auto instead = run.job.node_in_container;
  if (!instead.empty()) instead.push_back(file);
  return run_step_process(run, std::move(command), more, instead);
}

void apply_to_job(const StepEffects& effects, RunningJob& job) {
  for (const auto& [name, value] : effects.environment) {
    if (base::equals_ignoring_case(name, "NODE_OPTIONS")) {
      job.log->annotation({LineKind::error,
                           "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.", "", ""});
      continue;
    }
    job.environment[name] = value;
  }
  for (const std::string& folder : effects.search_path) {
    std::erase(job.search_path, folder);
    job.search_path.insert(job.search_path.begin(), folder);
  }
  if (!base::trim(effects.summary).empty())
    job.log->event("step_summary", base::Json{{"markdown", effects.summary}});
}

}  // namespace steps
