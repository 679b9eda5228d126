#include "cli/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/deploy_command_line.h"
#include "cli/history_command_line.h"
#include "cli/image_command_line.h"
#include "cli/oidc_command_line.h"
#include "cli/run_command_line.h"
#include "cli/runner_command_line.h"
#include "cli/secret_command_line.h"
#include "cli/serve_command_line.h"
#include "cli/version.h"

namespace cli {

namespace {

constexpr const char* kEmulatorExamples = R"TEXT(Examples:
  pipeline emulator up --seed emulator.yml       start it in the background, with what the seed declares
  pipeline emulator status                       its address, services, tasks and targets
  aws --endpoint-url "$(pipeline emulator status --endpoint)" ecs list-clusters
  pipeline emulator down                         stop it; its state is kept
  pipeline emulator reset                        forget its state
)TEXT";

constexpr const char* kExplainExamples = R"(Examples:
  pipeline explain                               what a push to this branch would run
  pipeline explain ci.yml --event pull_request   as a pull request would
  pipeline explain ci.yml --assume test=failure  what would run if the job test failed
  pipeline explain ci.yml --assume '*=success'   what would run if all goes well
)";

constexpr const char* kCheckExamples = R"TEXT(Examples:
  pipeline check                                 all workflows and actions of this repository
  pipeline check .github/workflows/deploy.yml    one of them
  pipeline check --strict --format github        in a workflow: annotations, and warnings fail the step
  pipeline check --format sarif > check.sarif    for code scanning
  pipeline check --rules                         what is looked for
  pipeline check --schema > workflow.json        a JSON Schema for editors; --schema=action for action.yml

Exit code: 0 without an error (with --strict: without any problem), 2 with one.
A rule is switched off by a comment, `# pipeline-ignore: RULE`, or in .pipeline.yml.
)TEXT";

constexpr const char* kEvalExamples = R"TEXT(Examples:
  pipeline eval "format('{0}-{1}', 'a', 1)"
  pipeline eval "github.ref == 'refs/heads/main'" --contexts contexts.json
  pipeline eval "hashFiles('**/package-lock.json')"
  echo '{"needs": {"build": {"result": "failure"}}}' | pipeline eval "failure()" --contexts -

Prints {"kind": …, "value": …}. NaN, Infinity and -Infinity are texts: JSON has no such numbers.
Status functions answer from job.status, or from needs.*.result.
)TEXT";

std::string default_state_folder() {
  if (const char* folder = std::getenv("PIPELINE_STATE_DIR"); folder != nullptr && *folder != 0)
    return folder;
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
    return std::string(state) + "/pipeline";
  }
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr || *home == 0 ? "/tmp" : home) + "/.local/state/pipeline";
}

void add_explain(CLI::App& app, ExplainFlags& flags) {
  auto* explain = app.add_subcommand(
      "explain", "Say which jobs and steps would run, and why or why not, without running");
  explain->footer(kExplainExamples);
  add_event_flags(explain, flags);
  explain
      ->add_option("--assume", flags.assumptions,
                   "How a job ends: JOB=success, failure, cancelled or skipped; '*' is every other one")
      ->take_all();
  explain->add_flag("--json", flags.json, "For programs");
  explain
      ->add_option_function<std::string>(
          "--format", [&flags](const std::string& format) { flags.json = format == "json"; }, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void add_graph(CLI::App& app, GraphFlags& flags) {
  auto* graph = app.add_subcommand("graph", "Draw the jobs of a workflow and what they need");
  graph->footer("Examples:\n  pipeline graph ci.yml\n  pipeline graph ci.yml --format svg -o ci.svg\n");
  graph->add_option("workflow", flags.workflow, "The workflow file; default: those in .github/workflows");
  const std::map<std::string, GraphFormat> formats{
      {"text", GraphFormat::text}, {"mermaid", GraphFormat::mermaid}, {"svg", GraphFormat::svg}};
  graph->add_option("--format", flags.format, "text, mermaid or svg")
      ->transform(CLI::CheckedTransformer(formats));
  graph->add_option("-o,--output", flags.output, "The file to write; default: standard output");
}

void add_check(CLI::App& app, CheckFlags& flags) {
  auto* check = app.add_subcommand("check", "Check workflow files without running them");
  check->footer(kCheckExamples);
  check->add_option("files", flags.files,
                    "Workflow files and action.yml files; default: all workflows and local actions");
  const std::map<std::string, CheckFormat> formats{{"text", CheckFormat::text},
                                                   {"json", CheckFormat::json},
                                                   {"sarif", CheckFormat::sarif},
                                                   {"github", CheckFormat::github}};
  check->add_option("-f,--format", flags.format, "text, json, sarif or github (annotations)")
      ->transform(CLI::CheckedTransformer(formats));
  check->add_flag_callback(
      "--json", [&flags] { flags.format = CheckFormat::json; }, "The same as --format json");
  check->add_flag("--fetch", flags.fetch,
                  "Fetch the actions and called workflows of other repositories, and check by what they say");
  add_action_flags(check, flags.actions);
  add_token_flag(check, flags.actions);
  check->add_flag("--strict", flags.strict, "Exit code 2 for warnings, too");
  check->add_flag("--rules", flags.rules, "List the rules: id, severity, what they find");
  check
      ->add_flag("--schema{workflow}", flags.schema,
                 "Print a JSON Schema for editors: --schema, or --schema=action")
      ->check(CLI::IsMember({"workflow", "action"}));
}

void add_eval(CLI::App& app, EvalFlags& flags) {
  auto* eval = app.add_subcommand("eval", "Evaluate one expression");
  eval->footer(kEvalExamples);
  eval->add_option("expression", flags.expression, "The expression, with or without ${{ }}")->required();
  eval->add_option("-c,--contexts", flags.contexts,
                   "A JSON file whose keys are the contexts (github, needs …); - is standard input");
}

void add_emulator(CLI::App& app, EmulatorFlags& flags) {
  auto* emulator = app.add_subcommand("emulator", "The embedded AWS: STS, ECR, ECS, load balancers, logs");
  emulator->footer(kEmulatorExamples);
  emulator->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    auto* sub = emulator->add_subcommand(name, help);
    sub->callback([&flags, name] { flags.verb = name; });
    return sub;
  };
  for (auto* sub : {verb("up", "Start it in the background"), verb("serve", "Run it in the foreground")}) {
    sub->add_option("--seed", flags.seed, "YAML file that declares what exists")->check(CLI::ExistingFile);
    sub->add_option("--port", flags.port, "Port on 127.0.0.1; default: the one used before, or a free one")
        ->check(CLI::Range(1, 65535));
    sub->add_option(
           "--time-scale", flags.time_scale,
           "Waits of deployments, health checks and hooks pass so many times as fast; default: the seed's")
        ->check(CLI::Range(1.0, 1000.0));
  }
  emulator->get_subcommand("serve")->add_flag("--until-input-ends", flags.until_input_ends,
                                              "End when standard input does");
  verb("down", "Stop it and its tasks; its state is kept");
  auto* status = verb("status", "Address, services, tasks, targets");
  status->add_flag("--json", flags.json, "As JSON");
  status->add_flag("--endpoint", flags.endpoint_only, "Only the address");
  status->add_flag("--page", flags.page, "Only the address of its live page, which opens it to who has it");
  verb("fault", "What shall go wrong: `list`, `clear [ID]`, or a kind and NAME=VALUE …")
      ->add_option("words", flags.fault, "crash after_seconds=5, throttle action=ecs:* times=3 …");
  verb("audit", "What it refused lately, and why");
  verb("reset", "Stop it and forget its state");
}

void add_artifact(CLI::App& app, ArtifactFlags& flags) {
  auto* artifact = app.add_subcommand("artifact", "What runs have uploaded");
  artifact->footer(
      "Examples:\n  pipeline artifact ls                           of the newest run that has some\n"
      "  pipeline artifact download 17 result -o out    one of run 17, unpacked\n");
  artifact->require_subcommand(1);
  auto* list = artifact->add_subcommand("ls", "List the artifacts of a run");
  list->callback([&flags] { flags.verb = "ls"; });
  list->add_flag("--json", flags.json, "As JSON");
  auto* download = artifact->add_subcommand("download", "Unpack artifacts of a run");
  download->callback([&flags] { flags.verb = "download"; });
  for (auto* verb : {list, download})
    verb->add_option("run", flags.run, "The run's id; default: the newest that has artifacts");
  download->add_option("names", flags.names, "Artifacts; default: all, each in a folder of its name");
  download->add_option("-o,--output", flags.output, "The folder to unpack to; default: this one");
}

void add_cache(CLI::App& app, CacheFlags& flags) {
  auto* cache = app.add_subcommand("cache", "What actions/cache and its like have saved");
  cache->require_subcommand(1);
  auto* list = cache->add_subcommand("ls", "List the caches, newest first");
  list->callback([&flags] { flags.verb = "ls"; });
  list->add_flag("--json", flags.json, "As JSON");
  auto* remove = cache->add_subcommand("rm", "Forget caches");
  remove->callback([&flags] { flags.verb = "rm"; });
  remove->add_option("keys", flags.keys, "Keys or ids");
  remove->add_flag("--all", flags.all, "All of them");
}

void add_backup(CLI::App& app, BackupFlags& flags) {
  auto* backup =
      app.add_subcommand("backup", "Copy what the state folder knows into a folder, while it is used");
  backup->callback([&flags] { flags.verb = "backup"; });
  backup->add_option("folder", flags.folder, "A new or empty folder")->required();
  backup->add_flag("--with-master-key", flags.with_master_key, "With the key that opens the secrets");
  auto* restore = app.add_subcommand("restore", "Make a state folder of a backup");
  restore->callback([&flags] { flags.verb = "restore"; });
  restore->add_option("folder", flags.folder, "The backup")->required();
}

void add_doctor(CLI::App& app, DoctorFlags& flags) {
  auto* doctor = app.add_subcommand("doctor", "What this machine offers to sandboxes, and what it lacks");
  doctor->add_flag("--json", flags.json, "As JSON");
}

// Given again for another value: what stands behind the first one is no second.
void take_one_value_each(CLI::App& app) {
  for (auto* option : app.get_options()) {
    if (!option->get_positional()) option->allow_extra_args(false);
  }
  for (auto* verb : app.get_subcommands([](const CLI::App* /*any*/) { return true; }))
    take_one_value_each(*verb);
}

bool has_verb(const CLI::App& app, std::string_view name) {
  return !app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == name; }).empty();
}

// An expression may start with a minus: no flag has a digit, a dot or the I of Infinity behind it.
bool is_negative_number(std::string_view text) {
  return text.size() > 1 && text[0] == '-' &&
         (text[1] == '.' || text[1] == 'I' || (text[1] >= '0' && text[1] <= '9'));
}

std::vector<const char*> arguments_of(int argc, char** argv) {
  std::vector<const char*> arguments(argv, argv + argc);
  if (argc < 3 || std::string_view(argv[1]) != "eval") return arguments;
  const auto expression = std::find_if(arguments.begin() + 2, arguments.end(), is_negative_number);
  if (expression == arguments.end()) return arguments;
  const char* text = *expression;
  arguments.erase(expression);
  if (std::find(arguments.begin(), arguments.end(), std::string_view("--")) == arguments.end())
    arguments.push_back("--");
  arguments.push_back(text);
  return arguments;
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  CommandLine result;
  RunFlags run;
  CheckFlags check;
  EvalFlags eval;
  EmulatorFlags emulator;
  ImageFlags image;
  HistoryFlags history;
  ExplainFlags explain;
  GraphFlags graph;
  LockFlags lock;
  ArtifactFlags artifact;
  CacheFlags cache;
  DoctorFlags doctor;
  DeployVerbs deploy;
  ServeFlags serve;
  RunnerFlags runner;
  SecretVerbFlags secret;
  VariableFlags variable;
  OidcFlags oidc;
  BackupFlags backup;
  DispatchFlags dispatch;

  CLI::App app{"Runs GitHub Actions workflows on your own machine, up to a healthy deployment on AWS.",
               "pipeline"};
  app.set_version_flag("--version", fmt::format("pipeline {}", kVersion));
  app.require_subcommand(1);
  app.footer("'pipeline VERB --help' shows a verb's flags and examples.");
  app.fallthrough();
  app.add_option("--state-dir", result.common.state_folder, "Where state is kept")
      ->envname("PIPELINE_STATE_DIR");
  app.add_flag("-v,--verbose", result.common.verbose,
               "Show debug lines, what each step was started with, and what the program itself does");
  add_run(app, run);
  add_explain(app, explain);
  add_graph(app, graph);
  add_lock(app, lock);
  add_check(app, check);
  add_eval(app, eval);
  add_emulator(app, emulator);
  add_image(app, image);
  add_deploy_verbs(app, deploy);
  add_history_verbs(app, history);
  add_artifact(app, artifact);
  add_cache(app, cache);
  add_runner(app, runner);
  add_secret(app, secret);
  add_variable(app, variable);
  add_oidc(app, oidc);
  add_backup(app, backup);
  std::string shell;
  app.add_subcommand("completion", "Print a completion script: source <(pipeline completion bash)")
      ->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  add_doctor(app, doctor);
  add_serve(app, serve);
  add_dispatch(app, dispatch);
  take_one_value_each(app);

  try {
    const auto arguments = arguments_of(argc, argv);
    app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& error) {
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (verb.empty()) {
      fmt::print(stderr, "{}", app.help());
    } else if (!verb.starts_with('-') && !has_verb(app, verb)) {
      fmt::print(stderr, "pipeline: there is no command '{}'; 'pipeline --help' lists them\n", verb);
    } else if (app.exit(error) == 0) {
      result.exit_code = kPassed;
      return result;
    }
    result.exit_code = kUsage;
    return result;
  }
  if (app.got_subcommand("completion")) {
    fmt::print("{}", completion_script(app, shell));
    result.exit_code = kPassed;
    return result;
  }
  if (result.common.state_folder.empty()) result.common.state_folder = default_state_folder();
  result.common.state_folder =
      std::filesystem::absolute(result.common.state_folder).lexically_normal().string();
  run.arguments.assign(argv + std::min(argc, 1), argv + argc);
  if (app.got_subcommand("run")) result.verb = std::move(run);
  if (app.got_subcommand("explain")) result.verb = std::move(explain);
  if (app.got_subcommand("graph")) result.verb = std::move(graph);
  if (app.got_subcommand("lock")) result.verb = std::move(lock);
  if (app.got_subcommand("artifact")) result.verb = std::move(artifact);
  if (app.got_subcommand("cache")) result.verb = std::move(cache);
  if (app.got_subcommand("check")) result.verb = std::move(check);
  if (app.got_subcommand("eval")) result.verb = std::move(eval);
  if (app.got_subcommand("emulator")) result.verb = std::move(emulator);
  if (app.got_subcommand("image")) result.verb = std::move(image);
  take_deploy_verb(app, deploy, result);
  take_history_verb(app, history, result);
  if (app.got_subcommand("runner")) result.verb = std::move(runner);
  if (app.got_subcommand("secret")) result.verb = std::move(secret);
  if (app.got_subcommand("variable")) result.verb = std::move(variable);
  if (app.got_subcommand("oidc")) result.verb = std::move(oidc);
  if (!backup.verb.empty()) result.verb = std::move(backup);
  if (app.got_subcommand("doctor")) result.verb = doctor;
  if (app.got_subcommand("serve")) result.verb = serve;
  if (app.got_subcommand("dispatch")) result.verb = dispatch;
  return result;
}

}  // namespace cli
