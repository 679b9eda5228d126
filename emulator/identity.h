#pragma once
// Accounts, users, roles, identity providers and sessions: what IAM and STS know. One mutex of its own.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "emulator/request_auth.h"

namespace emulator {

struct Role {
  std::string name;
  std::string arn;
  base::Json trust_policy;
  int max_session_seconds = 3600;
};

struct IdentityProvider {
  std::string url;  ///< https://token.actions.githubusercontent.com
  std::string arn;
  std::vector<std::string> client_ids;
};

class Identity {
 public:
  /// From the seed's account, users, roles, oidc_providers. The Error names the member that is wrong.
  static base::Result<std::unique_ptr<Identity>> from_seed(const base::Json& seed);

  [[nodiscard]] const std::string& account() const { return account_; }
  [[nodiscard]] std::optional<AccessKey> find_key(const std::string& access_key_id);
  [[nodiscard]] std::optional<Role> find_role(const std::string& arn);
  [[nodiscard]] std::optional<IdentityProvider> find_provider(const std::string& issuer);

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
  std::mutex mutex_;
  std::string account_;
  std::map<std::string, AccessKey> keys_;
  std::map<std::string, Role> roles_;
  std::map<std::string, IdentityProvider> providers_;
  std::map<std::string, std::vector<std::string>> key_urls_;
};

}  // namespace emulator
