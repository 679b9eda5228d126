#pragma once
// The credentials that a login by `aws sso login` gives. Not for logging in, which takes a person.

#include "aws/provider_chain.h"

namespace aws {

/// `profile` is the profile's settings, with sso_account_id and sso_role_name.
base::Result<Credentials> sso_credentials(const CredentialPlaces& places, const SharedConfig& config,
                                          const Settings& profile);

}  // namespace aws
