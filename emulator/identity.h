#pragma once
// Accounts, users, roles, identity providers and sessions: what IAM and STS know. One mutex of its own.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "emulator/request_auth.h"

namespace emulator {

struct Role {
  std::string name;
  std::string arn;
  base::Json trust_policy;
  int max_session_seconds = 3600;
  std::string path = "/";
  std::string description;
  double created_at = 0;
  std::map<std::string, base::Json> policies;  ///< inline ones, by name
  std::vector<std::string> attached;           ///< ARNs of AWS's own policies: managed_policies.h
  base::Json tags = base::Json::array();
  [[nodiscard]] std::string id() const;  ///< AROA…
  /// One without any policy may do everything here.
  [[nodiscard]] bool is_limited() const { return !policies.empty() || !attached.empty(); }
};

struct IdentityProvider {
  std::string url;  ///< https://token.actions.githubusercontent.com
  std::string arn;
  std::vector<std::string> client_ids;
  std::vector<std::string> thumbprints;  ///< accepted and not looked at, as AWS does for GitHub
  double created_at = 0;
};

class Identity {
 public:
  /// From the seed's account, users, roles, oidc_providers; what IAM's API made or changed is in `file` and
  /// wins (an empty path keeps nothing). The Error names the member that is wrong.
  static base::Result<std::unique_ptr<Identity>> from_seed(const base::Json& seed, base::Path file = {});

  [[nodiscard]] const std::string& account() const { return account_; }
  [[nodiscard]] std::optional<AccessKey> find_key(const std::string& access_key_id);
  [[nodiscard]] std::optional<Role> find_role(const std::string& arn);
  /// Whether a user of the seed has that ARN.
  [[nodiscard]] bool has_user(const std::string& arn);
  [[nodiscard]] std::optional<IdentityProvider> find_provider(const std::string& issuer);

  [[nodiscard]] std::vector<Role> roles();
  [[nodiscard]] std::vector<IdentityProvider> providers();
  /// The role of that name, or nothing.
  [[nodiscard]] std::optional<Role> role_named(const std::string& name);
  /// False when a role or provider of that ARN is there already.
  bool add_role(Role role);
  bool add_provider(IdentityProvider provider);
  /// Changes a role under the lock and keeps it; false when there is none of that name.
  bool change_role(const std::string& name, const std::function<void(Role&)>& change);
  bool remove_role(const std::string& name);
  [[nodiscard]] std::string role_arn(const std::string& path, const std::string& name) const;
  [[nodiscard]] std::string provider_arn(const std::string& url) const;

  /// A session's key, valid from now on; kept in memory only.
  struct Session {
    std::string access_key_id;
    AccessKey key;
  };
  Session start_session(const Role& role, const std::string& session_name, int seconds, base::WallTime now);

  /// Where a runner serves the keys of an issuer that it stands for; the newest are asked first.
  void register_keys(const std::string& issuer, const std::string& keys_url);
  [[nodiscard]] std::vector<std::string> keys_of(const std::string& issuer);

 private:
  Identity() = default;
  base::Result<void> read_users(const base::Json& seed);
  base::Result<void> read_roles(const base::Json& seed);
  base::Result<void> load();
  void save_locked();

  std::mutex mutex_;
  base::Path file_;
  std::string account_;
  std::map<std::string, AccessKey> keys_;
  std::map<std::string, Role> roles_;
  std::map<std::string, IdentityProvider> providers_;
  std::map<std::string, std::vector<std::string>> key_urls_;
  std::set<std::string> kept_;     ///< ARNs of what the API made or changed
  std::set<std::string> removed_;  ///< ARNs of the seed's that the API removed
};

}  // namespace emulator
