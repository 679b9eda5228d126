#pragma once
// Access to JobServices::registry_logins from several threads: the job's (amazon-ecr-login) and the docker
// service's (docker login, push, pull). In memory only.

#include <map>
#include <optional>
#include <string>

#include "steps/running_job.h"

namespace steps {

void remember_login(JobServices& services, const std::string& registry, RegistryLogin login);
/// False when there was none.
bool forget_login(JobServices& services, const std::string& registry);
std::optional<RegistryLogin> find_login(JobServices& services, const std::string& registry);
std::map<std::string, RegistryLogin> all_logins(JobServices& services);

}  // namespace steps
