#include "ecr/registries_config.h"

#include <fmt/format.h>

#include "base/glob.h"
#include "base/json.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Path;
using base::Result;

constexpr std::size_t kMostRegistriesBytes = 1U << 20;

bool is_base_url(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

Result<void> read_setting(const std::string& host, const std::string& key, const Json& value,
                          RegistrySettings& settings) {
  const auto wrong = [&](std::string_view expected) {
    return make_error(ErrorKind::invalid_input, fmt::format("{}: {}: expected {}", host, key, expected));
  };
  if (key == "mirrors") {
    if (!value.is_array()) return wrong("a list of URLs");
    for (const auto& entry : value) {
      if (!entry.is_string() || !is_base_url(entry.get<std::string>())) return wrong("URLs of http or https");
      settings.mirrors.push_back(entry.get<std::string>());
      while (settings.mirrors.back().ends_with('/')) settings.mirrors.back().pop_back();
    }
    return {};
  }
  if (key == "insecure" || key == "blocked" || key == "verify") {
    if (!value.is_boolean()) return wrong("true or false");
    (key == "insecure"  ? settings.insecure
     : key == "blocked" ? settings.blocked
                        : settings.tls.verify) = value.get<bool>();
    return {};
  }
  if (key == "ca" || key == "certificate" || key == "key") {
    if (!value.is_string()) return wrong("the path of a file");
    auto& file = key == "ca"            ? settings.tls.ca_file
                 : key == "certificate" ? settings.tls.certificate_file
                                        : settings.tls.key_file;
    file = value.get<std::string>();
    return {};
  }
  return make_error(
      ErrorKind::invalid_input,
      fmt::format("{}: \"{}\" is no setting of a registry; there are mirrors, insecure, verify, ca, "
                  "certificate, key, blocked",
                  host, key));
}

}  // namespace

const RegistrySettings* RegistriesConfig::find(const std::string& host) const {
  if (const auto exact = registries.find(host); exact != registries.end()) return &exact->second;
  for (const auto& [pattern, settings] : registries) {
    if (pattern.find('*') != std::string::npos && base::glob_matches(pattern, host)) return &settings;
  }
  return nullptr;
}

Result<RegistriesConfig> parse_registries_config(std::string_view text) {
  TRY(const Json json, base::parse_json(text));
  const Json& registries = base::json_member(json, "registries");
  if (!json.is_object() || !registries.is_object() || json.size() != 1) {
    return make_error(ErrorKind::invalid_input,
                      "expected one member, \"registries\", with an object by host");
  }
  RegistriesConfig config;
  for (const auto& [host, entry] : registries.items()) {
    if (!entry.is_object()) return make_error(ErrorKind::invalid_input, host + ": expected an object");
    RegistrySettings settings;
    for (const auto& [key, value] : entry.items()) TRY(read_setting(host, key, value, settings));
    config.registries.emplace(host, std::move(settings));
  }
  return config;
}

Result<RegistriesConfig> load_registries_config(const std::map<std::string, std::string>& environment) {
  const auto variable = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  std::vector<Path> files;
  const auto named = variable("PIPELINE_REGISTRIES");
  if (!named.empty()) {
    files = {named};
  } else {
    const auto config = variable("XDG_CONFIG_HOME");
    const auto home = variable("HOME");
    if (!config.empty()) files.push_back(Path(config) / "pipeline/registries.json");
    if (config.empty() && !home.empty()) files.push_back(Path(home) / ".config/pipeline/registries.json");
    files.emplace_back("/etc/pipeline/registries.json");
  }
  for (const auto& file : files) {
    if (named.empty() && !base::exists(file)) continue;
    TRY(const auto text, base::read_file(file, kMostRegistriesBytes));
    return parse_registries_config(text).while_doing("reading " + file.string());
  }
  return RegistriesConfig();
}

base::TlsOptions certificates_for(const std::string& host, const std::vector<Path>& folders) {
  base::TlsOptions tls;
  // A host is part of a path here.
  if (host.empty() || host.find('/') != std::string::npos || host.starts_with('.')) return tls;
  for (const auto& folder : folders) {
    const auto names = base::list_directory(folder / host);
    if (!names) continue;
    for (const auto& name : *names) {
      if (name.ends_with(".crt") && tls.ca_file.empty()) tls.ca_file = folder / host / name;
      if (!name.ends_with(".cert") || !tls.certificate_file.empty()) continue;
      tls.certificate_file = folder / host / name;
      tls.key_file = (folder / host / name).replace_extension(".key");
    }
    return tls;
  }
  return tls;
}

}  // namespace ecr
