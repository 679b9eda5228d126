#pragma once
// The two files that AWS's tools share, ~/.aws/config and ~/.aws/credentials, as data; and the settings of a
// profile as the environment variables that mean the same. Not for credentials themselves (provider_chain).

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/result.h"

namespace aws {

/// Reads one file; not_found when there is none.
using ReadFile = std::function<base::Result<std::string>(const std::string& path)>;

/// Settings by name in lower case; a nested one is "parent.name".
using Settings = std::map<std::string, std::string>;

struct SharedConfig {
  std::map<std::string, Settings> profiles;  ///< keys of the credentials file stand above those of config
  std::map<std::string, Settings> sso_sessions;
  std::map<std::string, Settings> services;

  /// The setting, or "".
  [[nodiscard]] std::string setting(const std::string& profile, const std::string& name) const;
};

enum class ConfigSyntax { config, credentials };
/// Adds what the text has; lines that are no settings are passed over, as AWS's tools do.
void add_config(SharedConfig& config, std::string_view text, ConfigSyntax syntax);

/// AWS_PROFILE, else AWS_DEFAULT_PROFILE, else "default".
std::string profile_of(const Environment& environment);
/// Both files, from AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE or their usual places below HOME. A file
/// that does not exist is empty.
base::Result<SharedConfig> load_shared_config(const Environment& environment, const ReadFile& read);
/// The environment, and for what is not set there the profile's own settings: AWS_REGION, endpoints of
/// services, FIPS and dual stack, attempts, CA bundle.
Environment with_profile_settings(Environment environment, const SharedConfig& config);

}  // namespace aws
