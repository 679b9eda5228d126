#include "emulator/identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"

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

base::Result<std::unique_ptr<Identity>> Identity::from_seed(const base::Json& seed) {
  std::unique_ptr<Identity> identity(new Identity());
  identity->account_ = base::json_string(seed, "account", "123456789012");
  if (const auto& written = base::json_member(seed, "account"); written.is_number()) {
    return wrong(
        fmt::format("account: expected 12 digits in quotes, found the number {}", base::to_text(written)));
  }
  if (identity->account_.size() != 12 ||
      identity->account_.find_first_not_of("0123456789") != std::string::npos) {
    return wrong(fmt::format("account: expected 12 digits in quotes, found '{}'", identity->account_));
  }
  const auto& account = identity->account_;
  for (const auto& user : base::json_member(seed, "users")) {
    const auto name = base::json_string(user, "name", "user");
    const auto key = base::json_string(user, "access_key_id");
    if (key.empty()) return wrong(fmt::format("users: '{}' has no access_key_id", name));
    identity->keys_[key] = {.secret = base::json_string(user, "secret_access_key"),
                            .principal = {account, fmt::format("arn:aws:iam::{}:user/{}", account, name),
                                          "AIDA" + base::to_upper(name), key}};
  }
  for (const auto& provider : base::json_member(seed, "oidc_providers")) {
    const auto url = base::json_string(provider, "url");
    IdentityProvider entry{
        .url = url, .arn = fmt::format("arn:aws:iam::{}:oidc-provider/{}", account, without_scheme(url))};
    for (const auto& id : base::json_member(provider, "client_ids")) {
      if (id.is_string()) entry.client_ids.push_back(id.get<std::string>());
    }
    if (entry.client_ids.empty()) entry.client_ids.emplace_back("sts.amazonaws.com");
    identity->providers_[url] = std::move(entry);
  }
  for (const auto& role : base::json_member(seed, "roles")) {
    const auto name = base::json_string(role, "name");
    if (name.empty()) return wrong("roles: a role has no name");
    const auto arn = fmt::format("arn:aws:iam::{}:role/{}", account, name);
    identity->roles_[arn] = {
        .name = name,
        .arn = arn,
        .trust_policy = base::json_member(role, "trust_policy"),
        .max_session_seconds = static_cast<int>(base::json_integer(role, "max_session_duration", 3600))};
  }
  return identity;
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
  const auto role_id = "AROA" + base::to_upper(base::to_hex(role.name)).substr(0, 17);
  session.key.principal = {
      account_, fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account_, role.name, session_name),
      fmt::format("{}:{}", role_id, session_name), session.access_key_id};
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
