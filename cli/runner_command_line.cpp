#include "cli/runner_command_line.h"

#include "cli/run_command_line.h"

namespace cli {

namespace {

constexpr const char* kRunnerExamples = R"(Examples:
  pipeline runner register --instance https://git.example.org --token-file token.txt
  pipeline runner register --instance https://git.example.org --labels ubuntu-latest:host,deb:docker://debian:12
  pipeline runner run --capacity 4

Without --token-file the token is PIPELINE_RUNNER_TOKEN or GITEA_RUNNER_REGISTRATION_TOKEN of the environment, or
asked for. The registration is kept in the state folder.
)";

}  // namespace

void add_runner(CLI::App& app, RunnerFlags& flags) {
  auto* runner = app.add_subcommand("runner", "This machine as a runner of a Gitea or Forgejo");
  runner->footer(kRunnerExamples);
  runner->require_subcommand(1);
  auto* enroll = runner->add_subcommand("register", "Make it known to the forge");
  enroll->callback([&flags] { flags.verb = "register"; });
  enroll->add_option("--instance", flags.instance, "The forge's address, as its users have it")->required();
  enroll->add_option("--token-file", flags.token_file,
                     "A file with the forge's registration token; - is standard input");
  enroll->add_option("--token", flags.token, "The token itself; others on this machine can read it then")
      ->excludes("--token-file");
  enroll->add_option("--name", flags.name, "What the forge shows it as; default: the machine's name");
  enroll
      ->add_option("--labels", flags.labels,
                   "NAME, NAME:host or NAME:docker://IMAGE, comma between them; default: ubuntu-latest:host")
      ->delimiter(',');
  enroll->add_flag("--ephemeral", flags.ephemeral, "For one job: the forge forgets it afterwards");
  enroll->add_flag_callback(
      "--no-interactive", [] {}, "As act_runner has it; nobody is asked where there is no terminal anyway");
  auto* run = runner->add_subcommand("run", "Fetch jobs and run them, until SIGTERM or Ctrl-C");
  run->alias("daemon");
  run->callback([&flags] { flags.verb = "run"; });
  run->add_option("--capacity", flags.capacity, "Jobs at a time")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  run->add_flag("--once", flags.once, "End after one job");
  run->add_option("--drain-timeout", flags.drain_timeout,
                  "After SIGTERM jobs may go on for so long, as 90s, 30m or 2h; then they are cancelled")
      ->capture_default_str();
  add_job_flags(run, flags.job);
}

}  // namespace cli
