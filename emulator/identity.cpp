#include "emulator/identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"
#include "emulator/managed_policies.h"
#include "emulator/policy.h"

namespace emulator {

namespace {

constexpr std::size_t kMostKeyUrls = 8;
constexpr std::size_t kMostSessions = 10'000;

base::Error wrong(std::string what) {
  return base::make_error(base::ErrorKind::invalid_input, "the seed: " + std::move(what));
}

std::string without_scheme(const std::string& url) {
  const auto scheme = url.find("://");
  return scheme == std::string::npos ? url : url.substr(scheme + 3);
}

// Shaped like AWS's: a prefix and 16 of A-Z2-7.
std::string make_id(std::string_view prefix) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id(prefix);
  for (const char c : base::random_bytes(16))
    id += kAlphabet[static_cast<unsigned char>(c) % kAlphabet.size()];
  return id;
}

}  // namespace

base::Result<std::unique_ptr<Identity>> Identity::from_seed(const base::Json& seed, base::Path file) {
  std::unique_ptr<Identity> identity(new Identity());
  identity->file_ = std::move(file);
  identity->account_ = base::json_string(seed, "account", "123456789012");
  if (const auto& written = base::json_member(seed, "account"); written.is_number()) {
    return wrong(
        fmt::format("account: expected 12 digits in quotes, found the number {}", base::to_text(written)));
  }
  if (identity->account_.size() != 12 ||
      identity->account_.find_first_not_of("0123456789") != std::string::npos) {
    return wrong(fmt::format("account: expected 12 digits in quotes, found '{}'", identity->account_));
  }
  TRY(identity->read_users(seed));
  TRY(identity->read_roles(seed));
  TRY(identity->load());
  return identity;
}

bool Identity::has_user(const std::string& arn) {
  const std::lock_guard lock(mutex_);
  return std::any_of(keys_.begin(), keys_.end(), [&](const auto& entry) {
    return entry.second.principal.arn == arn && entry.second.principal.role_arn.empty();
  });
}

base::Result<void> Identity::read_users(const base::Json& seed) {
  for (const auto& user : base::json_member(seed, "users")) {
    const auto name = base::json_string(user, "name", "user");
    const auto key = base::json_string(user, "access_key_id");
    if (key.empty()) return wrong(fmt::format("users: '{}' has no access_key_id", name));
    keys_[key] = {.secret = base::json_string(user, "secret_access_key"),
                  .principal = {account_, fmt::format("arn:aws:iam::{}:user/{}", account_, name),
                                "AIDA" + base::to_upper(name), key, ""}};
  }
  for (const auto& provider : base::json_member(seed, "oidc_providers")) {
    const auto url = base::json_string(provider, "url");
    IdentityProvider entry{.url = url, .arn = provider_arn(url)};
    for (const auto& id : base::json_member(provider, "client_ids")) {
      if (id.is_string()) entry.client_ids.push_back(id.get<std::string>());
    }
    if (entry.client_ids.empty()) entry.client_ids.emplace_back("sts.amazonaws.com");
    providers_[url] = std::move(entry);
  }
  return {};
}

base::Result<void> Identity::read_roles(const base::Json& seed) {
  for (const auto& entry : base::json_member(seed, "roles")) {
    Role role;
    role.name = base::json_string(entry, "name");
    if (role.name.empty()) return wrong("roles: a role has no name");
    role.arn = role_arn(role.path, role.name);
    role.trust_policy = base::json_member(entry, "trust_policy");
    role.max_session_seconds = static_cast<int>(base::json_integer(entry, "max_session_duration", 3600));
    for (const auto& policy : base::json_member(entry, "policies")) {
      const auto name = base::json_string(policy, "name", fmt::format("policy-{}", role.policies.size() + 1));
      if (const auto fault = policy_fault(base::json_member(policy, "policy")); !fault.empty())
        return wrong(fmt::format("role {}: policy {}: {}", role.name, name, fault));
      role.policies[name] = base::json_member(policy, "policy");
    }
    for (const auto& arn : base::json_member(entry, "attached_policies")) {
      if (!arn.is_string() || managed_policy(arn.get<std::string>()) == nullptr)
        return wrong(fmt::format("role {}: attached_policies: {} is no policy of AWS's that is known here",
                                 role.name, base::to_text(arn)));
      role.attached.push_back(arn.get<std::string>());
    }
    roles_[role.arn] = std::move(role);
  }
  return {};
}

std::string Role::id() const {
  return "AROA" + base::to_upper(base::sha256_hex(arn)).substr(0, 17);
}

std::string Identity::role_arn(const std::string& path, const std::string& name) const {
  return fmt::format("arn:aws:iam::{}:role{}{}", account_, path, name);
}

std::string Identity::provider_arn(const std::string& url) const {
  return fmt::format("arn:aws:iam::{}:oidc-provider/{}", account_, without_scheme(url));
}

std::optional<AccessKey> Identity::find_key(const std::string& access_key_id) {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(access_key_id);
  return found == keys_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Role> Identity::find_role(const std::string& arn) {
  const std::lock_guard lock(mutex_);
  const auto found = roles_.find(arn);
  return found == roles_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<IdentityProvider> Identity::find_provider(const std::string& issuer) {
  const std::lock_guard lock(mutex_);
  const auto found = providers_.find(issuer);
  return found == providers_.end() ? std::nullopt : std::optional(found->second);
}

Identity::Session Identity::start_session(const Role& role, const std::string& session_name, int seconds,
                                          base::WallTime now) {
  Session session{.access_key_id = make_id("ASIA")};
  session.key.secret = base::base64_encode(base::random_bytes(30));
  session.key.session_token = base::base64_encode(base::random_bytes(96));
  session.key.expires_at = base::to_epoch_seconds(now) + seconds;
  session.key.principal = {
      account_, fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account_, role.name, session_name),
      fmt::format("{}:{}", role.id(), session_name), session.access_key_id, role.arn};
  const std::lock_guard lock(mutex_);
  std::erase_if(keys_, [&](const auto& entry) {
    return entry.second.expires_at > 0 && entry.second.expires_at < base::to_epoch_seconds(now);
  });
  if (keys_.size() < kMostSessions) keys_[session.access_key_id] = session.key;
  return session;
}

void Identity::register_keys(const std::string& issuer, const std::string& keys_url) {
  const std::lock_guard lock(mutex_);
  auto& urls = key_urls_[issuer];
  std::erase(urls, keys_url);
  urls.insert(urls.begin(), keys_url);
  if (urls.size() > kMostKeyUrls) urls.resize(kMostKeyUrls);
}

std::vector<std::string> Identity::keys_of(const std::string& issuer) {
  const std::lock_guard lock(mutex_);
  return key_urls_[issuer];
}

}  // namespace emulator
