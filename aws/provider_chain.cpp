#include "aws/provider_chain.h"

#include <fmt/format.h>

#include "aws/metadata_credentials.h"
#include "aws/profile_credentials.h"

namespace aws {
namespace {

using Found = base::Result<std::optional<Credentials>>;

Found from_token_file(const CredentialPlaces& places) {
  const Environment& environment = places.client.environment;
  TokenFileRole role{variable_of(environment, "AWS_ROLE_ARN"),
                     variable_of(environment, "AWS_WEB_IDENTITY_TOKEN_FILE"),
                     variable_of(environment, "AWS_ROLE_SESSION_NAME")};
  if (role.token_file.empty()) return std::optional<Credentials>();
  if (role.role_arn.empty()) {
    return base::invalid_input("AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not: set both");
  }
  auto assumed = assume_by_token_file(places, role);
  if (!assumed) return std::move(assumed).error();
  return std::optional(std::move(*assumed));
}

Found from_profile(const CredentialPlaces& places) {
  const Environment& environment = places.client.environment;
  TRY(auto found, profile_credentials(places, profile_of(environment)));
  if (!found && !variable_of(environment, "AWS_PROFILE").empty()) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("AWS_PROFILE is '{0}', and neither ~/.aws/config nor ~/.aws/credentials has a profile "
                    "[{0}] with credentials",
                    profile_of(environment)));
  }
  return found;
}

Found from_environment(const CredentialPlaces& places) {
  return credentials_from_environment(places.client.environment);
}

}  // namespace

base::Result<CredentialSource> find_credentials(const CredentialPlaces& places) {
  for (const auto provider :
       {from_environment, from_token_file, from_profile, container_credentials, instance_credentials}) {
    TRY(auto found, provider(places));
    if (!found) continue;
    if (!found->expires) return CredentialSource(std::move(*found));
    return CredentialSource(std::move(*found), [provider, places]() -> base::Result<Credentials> {
      TRY(auto renewed, provider(places));
      if (renewed) return std::move(*renewed);
      return base::make_error(base::ErrorKind::not_found, "the credentials are no longer where they were");
    });
  }
  return base::make_error(
      base::ErrorKind::not_found,
      "no AWS credentials: expected AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, a profile in ~/.aws, or "
      "those of a container or instance. In a workflow, put a step with "
      "aws-actions/configure-aws-credentials before this one");
}

}  // namespace aws
