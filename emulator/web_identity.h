#pragma once
// OIDC tokens as STS sees them: signature by the issuer's keys, times, audience. The claims of a good one
// come out.

#include <string>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/json.h"
#include "emulator/identity.h"
#include "emulator/service.h"

namespace emulator {

/// The verified claims and their provider, or the failure that AWS answers with.
struct VerifiedToken {
  base::Json claims;
  IdentityProvider provider;
};
std::variant<VerifiedToken, ApiFailure> verify_web_identity(const std::string& token, Identity& identity,
                                                            base::HttpClient& http, base::WallTime now);

}  // namespace emulator
