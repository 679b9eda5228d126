#include "cli/deploy_command_line.h"

namespace cli {

namespace {

constexpr const char* kDeployExamples = R"(Examples:
  pipeline deploy --plan --cluster production --service api --task-definition td.json
  pipeline deploy --cluster production --service api --task-definition td.json --image web=REPOSITORY:TAG
  pipeline deploy deploy.yml                     several services and tasks, as docs/deploy.md describes
  pipeline deploy deploy.yml --hooks continue    go on at hooks that pause

Exit codes: 0 completed, 1 failed or a problem was found, 2 wrong usage, 3 it could not be tried, 10 rolled back,
11 rollback failed, 12 superseded, 13 stopped, 14 timed out, 15 scaled to zero, 16 unknown, 130 interrupted.
)";

constexpr const char* kRollbackExamples = R"(Examples:
  pipeline rollback --cluster production --service api            to the last revision that was proven
  pipeline rollback --cluster production --service api --to api:7

A deployment that goes on is stopped and rolled back by AWS. Exit codes are those of deploy; 0 is a rollback that
worked.
)";

constexpr const char* kRehearseExamples = R"(Examples:
  pipeline rehearse release.yml                             each fault, by the strategy that the seed declares
  pipeline rehearse release.yml --strategy all              the table of all strategies and all faults
  pipeline rehearse release.yml --fault crash --fault alarm
  pipeline rehearse .github/workflows/deploy.yml            the whole workflow, once for each fault

Each strategy has an emulator of its own, with images from the local store. Exit code 1: an end was not the
expected one, or a request failed.
)";

constexpr const char* kEcrExamples = R"(Examples:
  pipeline ecr create api --scan-on-push --lifecycle keep-30.json
  pipeline ecr scan api:v2 --fail-on HIGH --fixable    exit code 1 when there is one
  pipeline ecr preview api                             what the policy that is there would expire
)";

void add_common(CLI::App* verb, AwsFlags& flags) {
  verb->add_option("-c,--cluster", flags.cluster, "The cluster; default: default");
  verb->add_option("--region", flags.region, "The region; default: AWS_REGION, or the profile's");
  verb->add_flag("--json", flags.json, "For programs");
}

CLI::Option* add_wait(CLI::App* verb, int& minutes) {
  return verb->add_option("--wait-minutes", minutes, "How long to wait for the end")
      ->check(CLI::Range(1, 2880))
      ->capture_default_str();
}

void add_rehearse(CLI::App& app, RehearseFlags& flags) {
  auto* rehearse =
      app.add_subcommand("rehearse", "Deploy on emulators with everything that may go wrong, and compare");
  rehearse->footer(kRehearseExamples);
  rehearse
      ->add_option("file", flags.file,
                   "A deployment file, as docs/deploy.md describes, or a workflow that deploys")
      ->required()
      ->check(CLI::ExistingFile);
  add_common(rehearse, flags);
  rehearse->add_option("--seed", flags.seed, "The emulators' seed; default: emulator.yml beside the file")
      ->check(CLI::ExistingFile);
  rehearse->add_option("-s,--service", flags.service,
                       "What faults concern; default: the file's first service");
  rehearse->add_option("--strategy", flags.strategies,
                       "rolling, blue-green, linear, canary, codedeploy, or all; default: the seed's own");
  rehearse->add_option(
      "--fault", flags.mishaps,
      "none, crash, unhealthy, slow-health, slow-start, missing-image, missing-secret, "
      "lost-registry, no-capacity, throttling, expired-token, identity-provider, alarm, stop, "
      "failing-hook, hanging-hook; default: all");
  rehearse->add_option("--time-scale", flags.time_scale, "Seconds of the account in one second here")
      ->check(CLI::Range(1.0, 1000.0))
      ->capture_default_str();
}

void add_ecr(CLI::App& app, EcrFlags& flags) {
  auto* ecr = app.add_subcommand("ecr", "Repositories of Amazon ECR: create, scan, preview what expires");
  ecr->footer(kEcrExamples);
  ecr->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help, const char* argument) {
    auto* sub = ecr->add_subcommand(name, help);
    sub->callback([&flags, name] { flags.verb = name; });
    sub->add_option("name", flags.name, argument)->required();
    sub->add_option("--region", flags.region, "The region; default: AWS_REGION, or the profile's");
    sub->add_flag("--json", flags.json, "For programs");
    return sub;
  };
  auto* scan =
      verb("scan", "Fail when a scan has found something bad", "REPOSITORY:TAG or REPOSITORY@DIGEST");
  scan->add_option("--fail-on", flags.fail_on, "This severity and above; default: HIGH");
  scan->add_flag("--fixable", flags.fixable, "Count only what a newer version mends");
  auto* create =
      verb("create", "Create a repository that is missing, and set its policies", "The repository");
  create->add_flag("--immutable-tags", flags.immutable_tags, "Of a new one");
  create->add_flag("--scan-on-push", flags.scan_on_push, "Of a new one");
  create->add_option("--policy", flags.policy, "A file with its policy")->check(CLI::ExistingFile);
  auto* preview = verb("preview", "List what the lifecycle policy would expire", "The repository");
  for (auto* sub : {create, preview})
    sub->add_option("--lifecycle", flags.lifecycle, "A file with its lifecycle policy")
        ->check(CLI::ExistingFile);
}

}  // namespace

void add_deploy_verbs(CLI::App& app, DeployVerbs& flags) {
  auto* deploy = app.add_subcommand("deploy", "Deploy services to ECS, and follow them to a proven end");
  deploy->footer(kDeployExamples);
  auto& wanted = flags.deploy;
  deploy->add_option("file", wanted.file, "A deployment file; without it the flags say what to deploy");
  add_common(deploy, wanted);
  deploy->add_option("-s,--service", wanted.service, "The service");
  deploy->add_option("-t,--task-definition", wanted.task_definition,
                     "A file in JSON or YAML, or family, family:revision or ARN of a registered one");
  deploy->add_option("--image", wanted.images, "Set a container's image: CONTAINER=IMAGE")->take_all();
  deploy->add_option("--desired-count", wanted.desired_count, "How many tasks; default: as many as now")
      ->check(CLI::Range(0, 5000));
  deploy->add_flag("--force", wanted.force, "Replace the tasks even when nothing changed");
  deploy->add_flag("--plan", wanted.plan, "Only say what would happen, and what can be known to fail");
  add_wait(deploy, wanted.wait_minutes);
  deploy->add_option("--preflight", wanted.preflight, "What a problem found beforehand does: fail, warn, off")
      ->check(CLI::IsMember({"fail", "warn", "off"}));
  deploy
      ->add_option("--hooks", wanted.hooks,
                   "At hooks that pause: ask (at a terminal), continue, roll-back, wait")
      ->check(CLI::IsMember({"ask", "continue", "roll-back", "wait"}));
  deploy->add_option("--probe", wanted.probe, "Send requests to this URL before, during and after");
  deploy->add_option("--version-header", wanted.version_header,
                     "The header of its answers that names the version");
  deploy->add_option("--report", wanted.report, "A folder for report.json, summary.md and requests.svg");
  deploy->add_flag("--attach", wanted.attach,
                   "Keep the record of it beside its images in ECR, as a referrer");

  auto* rollback = app.add_subcommand("rollback", "Take a service back to the last revision that was proven");
  rollback->footer(kRollbackExamples);
  add_common(rollback, flags.rollback);
  rollback->add_option("-s,--service", flags.rollback.service, "The service")->required();
  rollback->add_option("--to", flags.rollback.to, "The task definition: FAMILY:REVISION or ARN");
  add_wait(rollback, flags.rollback.wait_minutes);

  auto* status = app.add_subcommand("status", "Services with their deployments, targets and last events");
  add_common(status, flags.status);
  add_rehearse(app, flags.rehearse);
  add_ecr(app, flags.ecr);
  status->add_option("-s,--service", flags.status.services, "Only these; default: all of the cluster");
}

void take_deploy_verb(const CLI::App& app, const DeployVerbs& flags, CommandLine& line) {
  if (app.got_subcommand("deploy")) line.verb = flags.deploy;
  if (app.got_subcommand("rollback")) line.verb = flags.rollback;
  if (app.got_subcommand("status")) line.verb = flags.status;
  if (app.got_subcommand("rehearse")) line.verb = flags.rehearse;
  if (app.got_subcommand("ecr")) line.verb = flags.ecr;
}

}  // namespace cli
