#include "steps/builtin/ecs_deploy_inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "ecs/task_definition.h"
#include "steps/builtin/aws_session.h"
#include "steps/deployment_gates.h"
#include "workflow/yaml_reader.h"

namespace steps::builtin {
namespace {

using base::invalid_input;
using base::Json;
using base::Result;

constexpr int kDefaultMinutes = 30;
constexpr int kMostMinutes = 360;
constexpr int kMostTasks = 5000;  // of a service, as ECS has it

/// YAML is taken too, as by the action; JSON is nearly a part of it, but for its long strings.
Result<Json> parse_document(const std::string& text, const std::string& file) {
  if (auto json = base::parse_json(text)) return json;
  workflow::Diagnostics diagnostics;
  const auto node = workflow::read_yaml(file, text, diagnostics);
  if (!diagnostics.empty()) return invalid_input(workflow::to_string(diagnostics.front()));
  if (!node.is_mapping()) return invalid_input(fmt::format("{}: expected a JSON object", file));
  return workflow::to_json(node);
}

Result<Json> read_document(const std::string& file, const RunningJob& job, const char* what) {
  const auto path = file.starts_with('/') ? file : job.folders.workspace.inside + "/" + file;
  TRY(const auto text, read_job_file(job.folders, path, ecs::kLargestDefinition)
                           .while_doing(fmt::format("reading the {} {}", what, file)));
  return parse_document(text, file);
}

Result<Json> read_definition(const ActionCall& call, RunningJob& job) {
  const auto file = call.input("task-definition");
  if (file.empty()) return invalid_input("Input required and not supplied: task-definition");
  TRY(auto definition, read_document(file, job, "task definition"));
  for (const auto& key : ecs::remove_described_keys(definition)) {
    warn(job,
         fmt::format(
             "Ignoring property '{}' in the task definition file. This property is returned by the Amazon "
             "ECS DescribeTaskDefinition API and may be shown in the ECS console, but it is not a valid "
             "field when registering a new task definition. This field can be safely removed from your "
             "task definition file.",
             key));
  }
  const auto kept = comma_list(call, "keep-null-value-keys");
  return ecs::without_empty_values(definition, {kept.begin(), kept.end()});
}

/// JSON of an input; `fallback` when it is absent.
Result<Json> json_input(const ActionCall& call, const char* name, Json fallback) {
  const auto text = call.input(name);
  if (text.empty()) return fallback;
  return base::parse_json(text).while_doing(fmt::format("reading the input {}", name));
}

/// The settings that ECS takes of a managed EBS volume; throughput is one of gp3 volumes alone.
Result<Json> ebs_volume(const Json& settings, const std::string& input) {
  constexpr const char* kSettings[] = {"roleArn",    "encrypted", "filesystemType", "iops",
                                       "kmsKeyId",   "sizeInGiB", "snapshotId",     "tagSpecifications",
                                       "throughput", "volumeType"};
  if (!settings.is_object() || !settings.contains("roleArn"))
    return invalid_input(fmt::format("{}: expected a JSON object with a roleArn for the EBS volume", input));
  Json volume = Json::object();
  for (const char* key : kSettings) {
    if (settings.contains(key)) volume[key] = settings[key];
  }
  if (base::json_string(settings, "volumeType") != "gp3") volume.erase("throughput");
  return volume;
}

/// What volumes of a service or task are made of: a name, and settings in JSON. Null: none.
Result<Json> volumes(const ActionCall& call, RunningJob& job, const std::string& input) {
  const auto name = call.input(input + "-name");
  TRY(const Json settings, json_input(call, input.c_str(), Json::object()));
  if (name.empty()) return Json();
  if (settings.empty()) {
    warn(job, fmt::format("{0}-name is given without {0}: no volume is configured", input));
    return Json();
  }
  TRY(Json volume, ebs_volume(settings, input));
  return Json::array({{{"name", name}, {"managedEBSVolume", std::move(volume)}}});
}

Result<Json> task_request(const ActionCall& call, RunningJob& job) {
  TRY(const Json overrides, json_input(call, "run-task-container-overrides", Json::array()));
  TRY(const Json strategy, json_input(call, "run-task-capacity-provider-strategy", Json::array()));
  TRY(const Json tags, json_input(call, "run-task-tags", Json::array()));
  TRY(const Json ebs, volumes(call, job, "run-task-managed-ebs-volume"));
  Json request = {{"cluster", call.input("cluster", "default")},
                  {"overrides", {{"containerOverrides", overrides}}},
                  {"startedBy", call.input("run-task-started-by", "GitHub-Actions")},
                  {"tags", tags}};
  if (strategy.empty()) {
    request["launchType"] = call.input("run-task-launch-type", "FARGATE");
  } else {
    request["capacityProviderStrategy"] = strategy;
  }
  const auto subnets = comma_list(call, "run-task-subnets");
  const auto groups = comma_list(call, "run-task-security-groups");
  if (!subnets.empty() || !groups.empty()) {
    Json network = {{"assignPublicIp", call.input("run-task-assign-public-IP", "DISABLED")}};
    if (!subnets.empty()) network["subnets"] = subnets;
    if (!groups.empty()) network["securityGroups"] = groups;
    request["networkConfiguration"] = {{"awsvpcConfiguration", std::move(network)}};
  }
  if (!ebs.is_null()) request["volumeConfigurations"] = ebs;
  if (const auto managed = call.input("enable-ecs-managed-tags"); !managed.empty())
    request["enableECSManagedTags"] = is_true(managed);
  if (const auto from = call.input("propagate-tags"); !from.empty()) request["propagateTags"] = from;
  return request;
}

Result<Preflight> preflight_input(const ActionCall& call) {
  const auto text = call.input("preflight", "fail");
  if (text == "fail") return Preflight::fail;
  if (text == "warn") return Preflight::warn;
  if (text == "off") return Preflight::off;
  return invalid_input(fmt::format("preflight: expected fail, warn or off, found '{}'", text));
}

/// `gates` of a deployment file, as the text of an input.
Result<std::optional<ecs::HealthGate>> gates_input(const ActionCall& call) {
  const auto text = call.input("gates");
  if (text.empty()) return std::optional<ecs::HealthGate>();
  if (call.input("service").empty() || !is_true(call.input("wait-for-service-stability")))
    return invalid_input("gates: expected a service and wait-for-service-stability: true, which they follow");
  workflow::Diagnostics problems;
  const auto node = workflow::read_yaml("the input gates", text, problems);
  if (!problems.empty()) return invalid_input(workflow::to_string(problems.front()));
  TRY(auto gate, read_gates(workflow::YamlFields("the input gates"), node));
  return std::optional(std::move(gate));
}

}  // namespace

Result<DeployInputs> read_deploy_inputs(const ActionCall& call, RunningJob& job) {
  DeployInputs inputs;
  TRY(inputs.definition, read_definition(call, job));
  const auto minutes = base::parse_integer(call.input("wait-for-minutes")).value_or(kDefaultMinutes);
  inputs.patience = std::chrono::minutes(
      std::clamp<std::int64_t>(minutes <= 0 ? kDefaultMinutes : minutes, 1, kMostMinutes));
  if (const auto text = call.input("desired-count"); !text.empty()) {
    const auto count = base::parse_integer(text);
    if (!count || *count < 0 || *count > kMostTasks)
      return invalid_input(fmt::format("desired-count: expected a number, found '{}'", text));
    inputs.desired_count = static_cast<int>(*count);
  }
  if (const auto tags = call.input("enable-ecs-managed-tags"); !tags.empty())
    inputs.managed_tags = is_true(tags);
  TRY(inputs.service_volumes, volumes(call, job, "service-managed-ebs-volume"));
  if (is_true(call.input("run-task"))) {
    TRY(inputs.task, task_request(call, job));
  }
  TRY(inputs.preflight, preflight_input(call));
  TRY(inputs.gate, gates_input(call));
  return inputs;
}

Result<Json> read_app_spec(const ActionCall& call, RunningJob& job) {
  return read_document(call.input("codedeploy-appspec", "appspec.yaml"), job, "AppSpec file");
}

}  // namespace steps::builtin
