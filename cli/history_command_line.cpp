#include "cli/history_command_line.h"

namespace cli {

namespace {

constexpr const char* kLogsExamples = R"(Examples:
  pipeline logs                        the log of the newest run
  pipeline logs 12 --job test          one job of run 12
  pipeline logs 12 --job test --step 3 one step of it
  pipeline logs 12 --line 500000       from that line on
  pipeline logs --follow               what runs now, until its end
)";

constexpr const char* kRerunExamples = R"(Examples:
  pipeline rerun 12                    all jobs of run 12
  pipeline rerun --failed              of the newest run what did not pass, and what needs it
  pipeline rerun 12 --job deploy       one job, and what needs it
  pipeline rerun 12 --secret TOKEN     secrets are never stored: they are given again

The run keeps its number and gets one more attempt. Its event and inputs are those of the first one; the
workflow and the files are those of now. Jobs that are not run again keep their results and outputs.
)";

constexpr const char* kShellExamples = R"(Examples:
  pipeline shell                       where the newest run failed
  pipeline shell 12 --job test --before 3
  echo 'ls; env' | pipeline shell 12   commands from standard input, when that is no terminal

Folder, environment and workspace are those of the step; secrets are given again. What it changes is gone when
it ends.
)";

CLI::Option* add_run_id(CLI::App* verb, std::int64_t& run, const char* fallback) {
  return verb
      ->add_option("run", run, std::string("The run's id, as `pipeline runs` shows it; default: ") + fallback)
      ->check(CLI::PositiveNumber);
}

void add_secrets(CLI::App* verb, SecretFlags& flags) {
  verb->add_option("-s,--secret", flags.secrets,
                   "A secret: NAME=VALUE, or NAME to take it from the environment")
      ->take_all();
  verb->add_option("--secret-file", flags.secret_file, "Secrets, a line NAME=VALUE each")
      ->check(CLI::ExistingFile);
}

void add_runs(CLI::App& app, RunsFlags& flags) {
  auto* runs = app.add_subcommand("runs", "The history of runs");
  runs->add_option("-n,--limit", flags.limit, "How many")->capture_default_str();
  runs->add_flag("--json", flags.json, "As JSON");
}

void add_show(CLI::App& app, ShowFlags& flags) {
  auto* show = app.add_subcommand("show", "A run with its jobs and how they ended");
  add_run_id(show, flags.run, "the newest");
  show->add_option("--attempt", flags.attempt, "Which attempt; default: the last one")
      ->check(CLI::PositiveNumber);
  show->add_flag("--json", flags.json, "As JSON");
}

void add_logs(CLI::App& app, LogsFlags& flags) {
  auto* logs = app.add_subcommand("logs", "The log of a run");
  logs->footer(kLogsExamples);
  add_run_id(logs, flags.run, "the newest");
  logs->add_option("--attempt", flags.attempt, "Which attempt; default: the last one")
      ->check(CLI::PositiveNumber);
  logs->add_option("-j,--job", flags.job, "Only this job; an id stands for all combinations of its matrix");
  logs->add_option("--step", flags.step, "Only the step of this number; 0 is what belongs to no step")
      ->check(CLI::NonNegativeNumber);
  logs->add_option("--line", flags.line, "Begin at this line of what is selected")
      ->check(CLI::PositiveNumber);
  logs->add_option("-n,--lines", flags.count, "Show so many lines")->check(CLI::PositiveNumber);
  logs->add_flag("-f,--follow", flags.follow, "Go on until the run ends");
  logs->add_flag("--json", flags.json, "The events, one JSON object a line");
}

void add_rerun(CLI::App& app, RerunFlags& flags) {
  auto* rerun = app.add_subcommand("rerun", "Run a run again, as one more attempt");
  rerun->footer(kRerunExamples);
  add_run_id(rerun, flags.run, "the newest");
  auto* failed =
      rerun->add_flag("--failed", flags.failed, "Only jobs that did not pass, and those that need them");
  rerun->add_option("-j,--job", flags.job, "Only this job, and those that need it")->excludes(failed);
  rerun
      ->add_option("--from", flags.from,
                   "Begin the job that failed (or --job) at this step: its id, name or number")
      ->excludes(failed);
  add_secrets(rerun, flags);
  rerun->add_flag("--json", flags.json, "The event stream, one JSON object a line");
  rerun->add_flag("--no-input", flags.no_input, "Ask nobody for anything");
}

void add_shell(CLI::App& app, ShellFlags& flags) {
  auto* shell =
      app.add_subcommand("shell", "A shell in the sandbox of a job that failed, as a step would have it");
  shell->footer(kShellExamples);
  add_run_id(shell, flags.run, "the newest");
  shell->add_option("-j,--job", flags.job, "The job; default: the one that failed");
  auto* before =
      shell->add_option("--before", flags.before, "As it was before this step: its id, name or number");
  shell->add_option("--after", flags.after, "As it was after this step; default: after the one that failed")
      ->excludes(before);
  add_secrets(shell, flags);
}

void add_cancel(CLI::App& app, CancelFlags& flags) {
  auto* cancel = app.add_subcommand("cancel", "Cancel a run, as Ctrl-C at its terminal does");
  cancel->footer(
      "The first time its jobs are cancelled in order; a second time, or with --force, it ends at once.\n");
  add_run_id(cancel, flags.run, "the newest that runs");
  cancel->add_flag("--force", flags.force, "End it at once");
}

void add_gc(CLI::App& app, GcFlags& flags) {
  auto* gc = app.add_subcommand("gc", "Remove old runs and what nobody needs any more");
  gc->add_option("--keep-days", flags.keep_days, "Keep runs that are younger")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  gc->add_option("--keep-runs", flags.keep_runs, "Keep at most so many of the newest")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  gc->add_flag("-n,--dry-run", flags.dry_run, "Only say what would be removed");
  gc->add_flag("--json", flags.json, "As JSON");
}

void add_decision(CLI::App& app, const char* name, const char* help, DecideFlags& flags) {
  auto* verb = app.add_subcommand(name, help);
  add_run_id(verb, flags.run, "the newest that runs");
  verb->add_option("-e,--env", flags.environment, "Only this environment; default: all that it waits for");
  verb->add_option("-m,--comment", flags.comment, "Why");
}

}  // namespace

void add_history_verbs(CLI::App& app, HistoryFlags& flags) {
  add_runs(app, flags.runs);
  add_show(app, flags.show);
  add_logs(app, flags.logs);
  add_rerun(app, flags.rerun);
  add_shell(app, flags.shell);
  add_cancel(app, flags.cancel);
  add_decision(app, "approve", "Let the jobs of a run go on that wait for an approval of their environment",
               flags.decide);
  add_decision(app, "reject", "Fail the jobs of a run that wait for an approval of their environment",
               flags.decide);
  add_gc(app, flags.gc);
}

void take_history_verb(const CLI::App& app, const HistoryFlags& flags, CommandLine& line) {
  if (app.got_subcommand("runs")) line.verb = flags.runs;
  if (app.got_subcommand("show")) line.verb = flags.show;
  if (app.got_subcommand("logs")) line.verb = flags.logs;
  if (app.got_subcommand("rerun")) line.verb = flags.rerun;
  if (app.got_subcommand("shell")) line.verb = flags.shell;
  if (app.got_subcommand("cancel")) line.verb = flags.cancel;
  if (app.got_subcommand("gc")) line.verb = flags.gc;
  if (app.got_subcommand("approve") || app.got_subcommand("reject")) {
    auto decide = flags.decide;
    decide.approve = app.got_subcommand("approve");
    line.verb = std::move(decide);
  }
}

}  // namespace cli
