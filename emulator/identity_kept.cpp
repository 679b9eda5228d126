// What IAM's API makes and changes of identities, and keeps.
#include <fmt/format.h>

#include "base/log.h"
#include "emulator/identity.h"
#include "emulator/json_file.h"

namespace emulator {

namespace {

base::Json kept_role(const Role& role) {
  base::Json policies = base::Json::object();
  for (const auto& [name, document] : role.policies) policies[name] = document;
  return {{"name", role.name},
          {"arn", role.arn},
          {"trust_policy", role.trust_policy},
          {"max_session_seconds", role.max_session_seconds},
          {"path", role.path},
          {"description", role.description},
          {"created_at", role.created_at},
          {"policies", std::move(policies)},
          {"attached", role.attached},
          {"tags", role.tags}};
}

std::vector<std::string> strings_in(const base::Json& list) {
  std::vector<std::string> strings;
  for (const auto& entry : list) {
    if (entry.is_string()) strings.push_back(entry.get<std::string>());
  }
  return strings;
}

Role role_from(const base::Json& entry) {
  Role role{.name = base::json_string(entry, "name"),
            .arn = base::json_string(entry, "arn"),
            .trust_policy = base::json_member(entry, "trust_policy"),
            .max_session_seconds = static_cast<int>(base::json_integer(entry, "max_session_seconds", 3600)),
            .path = base::json_string(entry, "path", "/"),
            .description = base::json_string(entry, "description"),
            .created_at = base::json_number(entry, "created_at")};
  for (const auto& [name, document] : base::json_member(entry, "policies").items())
    role.policies[name] = document;
  role.attached = strings_in(base::json_member(entry, "attached"));
  role.tags = base::json_member(entry, "tags");
  return role;
}

}  // namespace

std::vector<Role> Identity::roles() {
  const std::lock_guard lock(mutex_);
  std::vector<Role> list;
  for (const auto& [arn, role] : roles_) list.push_back(role);
  return list;
}

std::vector<IdentityProvider> Identity::providers() {
  const std::lock_guard lock(mutex_);
  std::vector<IdentityProvider> list;
  for (const auto& [url, provider] : providers_) list.push_back(provider);
  return list;
}

std::optional<Role> Identity::role_named(const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (const auto& [arn, role] : roles_) {
    if (role.name == name) return role;
  }
  return std::nullopt;
}

bool Identity::add_role(Role role) {
  if (role_named(role.name)) return false;
  const std::lock_guard lock(mutex_);
  kept_.insert(role.arn);
  removed_.erase(role.arn);
  roles_[role.arn] = std::move(role);
  save_locked();
  return true;
}

bool Identity::add_provider(IdentityProvider provider) {
  const std::lock_guard lock(mutex_);
  if (providers_.contains(provider.url)) return false;
  kept_.insert(provider.arn);
  providers_[provider.url] = std::move(provider);
  save_locked();
  return true;
}

bool Identity::change_role(const std::string& name, const std::function<void(Role&)>& change) {
  const std::lock_guard lock(mutex_);
  for (auto& [arn, role] : roles_) {
    if (role.name != name) continue;
    change(role);
    kept_.insert(arn);
    save_locked();
    return true;
  }
  return false;
}

bool Identity::remove_role(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto removed = std::erase_if(roles_, [&](const auto& entry) {
    if (entry.second.name != name) return false;
    kept_.erase(entry.first);
    removed_.insert(entry.first);
    return true;
  });
  if (removed > 0) save_locked();
  return removed > 0;
}

base::Result<void> Identity::load() {
  if (file_.empty()) return {};
  TRY(const auto document, load_json_file(file_));
  for (const auto& entry : base::json_member(document, "roles")) {
    auto role = role_from(entry);
    kept_.insert(role.arn);
    roles_[role.arn] = std::move(role);
  }
  for (const auto& entry : base::json_member(document, "providers")) {
    IdentityProvider provider{.url = base::json_string(entry, "url"),
                              .arn = base::json_string(entry, "arn"),
                              .client_ids = strings_in(base::json_member(entry, "client_ids")),
                              .thumbprints = strings_in(base::json_member(entry, "thumbprints")),
                              .created_at = base::json_number(entry, "created_at")};
    kept_.insert(provider.arn);
    providers_[provider.url] = std::move(provider);
  }
  for (const auto& arn : strings_in(base::json_member(document, "removed"))) {
    removed_.insert(arn);
    roles_.erase(arn);
  }
  return {};
}

void Identity::save_locked() {
  if (file_.empty()) return;
  base::Json document = {{"roles", base::Json::array()}, {"providers", base::Json::array()}};
  for (const auto& [arn, role] : roles_) {
    if (kept_.contains(arn)) document["roles"].push_back(kept_role(role));
  }
  for (const auto& [url, provider] : providers_) {
    if (!kept_.contains(provider.arn)) continue;
    document["providers"].push_back({{"url", provider.url},
                                     {"arn", provider.arn},
                                     {"client_ids", provider.client_ids},
                                     {"thumbprints", provider.thumbprints},
                                     {"created_at", provider.created_at}});
  }
  document["removed"] = removed_;
  if (auto saved = save_json_file(file_, document); !saved)
    base::log(base::LogLevel::error, saved.error().to_string());
}

}  // namespace emulator
