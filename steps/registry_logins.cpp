#include "steps/registry_logins.h"

namespace steps {

void remember_login(JobServices& services, const std::string& registry, RegistryLogin login) {
  std::lock_guard lock(*services.registry_logins_mutex);
  services.registry_logins[registry] = std::move(login);
}

bool forget_login(JobServices& services, const std::string& registry) {
  std::lock_guard lock(*services.registry_logins_mutex);
  return services.registry_logins.erase(registry) > 0;
}

std::optional<RegistryLogin> find_login(JobServices& services, const std::string& registry) {
  std::lock_guard lock(*services.registry_logins_mutex);
  auto found = services.registry_logins.find(registry);
  if (found == services.registry_logins.end()) return std::nullopt;
  return found->second;
}

std::map<std::string, RegistryLogin> all_logins(JobServices& services) {
  std::lock_guard lock(*services.registry_logins_mutex);
  return services.registry_logins;
}

}  // namespace steps
