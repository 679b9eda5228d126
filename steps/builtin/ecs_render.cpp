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
  if (file.empty() && described.empty() && !call.input("task-definition-revision").empty()) {
    return make_error(
        ErrorKind::invalid_input,
        "You can't fetch task definition with just revision: Either use task definition file, arn "
        "or family name");
  }
  if (file.empty() && described.empty()) {
    return make_error(
        ErrorKind::invalid_input,
        "Either task definition, task definition arn or task definition family must be provided");
  }
  if (file.empty()) {
    TRY(auto client, make_aws_client(call, job));
    auto definition = ecs::describe_task_definition(client, described);
    if (!definition)
      return prefixed(std::move(definition).error(), "Failed to describe task definition in ECS: ");
    return definition;
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
  const auto files = call.input("env-files");
  for (const auto line : base::lines_of(files)) {
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

/// arn:aws:iam::ACCOUNT:role/NAME, of any partition.
bool is_role_arn(const std::string& text) {
  const auto parts = base::split(text, ':');
  const bool is_iam = parts.size() >= 6 && parts[0] == "arn" && (parts[1] + "-").starts_with("aws-") &&
                      parts[2] == "iam" && parts[3].empty();
  return is_iam && parts[4].size() == 12 && parts[4].find_first_not_of("0123456789") == std::string::npos &&
         parts[5].starts_with("role/") &&
         text.size() > text.find(":role/") + std::string_view(":role/").size();
}

Result<void> set_role(Json& definition, const ActionCall& call, const char* input, const char* key) {
  const auto arn = call.input(input);
  if (arn.empty()) return {};
  if (!is_role_arn(arn)) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("Invalid ARN format for {}. Expected format: "
                                  "arn:aws:iam::<account-id>:role/<role-name>, found '{}'",
                                  input, arn));
  }
  definition[key] = arn;
  return {};
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
  TRY(set_role(definition, call, "task-role-arn", "taskRoleArn"));
  TRY(set_role(definition, call, "execution-role-arn", "executionRoleArn"));
  ecs::remove_described_keys(definition);
  TRY(const auto file, write_definition(definition, job));
  ActionOutcome outcome;
  outcome.outputs["task-definition"] = file;
  return outcome;
}

}  // namespace steps::builtin
