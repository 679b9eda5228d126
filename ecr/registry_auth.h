#pragma once
// How a registry wants to be asked: its WWW-Authenticate header, and tokens for a repository (Docker's token
// specification). Credentials go to the registry and to the token service it names, nowhere else.

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ecr/registry.h"

namespace ecr {

struct AuthChallenge {
  std::string scheme;                         ///< lower case: basic, bearer
  std::map<std::string, std::string> values;  ///< realm, service, scope
};
AuthChallenge parse_challenge(std::string_view header);

/// Who asks for what.
struct AuthRequest {
  const RegistryOptions& options;
  const ImageReference& target;
  Access access = Access::pull;
  const std::string& registry;  ///< the base URL that challenged
  const base::TlsOptions& tls;  ///< of the registry; its token service is trusted alike
};

/// The Authorization header that answers a challenge; empty when there is nothing to answer with.
base::Result<std::string> answer_challenge(const AuthChallenge& challenge, const AuthRequest& request);

}  // namespace ecr
