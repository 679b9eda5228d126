#pragma once
// What `pipeline secret` and `pipeline variable` keep, as runs take it: with the references to AWS resolved.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/http_client.h"
#include "base/result.h"
#include "server/master_key.h"
#include "server/secret_store.h"

namespace cli {

class StoredSecrets {
 public:
  /// `http` must outlive it. not_found: there is no master key.
  static base::Result<std::unique_ptr<StoredSecrets>> open(const base::Path& state_folder,
                                                           base::HttpClient& http);

  /// Of `owner/name`, for a job of the environment; "" is a job without one. Each is written down as read by
  /// `who`.
  base::Result<std::map<std::string, std::string>> secrets_for(const std::string& repository,
                                                               const std::string& environment,
                                                               const std::string& who);
  base::Result<std::map<std::string, std::string>> variables_for(const std::string& repository,
                                                                 const std::string& environment);

 private:
  StoredSecrets(server::MasterKey key, base::HttpClient& http) : key_(std::move(key)), http_(http) {}

  server::MasterKey key_;
  base::HttpClient& http_;
  std::mutex mutex_;  ///< jobs ask at the same time
  std::optional<server::SecretStore> store_;
};

}  // namespace cli
