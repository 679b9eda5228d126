#pragma once
// The calls of the ECR JSON API that a push needs: token, repositories, images. Registry traffic is
// registry.h.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/registry.h"

namespace aws {
class Client;
}

namespace ecr {

struct AuthorizationToken {
  RegistryCredentials credentials;
  std::string proxy_endpoint;  ///< https://<account>.dkr.ecr.<region>.amazonaws.com
  std::string host;            ///< the endpoint's host
};
base::Result<AuthorizationToken> get_authorization_token(aws::Client& client);
/// One for each registry, by account id; for the caller's own when none is named.
base::Result<std::vector<AuthorizationToken>> get_authorization_tokens(
    aws::Client& client, const std::vector<std::string>& accounts);

/// Of public.ecr.aws. The client's region has to be us-east-1.
base::Result<AuthorizationToken> get_public_authorization_token(aws::Client& client);

struct EcrRepository {
  std::string name;
  std::string arn;
  std::string uri;
  std::string registry_id;
  std::string tag_mutability;
};
/// Nothing when it does not exist.
base::Result<std::optional<EcrRepository>> describe_repository(aws::Client& client, const std::string& name);
base::Result<EcrRepository> create_repository(aws::Client& client, const std::string& name);

struct EcrImage {
  Digest digest;
  std::vector<std::string> tags;
  std::uint64_t size = 0;
};
/// Nothing when the repository has no such tag or digest.
base::Result<std::optional<EcrImage>> describe_image(aws::Client& client, const std::string& repository,
                                                     const std::string& tag_or_digest);

}  // namespace ecr
