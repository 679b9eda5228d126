#pragma once
// Secrets Manager and the SSM parameter store, for containers and for steps. Values are held in memory only:
// what the seed declares is there again after a restart, what the API put is not.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "emulator/service.h"

namespace emulator {

class SecretStore {
 public:
  /// From the seed's `secrets` and `parameters`, lists of {name, value}; the Error names the member that is
  /// wrong.
  static base::Result<std::unique_ptr<SecretStore>> from_seed(const base::Json& seed,
                                                              const std::string& account,
                                                              const std::string& region, base::Clock& clock);

  /// What a container's `valueFrom` names: a secret's ARN with `:json-key:stage:id`, or a parameter by name
  /// or ARN.
  base::Result<std::string> resolve(const std::string& value_from);

  /// The action that reading it needs, and the ARN on which.
  struct SecretAccess {
    std::string action;
    std::string resource;
  };
  [[nodiscard]] SecretAccess access_to(const std::string& value_from) const;

  struct Secret {
    std::string value;
    double created_at = 0;
    double changed_at = 0;
    int version = 1;
  };
  /// By name or ARN.
  [[nodiscard]] std::optional<std::pair<std::string, Secret>> find_secret(const std::string& id);
  [[nodiscard]] std::map<std::string, Secret> secrets();
  /// Whether the secret exists after the call: creating refuses one that is there, putting one that is not.
  enum class Write { create, put };
  bool write_secret(const std::string& name, const std::string& value, Write how);
  bool remove_secret(const std::string& id);

  struct Parameter {
    std::string value;
    std::string type = "String";
    double changed_at = 0;
    int version = 1;
  };
  [[nodiscard]] std::optional<std::pair<std::string, Parameter>> find_parameter(const std::string& id);
  [[nodiscard]] std::map<std::string, Parameter> parameters();
  /// The new version, or nothing when it exists and may not be overwritten.
  std::optional<int> write_parameter(const std::string& name, const std::string& value,
                                     const std::string& type, bool overwrite);

  [[nodiscard]] std::string secret_arn(const std::string& name) const;
  [[nodiscard]] std::string parameter_arn(const std::string& name) const;

 private:
  SecretStore(std::string account, std::string region, base::Clock& clock)
      : account_(std::move(account)), region_(std::move(region)), clock_(clock) {}

  std::mutex mutex_;
  std::string account_;
  std::string region_;
  base::Clock& clock_;
  std::map<std::string, Secret> secrets_;
  std::map<std::string, Parameter> parameters_;
};

/// The store must outlive the tables.
ServiceTable make_secrets_manager_service(SecretStore& store);
ServiceTable make_ssm_service(SecretStore& store);

}  // namespace emulator
