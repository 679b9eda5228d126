#include "aws/credentials.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace aws {

std::string variable_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : std::string(base::trim(found->second));
}

std::string region_of(const Environment& environment) {
  const std::string region = variable_of(environment, "AWS_REGION");
  return region.empty() ? variable_of(environment, "AWS_DEFAULT_REGION") : region;
}

base::Result<std::optional<Credentials>> credentials_from_environment(const Environment& environment) {
  Credentials credentials;
  credentials.access_key_id = variable_of(environment, "AWS_ACCESS_KEY_ID");
  credentials.secret_access_key = variable_of(environment, "AWS_SECRET_ACCESS_KEY");
  credentials.session_token = variable_of(environment, "AWS_SESSION_TOKEN");
  if (credentials.access_key_id.empty()) return std::optional<Credentials>();
  if (credentials.secret_access_key.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not: set both");
  }
  return std::optional<Credentials>(std::move(credentials));
}

base::Result<Credentials> credentials_from_profile(std::string_view file_text, std::string_view profile) {
  Credentials credentials;
  bool inside = false;
  for (std::string_view line : base::lines_of(file_text)) {
    line = base::trim(line);
    if (line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      inside = base::trim(line.substr(1, line.find(']') - 1)) == profile;
      continue;
    }
    const std::size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    const std::string key = base::to_lower(base::trim(line.substr(0, equals)));
    const std::string value(base::trim(line.substr(equals + 1)));
    if (key == "aws_access_key_id") credentials.access_key_id = value;
    if (key == "aws_secret_access_key") credentials.secret_access_key = value;
    if (key == "aws_session_token") credentials.session_token = value;
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("the shared credentials file has no profile [{}] with aws_access_key_id "
                    "and aws_secret_access_key",
                    profile));
  }
  return credentials;
}

}  // namespace aws
