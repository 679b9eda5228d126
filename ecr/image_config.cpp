#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/json.h"
#include "ecr/image.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::Result;

std::optional<std::vector<std::string>> string_list(const Json& json) {
  if (!json.is_array()) return std::nullopt;
  std::vector<std::string> list;
  for (const auto& item : json) {
    if (item.is_string()) list.push_back(item.get<std::string>());
  }
  return list;
}

std::vector<std::string> sorted_keys(const Json& json) {
  std::vector<std::string> keys;
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

Json set_of(const std::vector<std::string>& keys) {
  Json json = Json::object();
  for (const auto& key : keys) json[key] = Json::object();
  return json;
}

// Sets a member, or takes it away when the value says nothing.
void put(Json& object, const char* key, Json value) {
  const bool is_empty_text = value.is_string() && value.get_ref<const std::string&>().empty();
  const bool nothing =
      value.is_null() || is_empty_text || ((value.is_array() || value.is_object()) && value.empty());
  if (nothing) {
    object.erase(key);
  } else {
    object[key] = std::move(value);
  }
}

Json to_json(const HealthCheck& check) {
  Json json = {{"Test", check.test}};
  if (check.interval_ns > 0) json["Interval"] = check.interval_ns;
  if (check.timeout_ns > 0) json["Timeout"] = check.timeout_ns;
  if (check.start_period_ns > 0) json["StartPeriod"] = check.start_period_ns;
  if (check.start_interval_ns > 0) json["StartInterval"] = check.start_interval_ns;
  if (check.retries > 0) json["Retries"] = check.retries;
  return json;
}

HealthCheck health_check_from_json(const Json& json) {
  return {.test = string_list(base::json_member(json, "Test")).value_or(std::vector<std::string>{}),
          .interval_ns = base::json_integer(json, "Interval"),
          .timeout_ns = base::json_integer(json, "Timeout"),
          .start_period_ns = base::json_integer(json, "StartPeriod"),
          .retries = static_cast<int>(base::json_integer(json, "Retries")),
          .start_interval_ns = base::json_integer(json, "StartInterval")};
}

Json to_json(const HistoryEntry& entry) {
  Json json = Json::object();
  put(json, "created", entry.created);
  put(json, "created_by", entry.created_by);
  put(json, "comment", entry.comment);
  if (entry.empty_layer) json["empty_layer"] = true;
  return json;
}

Json list_or_null(const std::optional<std::vector<std::string>>& list) {
  return list ? Json(*list) : Json();
}

void put_settings(Json& settings, const ImageConfig& config) {
  put(settings, "User", config.user);
  put(settings, "ExposedPorts", set_of(config.exposed_ports));
  put(settings, "Env", config.env);
  put(settings, "Entrypoint", list_or_null(config.entrypoint));
  put(settings, "Cmd", list_or_null(config.cmd));
  put(settings, "Volumes", set_of(config.volumes));
  put(settings, "WorkingDir", config.working_dir);
  put(settings, "Labels", config.labels);
  put(settings, "StopSignal", config.stop_signal);
  put(settings, "Shell", config.shell);
  put(settings, "OnBuild", config.on_build);
  put(settings, "Healthcheck", config.health_check ? to_json(*config.health_check) : Json());
}

void read_settings(const Json& settings, ImageConfig& config) {
  config.user = base::json_string(settings, "User");
  config.exposed_ports = sorted_keys(base::json_member(settings, "ExposedPorts"));
  config.env = string_list(base::json_member(settings, "Env")).value_or(std::vector<std::string>{});
  config.entrypoint = string_list(base::json_member(settings, "Entrypoint"));
  config.cmd = string_list(base::json_member(settings, "Cmd"));
  config.volumes = sorted_keys(base::json_member(settings, "Volumes"));
  config.working_dir = base::json_string(settings, "WorkingDir");
  if (const Json& labels = base::json_member(settings, "Labels"); labels.is_object()) {
    for (const auto& [key, value] : labels.items()) {
      if (value.is_string()) config.labels[key] = value.get<std::string>();
    }
  }
  config.stop_signal = base::json_string(settings, "StopSignal");
  config.shell = string_list(base::json_member(settings, "Shell")).value_or(std::vector<std::string>{});
  config.on_build = string_list(base::json_member(settings, "OnBuild")).value_or(std::vector<std::string>{});
  const Json& check = base::json_member(settings, "Healthcheck");
  if (check.is_object()) config.health_check = health_check_from_json(check);
}

}  // namespace

std::optional<std::string> ImageConfig::env_value(std::string_view name) const {
  for (const auto& entry : env) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  }
  return std::nullopt;
}

void ImageConfig::set_env(std::string_view name, std::string_view value) {
  std::string text = fmt::format("{}={}", name, value);
  for (auto& entry : env) {
    if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=') {
      entry = std::move(text);
      return;
    }
  }
  env.push_back(std::move(text));
}

std::string to_text(const ImageConfig& config) {
  Json json = Json::object();
  if (auto original = base::parse_json(config.original); original && original->is_object())
    json = *std::move(original);
  put(json, "created", config.created);
  put(json, "author", config.author);
  json["architecture"] = config.platform.architecture;
  put(json, "variant", config.platform.variant);
  json["os"] = config.platform.os;
  if (!base::json_member(json, "config").is_object()) json["config"] = Json::object();
  put_settings(json["config"], config);
  Json diff_ids = Json::array();
  for (const auto& id : config.diff_ids) diff_ids.push_back(id.to_string());
  json["rootfs"] = {{"type", "layers"}, {"diff_ids", std::move(diff_ids)}};
  Json history = Json::array();
  for (const auto& entry : config.history) history.push_back(to_json(entry));
  json["history"] = std::move(history);
  return base::to_text(json);
}

Result<ImageConfig> parse_image_config(std::string_view text) {
  TRY(const Json json, base::parse_json(text));
  if (!json.is_object())
    return base::make_error(ErrorKind::invalid_input, "an image configuration must be an object");
  ImageConfig config;
  config.platform = {.os = base::json_string(json, "os", "linux"),
                     .architecture = base::json_string(json, "architecture"),
                     .variant = base::json_string(json, "variant")};
  config.created = base::json_string(json, "created");
  config.author = base::json_string(json, "author");
  read_settings(base::json_member(json, "config"), config);
  const Json& diff_ids = base::json_member(base::json_member(json, "rootfs"), "diff_ids");
  if (diff_ids.is_array()) {
    for (const auto& id : diff_ids) {
      TRY(auto digest, Digest::parse(id.is_string() ? id.get<std::string>() : ""));
      config.diff_ids.push_back(std::move(digest));
    }
  }
  if (const Json& history = base::json_member(json, "history"); history.is_array()) {
    for (const auto& entry : history) {
      config.history.push_back({.created = base::json_string(entry, "created"),
                                .created_by = base::json_string(entry, "created_by"),
                                .comment = base::json_string(entry, "comment"),
                                .empty_layer = base::json_bool(entry, "empty_layer")});
    }
  }
  config.original = text;
  return config;
}

}  // namespace ecr
