#pragma once
// The credentials of a profile in the shared files: keys, roles by other profiles or tokens, SSO, processes.

#include <optional>
#include <string>

#include "aws/provider_chain.h"

namespace aws {

/// AssumeRoleWithWebIdentity with the token that a file holds now.
struct TokenFileRole {
  std::string role_arn;
  std::string token_file;
  std::string session_name;  ///< empty: one is made
};
base::Result<Credentials> assume_by_token_file(const CredentialPlaces& places, const TokenFileRole& role);

/// Nothing when there is no such profile, or it has nothing to do with credentials.
base::Result<std::optional<Credentials>> profile_credentials(const CredentialPlaces& places,
                                                             const std::string& profile);

}  // namespace aws
