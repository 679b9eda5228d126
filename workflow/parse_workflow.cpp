#include "workflow/parse_workflow.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/strings.h"

namespace workflow {

namespace {

std::optional<Text> text_of_value(const Node& node) {
  if (!node.present() || node.kind == NodeKind::null) return std::nullopt;
  return Text{node.text, node.line, node.column};
}

// Empty is as good as nothing here.
std::optional<Text> filled_text_of(const Node& node) {
  auto text = text_of_value(node);
  return text && text->text.empty() ? std::nullopt : text;
}

std::vector<std::string> list_of(const Node& node) {
  std::vector<std::string> texts;
  if (node.is_sequence()) {
    for (const auto& item : node.items) texts.push_back(item.text);
  } else if (node.is_scalar() && node.kind != NodeKind::null) {
    texts.push_back(node.text);
  }
  return texts;
}

bool is_true(const Node& node) {
  return base::to_lower(node.text) == "true";
}

Defaults defaults_of(const Node& node) {
  const Node& run = node["run"];
  return {.shell = filled_text_of(run["shell"]),
          .working_directory = filled_text_of(run["working-directory"])};
}

constexpr std::size_t kLongestId = 100;

// What is wrong with an id, or "".
std::string problem_of_id(std::string_view id) {
  const auto is_start = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const auto is_part = [&](char c) {
    return is_start(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-';
  };
  bool valid = !id.empty() && id.size() < kLongestId && is_start(id.front());
  for (const char c : id) valid = valid && is_part(c);
  if (!valid) {
    return fmt::format(
        "The identifier '{}' is invalid. IDs may only contain alphanumeric characters, '_', and '-'. "
        "IDs must start with a letter or '_' and and must be less than {} characters.",
        id, kLongestId);
  }
  if (id.starts_with("__"))
    return fmt::format("The identifier '{}' is invalid. IDs starting with '__' are reserved.", id);
  return "";
}

// What the id of an action step is made of: owner/repository, docker's image, or nothing to go by.
std::string segment_of(const std::string& uses) {
  constexpr std::string_view kDocker = "docker://";
  if (uses.starts_with(kDocker)) return uses.substr(kDocker.size());
  if (uses.starts_with("./") || uses.starts_with(".\\") || uses.starts_with("$/")) return "self";
  const auto halves = base::split(uses, '@');
  if (halves.size() != 2 || halves[1].empty()) return "run";
  const auto segments = base::split(base::replace_all(halves[0], "\\", "/"), '/');
  if (segments.size() < 2 || segments[0].empty() || segments[1].empty()) return "run";
  return segments[0] + "/" + segments[1];
}

std::string generated_id(const Step& step) {
  std::string name = "run";
  if (step.uses) name = segment_of(step.uses->text);
  if (step.wait.present()) name = "wait";
  if (step.wait_all.present()) name = "wait-all";
  if (step.cancel.present()) name = "cancel";
  if (!step.parallel.empty()) name = "parallel";
  std::string id = "__";
  for (const char c : name) id += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ? c : '_';
  return id;
}

class StepsParser {
 public:
  StepsParser(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  std::vector<Step> parse(const Node& sequence) {
    std::vector<Step> steps;
    for (const auto& node : sequence.items) steps.push_back(parse_step(node));
    assign_ids(steps);
    return steps;
  }

 private:
  Step parse_step(const Node& node) {
    Step step{.file = file_,
              .name = filled_text_of(node["name"]),
              .condition = text_of_value(node["if"]),
              .run = text_of_value(node["run"]),
              .uses = text_of_value(node["uses"]),
              .shell = filled_text_of(node["shell"]),
              .working_directory = filled_text_of(node["working-directory"]),
              .env = node["env"],
              .with = node["with"],
              .continue_on_error = node["continue-on-error"],
              .timeout_minutes = node["timeout-minutes"],
              .background = node["background"],
              .wait = node["wait"],
              .wait_all = node["wait-all"],
              .cancel = node["cancel"],
              .line = node.line,
              .column = node.column};
    if (const auto& id = node["id"]; id.present()) {
      step.id = id.text;
      step.has_own_id = true;
      check_id(id);
    }
    for (const auto& child : node["parallel"].items) step.parallel.push_back(parse_step(child));
    return step;
  }

  void check_id(const Node& id) {
    if (const auto problem = problem_of_id(id.text); !problem.empty()) {
      report(id, problem);
    } else if (!used_.insert(base::to_lower(id.text)).second) {
      report(id, fmt::format("The identifier '{}' may not be used more than once within the same scope.",
                             id.text));
    }
  }

  void assign_ids(std::vector<Step>& steps) {
    for (auto& step : steps) {
      if (step.id.empty()) {
        const auto base = generated_id(step);
        step.id = base.substr(0, kLongestId);
        auto& number = last_number_.try_emplace(base, 1).first->second;
        while (!used_.insert(base::to_lower(step.id)).second) {
          const auto suffix = fmt::format("_{}", ++number);
          step.id = base.substr(0, kLongestId - suffix.size()) + suffix;
        }
      }
      assign_ids(step.parallel);
    }
  }

  void report(const Node& node, std::string message) {
    diagnostics_.push_back({{file_, node.line, node.column}, std::move(message)});
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
  std::set<std::string> used_;
  std::map<std::string, int> last_number_;  ///< of generated ids: all up to it are taken
};

Trigger trigger_of(const Node& event, const Node& config) {
  return {.event = event.text,
          .types = list_of(config["types"]),
          .branches = list_of(config["branches"]),
          .branches_ignore = list_of(config["branches-ignore"]),
          .tags = list_of(config["tags"]),
          .tags_ignore = list_of(config["tags-ignore"]),
          .paths = list_of(config["paths"]),
          .paths_ignore = list_of(config["paths-ignore"]),
          .line = event.line,
          .column = event.column,
          .config = config};
}

std::vector<Trigger> triggers_of(const Node& on) {
  std::vector<Trigger> triggers;
  if (on.is_scalar()) triggers.push_back(trigger_of(on, {}));
  for (const auto& event : on.items) triggers.push_back(trigger_of(event, {}));
  for (const auto& [event, config] : on.members) triggers.push_back(trigger_of(event, config));
  return triggers;
}

std::vector<DispatchInput> dispatch_inputs_of(const Node& on) {
  std::vector<DispatchInput> inputs;
  for (const auto& [name, config] : on["workflow_dispatch"]["inputs"].members) {
    DispatchInput input{.name = name.text};
    if (config["type"].present()) input.type = config["type"].text;
    input.required = is_true(config["required"]);
    if (config["default"].present() && config["default"].kind != NodeKind::null)
      input.default_value = config["default"].kind == NodeKind::boolean
                                ? base::to_lower(config["default"].text)
                                : config["default"].text;
    input.options = list_of(config["options"]);
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::optional<CallInterface> call_interface_of(const Node& on) {
  constexpr std::string_view kEvent = "workflow_call";
  const auto names_it = [&](const Node& event) { return event.text == kEvent; };
  if (!names_it(on) && !on[kEvent].present() && std::none_of(on.items.begin(), on.items.end(), names_it))
    return std::nullopt;
  CallInterface call;
  for (const auto& [name, input] : on[kEvent]["inputs"].members)
    call.inputs.push_back({name.text, input["type"].text, is_true(input["required"]), input["default"]});
  for (const auto& [name, secret] : on[kEvent]["secrets"].members)
    call.secrets.push_back({name.text, is_true(secret["required"])});
  for (const auto& [name, output] : on[kEvent]["outputs"].members) {
    const auto& value = output["value"];
    call.outputs.push_back({name.text, {value.text, value.line, value.column}});
  }
  return call;
}

Job job_of(const std::string& path, const Node& id, const Node& node, Diagnostics& diagnostics) {
  Job job{.file = path,
          .id = id.text,
          .name = filled_text_of(node["name"]),
          .condition = text_of_value(node["if"]),
          .runs_on = node["runs-on"],
          .strategy = {.computed = node["strategy"].is_scalar() ? node["strategy"] : Node(),
                       .matrix = node["strategy"]["matrix"],
                       .fail_fast = node["strategy"]["fail-fast"],
                       .max_parallel = node["strategy"]["max-parallel"]},
          .env = node["env"],
          .defaults = defaults_of(node["defaults"]),
          .permissions = node["permissions"],
          .effective_permissions = permissions_of(node["permissions"]),
          .cache_mode = cache_mode_of(node["cache-mode"]),
          .concurrency = node["concurrency"],
          .environment = node["environment"],
          .outputs = node["outputs"],
          .timeout_minutes = node["timeout-minutes"],
          .cancel_timeout_minutes = node["cancel-timeout-minutes"],
          .continue_on_error = node["continue-on-error"],
          .container = node["container"],
          .services = node["services"],
          .snapshot = node["snapshot"],
          .uses = text_of_value(node["uses"]),
          .with = node["with"],
          .secrets = node["secrets"],
          .line = id.line,
          .column = id.column};
  const Node& needs = node["needs"];
  if (needs.is_sequence()) {
    for (const auto& item : needs.items) job.needs.push_back({item.text, item.line, item.column});
  } else if (auto one = text_of_value(needs)) {
    job.needs.push_back(*one);
  }
  job.steps = parse_steps(path, node["steps"], diagnostics);
  if (const auto problem = problem_of_id(id.text); !problem.empty()) {
    diagnostics.push_back({{path, id.line, id.column}, problem});
  }
  return job;
}

}  // namespace

const Job* Workflow::find_job(std::string_view id) const {
  for (const auto& job : jobs) {
    if (base::equals_ignoring_case(job.id, id)) return &job;
  }
  return nullptr;
}

std::vector<Step> parse_steps(const std::string& file, const Node& sequence, Diagnostics& diagnostics) {
  return StepsParser(file, diagnostics).parse(sequence);
}

Workflow parse_workflow(const std::string& path, const Node& root, Diagnostics& diagnostics) {
  Workflow workflow{.path = path,
                    .run_name = filled_text_of(root["run-name"]),
                    .triggers = triggers_of(root["on"]),
                    .dispatch_inputs = dispatch_inputs_of(root["on"]),
                    .call = call_interface_of(root["on"]),
                    .env = root["env"],
                    .defaults = defaults_of(root["defaults"]),
                    .permissions = root["permissions"],
                    .concurrency = root["concurrency"],
                    .jobs_line = root["jobs"].line,
                    .jobs_column = root["jobs"].column};
  if (const auto name = filled_text_of(root["name"])) workflow.name = name->text;
  for (const auto& [id, node] : root["jobs"].members)
    workflow.jobs.push_back(job_of(path, id, node, diagnostics));
  for (auto& job : workflow.jobs) {
    if (!job.effective_permissions) job.effective_permissions = permissions_of(workflow.permissions);
    if (!job.cache_mode) job.cache_mode = cache_mode_of(root["cache-mode"]);
  }
  return workflow;
}

}  // namespace workflow
