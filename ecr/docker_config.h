#pragma once
// The credentials that `docker login` and `podman login` have kept, and those that credential helpers and AWS
// give. Reads only. Not for logins of a run's steps (steps/registry_logins).

#include <map>
#include <optional>
#include <string>

#include "base/http_client.h"
#include "base/result.h"
#include "ecr/registry.h"

namespace ecr {

/// A program's environment; HOME, DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, PATH and AWS_… are
/// looked at.
using UserEnvironment = std::map<std::string, std::string>;

/// Of this process.
UserEnvironment user_environment();

/// What the files have for a host, directly or by docker-credential-… helpers; the first file that knows it
/// counts.
base::Result<std::optional<RegistryCredentials>> find_kept_login(const std::string& host,
                                                                 const UserEnvironment& environment);
/// A token of Amazon ECR for a host of it, by the AWS keys of the environment or of ~/.aws/credentials;
/// nothing for other hosts and without keys. Where AWS_ENDPOINT_URL stands in for ECR, its registry is such a
/// host, too.
base::Result<std::optional<RegistryCredentials>> find_ecr_login(const std::string& host,
                                                                const UserEnvironment& environment,
                                                                base::HttpClient& http);
/// Options for a person at a terminal: logins as above, registries as configured.
base::Result<RegistryOptions> user_registry_options(base::HttpClient& http);

}  // namespace ecr
