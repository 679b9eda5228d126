#include "cli/deployment_file.h"

#include <fmt/format.h>

#include "base/files.h"
#include "ecs/task_definition.h"
#include "steps/deployment_gates.h"
#include "workflow/yaml_reader.h"

namespace cli {

namespace {

using base::Json;
using base::Result;
using workflow::Node;
using workflow::YamlFields;

constexpr int kMostMinutes = 2880;
constexpr int kMostTasks = 5000;

/// YAML or JSON; JSON is nearly a part of YAML, but for its long strings.
Result<Json> read_document(const base::Path& path) {
  TRY(const auto text, base::read_file(path, ecs::kLargestDefinition));
  if (auto json = base::parse_json(text)) return json;
  workflow::Diagnostics problems;
  const Node node = workflow::read_yaml(path.string(), text, problems);
  if (!problems.empty()) return base::invalid_input(workflow::to_string(problems.front()));
  return workflow::to_json(node);
}

using Images = std::vector<std::pair<std::string, std::string>>;

/// The definition in a file with its images set, cleaned for RegisterTaskDefinition.
Result<Json> load_definition(const base::Path& path, const Images& images) {
  TRY(Json definition, read_document(path).while_doing("reading the task definition " + path.string()));
  const auto& containers = base::json_member(definition, "containerDefinitions");
  if (!containers.is_array() || containers.empty() || base::json_string(definition, "family").empty())
    return base::invalid_input(
        fmt::format("{}: expected a task definition with a family and containerDefinitions, found {}",
                    path.string(), base::clipped(base::to_text(definition), 80)));
  for (const auto& [container, image] : images) {
    TRY(ecs::edit_containers(definition, {.containers = {container}, .image = image})
            .while_doing(fmt::format("setting the image of container {}", container)));
  }
  ecs::remove_described_keys(definition);
  return ecs::without_empty_values(definition, {});
}

/// A task definition that is a file here, or the name of one that AWS has.
Result<void> set_definition(ecs::ReleaseItem& item, const std::string& named, const base::Path& folder,
                            const Images& images) {
  const base::Path path = folder / named;
  if (base::exists(path) && !base::is_directory(path)) {
    TRY(item.definition, load_definition(path, images));
    return {};
  }
  if (named.find('/') == 0 || named.ends_with(".json") || named.ends_with(".yml") || named.ends_with(".yaml"))
    return base::make_error(base::ErrorKind::not_found, fmt::format("there is no file {}", path.string()));
  if (!images.empty()) {
    return base::invalid_input(
        fmt::format("images are set in a file, and '{}' is none: give the task definition as a file", named));
  }
  item.task_definition = named;
  return {};
}

class DeploymentReader {
 public:
  DeploymentReader(const std::string& file, const DeployFlags& flags)
      : fields_(file), folder_(base::Path(file).parent_path()), flags_(flags) {}

  Result<ecs::Release> read() {
    TRY(const auto text, base::read_file(fields_.file(), ecs::kLargestDefinition));
    workflow::Diagnostics problems;
    const Node root = workflow::read_yaml(fields_.file(), text, problems);
    if (!problems.empty()) return base::invalid_input(workflow::to_string(problems.front()));
    TRY(fields_.check_keys(root, {"cluster", "wait-minutes", "on-failure", "deploy"}));
    TRY(cluster_, fields_.text_at(root, "cluster", "default"));
    if (!flags_.cluster.empty()) cluster_ = flags_.cluster;
    TRY(minutes_, fields_.whole_at(root, "wait-minutes", flags_.wait_minutes, kMostMinutes));
    ecs::Release release;
    TRY(const auto on_failure, fields_.text_at(root, "on-failure", "roll-back"));
    if (on_failure == "leave") {
      release.on_failure = ecs::OnFailure::leave;
    } else if (on_failure != "roll-back") {
      return fields_.wrong(root["on-failure"], "roll-back or leave");
    }
    if (!root["deploy"].is_mapping())
      return fields_.wrong(root["deploy"].present() ? root["deploy"] : root,
                           "deploy: with a name for each service and task");
    for (const auto& [key, value] : root["deploy"].members) {
      TRY(auto item, read_item(key.text, value));
      release.items.push_back(std::move(item));
    }
    return release;
  }

 private:
  Result<ecs::ReleaseItem> read_item(const std::string& name, const Node& node) const {
    TRY(fields_.check_keys(node, {"service", "task", "task-definition", "image", "needs", "cluster",
                                  "desired-count", "force", "wait-minutes", "codedeploy", "gates"}));
    ecs::ReleaseItem item;
    item.name = name;
    item.kind = node["task"].present() ? ecs::ItemKind::task : ecs::ItemKind::service;
    TRY(item.cluster, fields_.text_at(node, "cluster", cluster_));
    TRY(item.service, fields_.text_at(node, "service", name));
    TRY(item.needs, fields_.list_at(node, "needs"));
    TRY(const int minutes, fields_.whole_at(node, "wait-minutes", minutes_, kMostMinutes));
    item.patience = std::chrono::minutes(minutes);
    TRY(read_definition(item, node));
    if (node["desired-count"].present()) {
      TRY(item.request.desired_count, fields_.whole_at(node, "desired-count", 0, kMostTasks));
    }
    TRY(const bool force, fields_.flag_at(node, "force"));
    if (force) item.request.new_deployment = ecs::NewDeployment::forced;
    if (item.kind == ecs::ItemKind::task) {
      TRY(item.run_task, read_task(node["task"]));
    }
    if (node["codedeploy"].present()) {
      TRY(read_code_deploy(item, node["codedeploy"]));
    }
    if (node["gates"].present()) {
      TRY(const auto gate, steps::read_gates(fields_, node["gates"]));
      item.gate = [gate](aws::Client& client, const ecs::FollowNews& news) -> Result<ecs::Followed> {
        return ecs::start_health_gate(client, gate, news);
      };
    }
    return item;
  }

  Result<void> read_definition(ecs::ReleaseItem& item, const Node& node) const {
    TRY(const auto named, fields_.text_at(node, "task-definition"));
    if (named.empty())
      return fields_.wrong(node, "task-definition: a file, or the name of one that is registered");
    Images images;
    if (const Node& image = node["image"]; image.present()) {
      if (!image.is_mapping()) return fields_.wrong(image, "container: image");
      for (const auto& [container, reference] : image.members)
        images.emplace_back(container.text, workflow::text_of(reference));
    }
    auto set = set_definition(item, named, folder_, images);
    if (!set && !set.error().location) {
      const Node& at = node["task-definition"];
      set.error().location = base::Location{fields_.file(), at.line, at.column};
    }
    return set;
  }

  Result<Json> read_task(const Node& node) const {
    if (node.kind == workflow::NodeKind::null) return Json{{"launchType", "FARGATE"}};
    TRY(fields_.check_keys(node, {"launch-type", "subnets", "security-groups", "assign-public-ip",
                                  "container", "command", "started-by"}));
    Json request = {{"count", 1}};
    TRY(request["launchType"], fields_.text_at(node, "launch-type", "FARGATE"));
    TRY(request["startedBy"], fields_.text_at(node, "started-by", "pipeline"));
    TRY(const auto subnets, fields_.list_at(node, "subnets"));
    TRY(const auto groups, fields_.list_at(node, "security-groups"));
    TRY(const auto address, fields_.text_at(node, "assign-public-ip", "DISABLED"));
    if (!subnets.empty() || !groups.empty()) {
      Json network = {{"assignPublicIp", address}};
      if (!subnets.empty()) network["subnets"] = subnets;
      if (!groups.empty()) network["securityGroups"] = groups;
      request["networkConfiguration"] = {{"awsvpcConfiguration", std::move(network)}};
    }
    TRY(const auto command, fields_.list_at(node, "command"));
    TRY(const auto container, fields_.text_at(node, "container"));
    if (command.empty()) return request;
    if (container.empty()) return fields_.wrong(node, "container: whose command this is");
    const Json changed = {{"name", container}, {"command", command}};
    request["overrides"] = {{"containerOverrides", Json::array({changed})}};
    return request;
  }

  Result<void> read_code_deploy(ecs::ReleaseItem& item, const Node& node) const {
    TRY(fields_.check_keys(node, {"appspec", "application", "group", "config"}));
    TRY(const auto app_spec, fields_.text_at(node, "appspec"));
    if (!app_spec.empty()) {
      TRY(item.app_spec, read_document(folder_ / app_spec));
    }
    TRY(item.code_deploy_application, fields_.text_at(node, "application"));
    TRY(item.code_deploy_group, fields_.text_at(node, "group"));
    TRY(item.code_deploy_config, fields_.text_at(node, "config"));
    return {};
  }

  YamlFields fields_;
  base::Path folder_;
  const DeployFlags& flags_;
  std::string cluster_;
  int minutes_ = 0;
};

}  // namespace

Result<ecs::Release> read_deployment_file(const DeployFlags& flags) {
  TRY(auto release, DeploymentReader(flags.file, flags).read());
  TRY(ecs::check_release(release).while_doing("reading " + flags.file));
  return release;
}

Result<ecs::Release> release_of_flags(const DeployFlags& flags) {
  if (flags.service.empty() || flags.task_definition.empty()) {
    return base::invalid_input(
        "expected a deployment file, or --service and --task-definition; `pipeline deploy --help` has "
        "examples");
  }
  ecs::ReleaseItem item;
  item.name = item.service = flags.service;
  item.cluster = flags.cluster.empty() ? "default" : flags.cluster;
  item.patience = std::chrono::minutes(flags.wait_minutes);
  item.request.desired_count = flags.desired_count;
  if (flags.force) item.request.new_deployment = ecs::NewDeployment::forced;
  Images images;
  for (const auto& text : flags.images) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return base::invalid_input(fmt::format("--image: expected CONTAINER=IMAGE, found '{}'", text));
    images.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  TRY(set_definition(item, flags.task_definition, "", images));
  ecs::Release release;
  release.items.push_back(std::move(item));
  return release;
}

}  // namespace cli
