// aws-actions/amazon-ecs-render-task-definition: the task definition with a new image, as a file for the step
// after.

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecs/ecs_client.h"
#include "ecs/task_definition.h"
#include "steps/builtin/aws_session.h"
#include "steps/job_files.h"

namespace steps::builtin {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;

std::string inside_path(const std::string& file, const RunningJob& job) {
  return file.starts_with('/') ? file : job.folders.workspace.inside + "/" + file;
}

Result<Json> load_definition(const ActionCall& call, RunningJob& job) {
  const auto file = call.input("task-definition");
  auto described = call.input("task-definition-arn");
  if (described.empty() && !call.input("task-definition-family").empty()) {
    described = call.input("task-definition-family");
    if (const auto revision = call.input("task-definition-revision"); !revision.empty())
      described += ":" + revision;
  }
  if (file.empty() && described.empty()) {
    return make_error(
        ErrorKind::invalid_input,
        "Either task definition, task definition arn or task definition family must be provided");
  }
  if (file.empty()) {
    TRY(auto client, make_aws_client(call, job));
    return ecs::describe_task_definition(client, described);
  }
  const auto text = read_job_file(job.folders, inside_path(file, job), ecs::kLargestDefinition);
  if (!text)
    return make_error(ErrorKind::not_found, fmt::format("Task definition file does not exist: {}", file));
  return base::parse_json(*text).while_doing("reading " + file);
}

Result<ecs::ContainerEdits> read_edits(const ActionCall& call) {
  ecs::ContainerEdits edits{.containers = comma_list(call, "container-name"), .image = call.input("image")};
  if (edits.containers.empty())
    return make_error(ErrorKind::invalid_input, "Input required and not supplied: container-name");
  if (edits.image.empty())
    return make_error(ErrorKind::invalid_input, "Input required and not supplied: image");
  if (const auto command = call.input("command"); !command.empty()) edits.command = base::split(command, ' ');
  for (const auto line : base::lines_of(call.input("env-files"))) {
    if (!base::trim(line).empty()) edits.environment_files.emplace_back(base::trim(line));
  }
  TRY(edits.environment, ecs::parse_pairs(call.input("environment-variables"), "environment variable"));
  TRY(edits.secrets, ecs::parse_pairs(call.input("secrets"), "secret"));
  edits.log_driver = call.input("log-configuration-log-driver");
  TRY(edits.log_options,
      ecs::parse_pairs(call.input("log-configuration-options"), "log configuration option"));
  TRY(edits.docker_labels, ecs::parse_pairs(call.input("docker-labels"), "docker label"));
  return edits;
}

/// Where the next step finds it: a new name in the job's temporary folder.
Result<std::string> write_definition(const Json& definition, RunningJob& job) {
  const auto name = fmt::format("task-definition-{}.json", base::to_hex(base::random_bytes(8)));
  TRY(const auto folder, base::open_directory(job.folders.temp.host));
  TRY(create_file_for_steps(folder.get(), name, base::to_text(definition, 2), 0644, job.services->host_uid));
  return job.folders.temp.inside + "/" + name;
}

}  // namespace

Result<ActionOutcome> amazon_ecs_render_task_definition(const ActionCall& call, RunningJob& job) {
  TRY(const auto edits, read_edits(call));
  TRY(auto definition, load_definition(call, job));
  TRY(ecs::edit_containers(definition, edits));
  for (const auto& [input, key] :
       {std::pair("task-role-arn", "taskRoleArn"), std::pair("execution-role-arn", "executionRoleArn")}) {
    if (const auto arn = call.input(input); !arn.empty()) definition[key] = arn;
  }
  ecs::remove_described_keys(definition);
  TRY(const auto file, write_definition(definition, job));
  ActionOutcome outcome;
  outcome.outputs["task-definition"] = file;
  return outcome;
}

}  // namespace steps::builtin
