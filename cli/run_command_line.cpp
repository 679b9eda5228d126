#include "cli/run_command_line.h"

#include <map>

namespace cli {

namespace {

constexpr const char* kRunExamples = R"(Examples:
  pipeline run                                   what .github/workflows offers for a push to this branch
  pipeline run deploy.yml --emulator             a deployment rehearsed on the embedded AWS
  pipeline run ci.yml --event pull_request       as a pull request would run it
  pipeline run ci.yml --job test --env DEBUG=1   one job and what it needs
  pipeline run deploy.yml --secret TOKEN         a secret, taken from the environment variable TOKEN
  pipeline run deploy.yml --dry-run              what would run, without running it
  pipeline run ci.yml --watch                    again after each change of a file, until Ctrl-C
)";

}  // namespace

void add_event_flags(CLI::App* verb, EventFlags& flags) {
  verb->add_option("workflow", flags.workflows, "Workflow files; default: those that the event triggers");
  verb->add_option("-e,--event", flags.event, "Name of the event")->capture_default_str();
  verb->add_option("--event-file", flags.event_file, "Its payload, a JSON file")->check(CLI::ExistingFile);
  verb->add_option("-i,--input", flags.inputs, "An input of workflow_dispatch: NAME=VALUE")->take_all();
  verb->add_option("-s,--secret", flags.secrets,
                   "A secret: NAME=VALUE, or NAME to take it from the environment")
      ->take_all();
  verb->add_option("--secret-file", flags.secret_file, "Secrets, a line NAME=VALUE each")
      ->check(CLI::ExistingFile);
  verb->add_option("--var", flags.variables, "A variable of the vars context: NAME=VALUE")->take_all();
  verb->add_option("--var-file", flags.variable_file, "Variables, a line NAME=VALUE each")
      ->check(CLI::ExistingFile);
  verb->add_option("--env", flags.environment, "An environment variable of all steps: NAME=VALUE")
      ->take_all();
  verb->add_flag("--stored-secrets", flags.stored_secrets,
                 "Secrets and variables of the repository, as `pipeline secret` keeps them, too");
  verb->add_option("-j,--job", flags.job, "Only this job and those it needs");
  verb->add_option("--actor", flags.actor, "Who triggered it; default: the git user");
}

void add_action_flags(CLI::App* verb, ActionFlags& flags) {
  verb->add_option("--action-server", flags.server,
                   "Where owner/repo of uses: is, https://, http:// or file://; default: https://github.com")
      ->envname("PIPELINE_ACTION_SERVER");
  verb->add_flag("--offline,--action-offline-mode", flags.offline,
                 "Take actions only from what earlier runs fetched");
  verb->add_option("--replace", flags.replacements,
                   "A folder that stands for a repository of actions: owner/repo[@ref]=./folder")
      ->take_all();
}

void add_job_flags(CLI::App* verb, RunFlags& flags) {
  verb->add_option("--sandbox", flags.sandbox,
                   "namespaces; landlock: by that alone, where namespaces are forbidden; none: no isolation")
      ->check(CLI::IsMember({"namespaces", "landlock", "none"}))
      ->capture_default_str();
  verb->add_option("--network", flags.network,
                   "What steps reach: none, host, audit (all, reported), or allow=HOST[:PORT],…; default: "
                   "`network` of .pipeline.yml, else host");
  verb->add_option("--docker", flags.docker, "Who builds images: builtin, or host for this machine's engine")
      ->check(CLI::IsMember({"builtin", "host"}))
      ->capture_default_str();
  verb->add_option("--no-builtin", flags.no_builtin,
                   "Fetch this action instead of using the built-in: owner/name, or name")
      ->take_all();
  verb->add_option("--memory", flags.memory,
                   "Memory limit of each job, as 512m or 2g; limits stand in .pipeline.yml, too (`limits`)");
  verb->add_option("--cpus", flags.cpus, "Cores that each job may use, as 2 or 0.5");
  verb->add_option("--disk", flags.disk, "Disk limit of each job's folders, as 10g");
  verb->add_option("--processes", flags.processes, "Processes and threads that each job may have");
  verb->add_option("--open-files", flags.open_files, "Files that each process of a job may have open");
  verb->add_option("--time-limit", flags.time_limit, "Wall time of each job, as 90s, 30m or 2h");
}

void add_run(CLI::App& app, RunFlags& flags) {
  auto* run = app.add_subcommand("run", "Run workflows on this machine");
  run->footer(kRunExamples);
  add_event_flags(run, flags);
  add_action_flags(run, flags.actions);
  run->add_flag("--emulator", flags.emulator, "Deploy to the embedded AWS emulator");
  run->add_option("--seed", flags.seed, "Seed file for an emulator that this run starts")
      ->check(CLI::ExistingFile);
  run->add_option("--probe", flags.probe, "URL to send steady requests to during a rollout");
  const std::map<std::string, DryRun> dry_runs{{"plan", DryRun::plan}, {"sandbox", DryRun::sandbox}};
  run->add_flag("-n{plan},--dry-run{plan}", flags.dry_run,
                "Print the plan (or with --dry-run=sandbox the sandbox) and stop; with --json for programs")
      ->transform(CLI::CheckedTransformer(dry_runs));
  const std::map<std::string, LogFormat> formats{{"auto", LogFormat::automatic}, {"live", LogFormat::live},
                                                 {"pretty", LogFormat::pretty},  {"plain", LogFormat::plain},
                                                 {"github", LogFormat::github},  {"json", LogFormat::json},
                                                 {"quiet", LogFormat::quiet}};
  run->add_option("--log-format", flags.log_format,
                  "auto (live on a terminal, else pretty), live, pretty, plain, github, json or quiet")
      ->transform(CLI::CheckedTransformer(formats));
  run->add_flag_callback(
      "--json", [&flags] { flags.log_format = LogFormat::json; }, "The event stream, one JSON object a line");
  add_job_flags(run, flags);
  run->add_flag("--watch", flags.watch, "Run again what a changed file affects, until Ctrl-C");
  run->add_option("--summary", flags.summary,
                  "Write the steps' summaries to this file at the end; - is standard output");
  run->add_option("--jobs,--parallel", flags.jobs_at_once, "Jobs at a time; 0: all that are ready")
      ->capture_default_str();
  run->add_flag("--keep", flags.keep, "Keep the jobs' folders");
  run->add_flag("--shell-on-failure", flags.shell_on_failure,
                "Open a shell in the place of each step that fails, before its job goes on");
  run->add_flag("--no-snapshots", flags.no_snapshots,
                "Keep no workspaces of jobs that fail: `shell` and `rerun --from` cannot begin there");
  run->add_flag("--no-input", flags.no_input,
                "Ask nobody: an environment that needs an approval fails its job");
}

void add_token_flag(CLI::App* verb, ActionFlags& flags) {
  verb->add_option("-s,--secret", flags.secrets, "GITHUB_TOKEN[=VALUE], for private repositories")
      ->allow_extra_args(false);
}

void add_lock(CLI::App& app, LockFlags& flags) {
  auto* lock =
      app.add_subcommand("lock", "Write the commits of all that workflows use from other repositories");
  lock->footer(
      "Examples:\n  pipeline lock                            add what is new, remove what is not used\n"
      "  pipeline lock --check                    what moved, is missing or unused; exit code 1\n"
      "  pipeline lock --update actions/checkout  take what its refs are now\n"
      "Written to .github/workflows/actions.lock, which `pipeline run` holds to.\n");
  lock->add_flag("--check", flags.check, "Write nothing; say what is not as the lock has it");
  lock->add_option("--update", flags.update, "Take the commits of this repository's refs anew: owner/repo")
      ->allow_extra_args(false)
      ->excludes("--check");
  add_token_flag(lock, flags.actions);
  add_action_flags(lock, flags.actions);
}

}  // namespace cli
