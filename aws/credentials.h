#pragma once
// Where AWS credentials and the region come from: an environment, or the text of a shared credentials file.
// Not for getting new ones (sts) and not for the machine's own: only what the caller passes in is looked at.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace aws {

using Environment = std::map<std::string, std::string>;

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< empty for long-lived keys
  std::optional<base::WallTime> expires;
};

/// The variable, or "".
std::string variable_of(const Environment& environment, const std::string& name);
/// AWS_REGION, else AWS_DEFAULT_REGION, else "".
std::string region_of(const Environment& environment);
/// Nothing without AWS_ACCESS_KEY_ID; an error when it stands there without its secret.
base::Result<std::optional<Credentials>> credentials_from_environment(const Environment& environment);
/// The keys of one [profile] in a shared credentials file; not_found when it has none.
base::Result<Credentials> credentials_from_profile(std::string_view file_text, std::string_view profile);

}  // namespace aws
