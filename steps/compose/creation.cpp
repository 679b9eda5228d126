#include "steps/compose/creation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "steps/compose/dotenv.h"

namespace steps::compose {

namespace {

using base::Result;

constexpr std::size_t kLargestVariables = 1U << 20;

Result<base::Json> environment_of(const Project& project, const Service& service) {
  base::Json environment = base::Json::object();
  const Lookup lookup = [&](const std::string& name) { return project.look_up(name); };
  for (const auto& file : service.environment_files) {
    const auto path = project.path_of(file.path);
    if (!file.required && !base::exists(path)) continue;
    TRY(const auto text, base::read_file(path, kLargestVariables)
                             .while_doing(fmt::format("reading the env_file of {}", service.name)));
    TRY(const auto variables, read_dotenv(path.string(), text, lookup));
    for (const auto& [name, value] : variables) environment[name] = value;
  }
  for (const auto& [name, value] : service.environment) {
    const auto found = value ? value : project.look_up(name);
    if (found) environment[name] = *found;
  }
  return environment;
}

void add_networks(const Project& project, const Service& service, std::vector<std::string>& arguments) {
  if (!service.network_mode.empty()) {
    arguments.push_back("--network=" + service.network_mode);
    return;
  }
  auto networks = service.networks;
  if (networks.empty()) networks["default"];
  for (const auto& [name, aliases] : networks) {
    arguments.push_back("--network=" + project.network_name(name));
    for (const auto& alias : aliases) arguments.push_back("--network-alias=" + alias);
  }
  arguments.push_back("--network-alias=" + service.name);
}

void add_volumes(const Project& project, const Service& service, std::vector<std::string>& arguments) {
  for (const auto& volume : service.volumes) {
    std::string text;
    if (!volume.source.empty()) {
      const bool named = project.file.volumes.contains(volume.source);
      text = (named ? project.volume_name(volume.source) : project.path_of(volume.source).string()) + ":";
    }
    text += volume.target;
    if (!volume.mode.empty()) text += ":" + volume.mode;
    arguments.push_back("--volume=" + text);
  }
}

/// The entrypoint's first word becomes an option; what follows the image is returned: its other words, then
/// the command. An entrypoint of `run` takes the place of both.
std::vector<std::string> add_entrypoint(const Service& service, const OneOff* one_off,
                                        std::vector<std::string>& arguments) {
  const bool is_replaced = one_off != nullptr &&
                           std::any_of(one_off->options.begin(), one_off->options.end(),
                                       [](const auto& option) { return option.starts_with("--entrypoint"); });
  auto command = service.command.value_or(std::vector<std::string>());
  if (is_replaced || (one_off != nullptr && !one_off->command.empty())) command = one_off->command;
  if (is_replaced || !service.entrypoint) return command;
  const auto& words = *service.entrypoint;
  arguments.push_back("--entrypoint=" + (words.empty() ? "" : words.front()));
  if (!words.empty()) command.insert(command.begin(), words.begin() + 1, words.end());
  return command;
}

}  // namespace

Result<Asked> creation(const Project& project, const Service& service, const std::string& verb,
                       const OneOff* one_off) {
  Asked asked{.arguments = {verb}};
  auto& arguments = asked.arguments;
  arguments.push_back("--name=" + (one_off != nullptr ? one_off->name : project.container_name(service)));
  add_networks(project, service, arguments);
  add_volumes(project, service, arguments);
  for (const auto& [key, options] : service.options) {
    if (key == "ports" && one_off != nullptr && !one_off->with_ports) continue;
    arguments.insert(arguments.end(), options.begin(), options.end());
  }
  if (!service.pull_policy.empty() && service.pull_policy != "build")
    arguments.push_back("--pull=" +
                        (service.pull_policy == "if_not_present" ? "missing" : service.pull_policy));
  for (const auto& [name, value] : service.labels)
    arguments.push_back(fmt::format("--label={}={}", name, value));
  arguments.push_back(fmt::format("--label={}={}", kProjectLabel, project.name));
  arguments.push_back(fmt::format("--label={}={}", kServiceLabel, service.name));
  arguments.push_back(fmt::format("--label={}={}", kOneOffLabel, one_off != nullptr ? "True" : "False"));
  const auto command = add_entrypoint(service, one_off, arguments);
  if (one_off != nullptr) arguments.insert(arguments.end(), one_off->options.begin(), one_off->options.end());
  arguments.push_back(project.image_name(service));
  arguments.insert(arguments.end(), command.begin(), command.end());
  TRY(asked.more["environment"], environment_of(project, service));
  asked.more["directory"] = project.folder.string();
  if (!service.health_test.empty()) asked.more["health_test"] = service.health_test;
  return asked;
}

std::string digest_of(const Asked& creation, const std::string& image_id) {
  const base::Json all = {creation.arguments, creation.more, image_id};
  return base::sha256_hex(base::to_text(all));
}

Result<Asked> build_of(const Project& project, const Service& service, const std::vector<std::string>& more) {
  const Build& build = *service.build;
  const auto context = project.path_of(build.context);
  Asked asked{.arguments = {"build", "--tag=" + project.image_name(service)}};
  auto& arguments = asked.arguments;
  if (!build.dockerfile_text.empty()) {
    arguments.emplace_back("--file=/dev/null");
    asked.more["dockerfile"] = build.dockerfile_text;
  } else if (!build.dockerfile.empty()) {
    arguments.push_back("--file=" + (context / build.dockerfile).string());
  }
  for (const auto& option : build.options) {
    // An argument without a value is the caller's, .env counted in.
    const auto name = option.starts_with("--build-arg=") ? option.substr(12) : "";
    const auto value =
        name.empty() || name.find('=') != std::string::npos ? std::nullopt : project.look_up(name);
    arguments.push_back(value ? option + "=" + *value : option);
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.push_back(context.string());
  return asked;
}

}  // namespace steps::compose
