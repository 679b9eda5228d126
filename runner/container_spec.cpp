#include "runner/container_spec.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "ecr/container_start.h"

namespace runner {

namespace {

using base::Result;
using workflow::expression::Value;

std::string text_member(const Value& value, std::string_view key) {
  const Value member = value.get(key);
  return member.is_null() ? "" : member.to_text();
}

Result<std::vector<std::string>> texts_of_member(const Value& value, std::string_view key) {
  const Value member = value.get(key);
  std::vector<std::string> texts;
  if (member.is_null()) return texts;
  if (!member.is_array()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("{}: expected a list, found '{}'", key, member.to_text()));
  }
  for (const auto& item : member.array()) texts.push_back(item.to_text());
  return texts;
}

Result<std::optional<steps::RegistryLogin>> login_of(const Value& value) {
  const Value credentials = value.get("credentials");
  steps::RegistryLogin login{text_member(credentials, "username"), text_member(credentials, "password")};
  // Secrets that a fork does not get are empty: then the image is public, or the registry says no.
  if (login.username.empty() && login.password.empty()) return std::optional<steps::RegistryLogin>();
  if (login.username.empty() || login.password.empty()) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("credentials: the {} is empty", login.username.empty() ? "username" : "password"));
  }
  return std::optional(std::move(login));
}

Result<std::optional<ContainerSpec>> spec_of(const Value& value) {
  std::string image(base::trim(value.is_object() ? text_member(value, "image") : value.to_text()));
  if (value.is_null() || image.empty()) return std::optional<ContainerSpec>();
  constexpr std::string_view kScheme = "docker://";
  if (image.starts_with(kScheme)) image = image.substr(kScheme.size());
  ContainerSpec spec{.image = std::move(image)};
  if (!value.is_object()) return std::optional(std::move(spec));
  TRY(spec.login, login_of(value));
  if (const Value env = value.get("env"); env.is_object()) {
    for (const auto& [name, member] : env.object().members()) spec.environment[name] = member.to_text();
  }
  TRY(spec.options, steps::parse_container_options(text_member(value, "options")).while_doing("options"));
  spec.ports = spec.options.ports;
  spec.volumes = spec.options.volumes;
  TRY(const auto ports, texts_of_member(value, "ports"));
  for (const auto& text : ports) {
    TRY(const auto parsed, steps::parse_ports(text).while_doing("ports"));
    spec.ports.insert(spec.ports.end(), parsed.begin(), parsed.end());
  }
  TRY(const auto volumes, texts_of_member(value, "volumes"));
  for (const auto& text : volumes) {
    TRY(auto parsed, steps::parse_volume(text).while_doing("volumes"));
    spec.volumes.push_back(std::move(parsed));
  }
  spec.entrypoint = spec.options.entrypoint;
  if (auto entrypoint = text_member(value, "entrypoint"); !entrypoint.empty())
    spec.entrypoint = std::move(entrypoint);
  if (const auto command = text_member(value, "command"); !command.empty()) {
    TRY(spec.arguments, ecr::split_command_line(command).while_doing("command"));
  }
  return std::optional(std::move(spec));
}

}  // namespace

Result<std::optional<ContainerSpec>> read_container(const workflow::Node& node,
                                                    const workflow::Scope& scope) {
  if (!node.present()) return std::optional<ContainerSpec>();
  TRY(const auto value, workflow::evaluate_node(node, scope).while_doing("evaluating the job's container"));
  return spec_of(value).while_doing("the job's container");
}

Result<ServiceList> read_services(const workflow::Node& node, const workflow::Scope& scope) {
  ServiceList list;
  if (!node.present()) return list;
  TRY(const auto value, workflow::evaluate_node(node, scope).while_doing("evaluating the job's services"));
  if (value.is_null()) return list;
  if (!value.is_object())
    return base::make_error(base::ErrorKind::invalid_input, "services: expected a mapping of services");
  for (const auto& [id, member] : value.object().members()) {
    TRY(auto spec, spec_of(member).while_doing(fmt::format("the service {}", id)));
    if (spec) {
      list.services.push_back({id, std::move(*spec)});
    } else {
      list.without_image.push_back(id);
    }
  }
  return list;
}

}  // namespace runner
