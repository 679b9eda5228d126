#include "aws/shared_config.h"

#include <cctype>

#include "base/strings.h"

namespace aws {
namespace {

/// `value # why` → `value`; a # within a word belongs to it.
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool after_space = text[i - 1] == ' ' || text[i - 1] == '\t';
    if (after_space && (text[i] == '#' || text[i] == ';')) return base::trim(text.substr(0, i));
  }
  return base::trim(text);
}

/// The place for the settings of a section; null for one that nothing here reads.
Settings* section_of(SharedConfig& config, std::string_view header, ConfigSyntax syntax) {
  const std::string_view name = base::trim(header);
  if (syntax == ConfigSyntax::credentials || name == "default") return &config.profiles[std::string(name)];
  const std::size_t space = name.find_first_of(" \t");
  if (space == std::string_view::npos) return nullptr;
  const std::string_view kind = name.substr(0, space);
  const std::string rest(base::trim(name.substr(space)));
  if (kind == "profile") return &config.profiles[rest];
  if (kind == "sso-session") return &config.sso_sessions[rest];
  if (kind == "services") return &config.services[rest];
  return nullptr;
}

/// What a profile calls a setting, and which variable means the same.
constexpr struct {
  const char* setting;
  const char* variable;
} kSameAs[] = {
    {"use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT"},
    {"use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT"},
    {"ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"},
    {"max_attempts", "AWS_MAX_ATTEMPTS"},
    {"ca_bundle", "AWS_CA_BUNDLE"},
    {"ec2_metadata_service_endpoint", "AWS_EC2_METADATA_SERVICE_ENDPOINT"},
    {"ec2_metadata_service_endpoint_mode", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"},
};

}  // namespace

std::string SharedConfig::setting(const std::string& profile, const std::string& name) const {
  const auto found = profiles.find(profile);
  return found == profiles.end() ? "" : variable_of(found->second, name);
}

void add_config(SharedConfig& config, std::string_view text, ConfigSyntax syntax) {
  Settings* section = nullptr;
  std::string parent;  // of nested settings
  for (const std::string_view line : base::lines_of(text)) {
    const std::string_view trimmed = base::trim(line);
    if (trimmed.empty() || trimmed.starts_with('#') || trimmed.starts_with(';')) continue;
    if (trimmed.starts_with('[')) {
      const std::size_t end = trimmed.find(']');
      section =
          end == std::string_view::npos ? nullptr : section_of(config, trimmed.substr(1, end - 1), syntax);
      parent.clear();
      continue;
    }
    const std::size_t equals = trimmed.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    const bool nested = std::isspace(static_cast<unsigned char>(line.front())) != 0 && !parent.empty();
    const std::string name = base::to_lower(base::trim(trimmed.substr(0, equals)));
    const std::string value(without_comment(trimmed.substr(equals + 1)));
    if (!nested) parent = value.empty() ? name : "";
    (*section)[nested ? parent + "." + name : name] = value;
  }
}

std::string profile_of(const Environment& environment) {
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (auto profile = variable_of(environment, name); !profile.empty()) return profile;
  }
  return "default";
}

base::Result<SharedConfig> load_shared_config(const Environment& environment, const ReadFile& read) {
  const std::string home = variable_of(environment, "HOME");
  const auto place = [&](const char* variable, const char* usual) {
    std::string path = variable_of(environment, variable);
    if (path.starts_with("~/")) path.replace(0, 1, home);
    return path.empty() && !home.empty() ? home + usual : path;
  };
  SharedConfig config;
  const struct {
    std::string path;
    ConfigSyntax syntax;
  } files[] = {{place("AWS_CONFIG_FILE", "/.aws/config"), ConfigSyntax::config},
               {place("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"), ConfigSyntax::credentials}};
  for (const auto& [path, syntax] : files) {
    if (path.empty()) continue;
    auto text = read(path);
    if (text) {
      add_config(config, *text, syntax);
    } else if (text.error().kind != base::ErrorKind::not_found) {
      return std::move(text).error().while_doing("reading " + path);
    }
  }
  return config;
}

Environment with_profile_settings(Environment environment, const SharedConfig& config) {
  const std::string profile = profile_of(environment);
  const auto set_default = [&](const std::string& variable, const std::string& value) {
    if (!value.empty() && variable_of(environment, variable).empty()) environment[variable] = value;
  };
  if (region_of(environment).empty()) set_default("AWS_REGION", config.setting(profile, "region"));
  for (const auto& [setting, variable] : kSameAs) set_default(variable, config.setting(profile, setting));
  // A general variable stands above a service's own setting in the files.
  if (!variable_of(environment, "AWS_ENDPOINT_URL").empty()) return environment;
  if (const auto found = config.services.find(config.setting(profile, "services"));
      found != config.services.end()) {
    constexpr std::string_view kEnd = ".endpoint_url";
    for (const auto& [name, value] : found->second) {
      if (!name.ends_with(kEnd)) continue;
      set_default("AWS_ENDPOINT_URL_" + base::to_upper(name.substr(0, name.size() - kEnd.size())), value);
    }
  }
  set_default("AWS_ENDPOINT_URL", config.setting(profile, "endpoint_url"));
  return environment;
}

}  // namespace aws
