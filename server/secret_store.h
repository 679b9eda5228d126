#pragma once
// Secrets and variables by organisation, repository and environment, in secrets.db of the state folder.
// Secrets are sealed (sealed_text) or stand in AWS and are referred to; each reading, setting and removing
// of one is written down. Not for masking, nor for who may ask.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "runner/sqlite.h"
#include "server/sealed_text.h"

namespace server {

/// Whose it is; the more names, the less it covers and the more it counts.
struct SecretScope {
  std::string owner;
  std::string repository;   ///< without the owner; empty: all of the owner's
  std::string environment;  ///< of the repository; empty: all
  bool operator==(const SecretScope&) const = default;
};
/// `octo`, `octo/app`, `octo/app:production`
std::string to_string(const SecretScope& scope);
/// From `owner/name`.
base::Result<SecretScope> scope_of_repository(std::string_view repository, std::string_view environment = "");

/// What is shown of a secret.
struct SecretEntry {
  SecretScope scope;
  std::string name;
  std::int64_t version = 1;
  std::string reference;  ///< where it stands in AWS; empty: here
  double updated = 0;     ///< epoch seconds
};

struct VariableEntry {
  SecretScope scope;
  std::string name;
  std::string value;
};

/// A line of the book.
struct SecretAudit {
  double at = 0;
  std::string who;
  std::string what;  ///< set, read, removed, rewrapped
  std::string scope;
  std::string name;
  std::int64_t version = 0;
};

/// Fetches what a reference names: `arn:…` of Secrets Manager or SSM, or `ssm:NAME`.
using ReferenceResolver = std::function<base::Result<std::string>(const std::string& reference)>;

class SecretStore {
 public:
  /// The file is made when missing, mode 0600. `master` must outlive the store.
  static base::Result<SecretStore> open(const base::Path& state_folder, const MasterKey& master);

  /// Names are as on GitHub: letters, digits, underscores; upper case; not GITHUB_….
  base::Result<void> set_secret(const SecretScope& scope, std::string_view name, std::string_view value,
                                std::string_view who);
  base::Result<void> refer_to(const SecretScope& scope, std::string_view name, std::string_view reference,
                              std::string_view who);
  /// not_found when there is none.
  base::Result<void> remove_secret(const SecretScope& scope, std::string_view name, std::string_view who);
  base::Result<std::vector<SecretEntry>> list_secrets();
  /// All that a job of the scope sees: its environment's before its repository's before its owner's. Each one
  /// is written down as read by `who` ("run 17, job deploy").
  base::Result<std::map<std::string, std::string>> secrets_for(const SecretScope& scope, std::string_view who,
                                                               const ReferenceResolver& resolve);

  base::Result<void> set_variable(const SecretScope& scope, std::string_view name, std::string_view value);
  base::Result<void> remove_variable(const SecretScope& scope, std::string_view name);
  base::Result<std::vector<VariableEntry>> list_variables();
  base::Result<std::map<std::string, std::string>> variables_for(const SecretScope& scope);

  /// All secrets under another master key, or none of them; returns how many.
  base::Result<int> rewrap_all(const MasterKey& next, std::string_view who);
  /// Newest first.
  base::Result<std::vector<SecretAudit>> audit(int limit);

 private:
  SecretStore(runner::Sqlite database, const MasterKey& master)
      : database_(std::move(database)), master_(&master) {}
  struct Row;
  base::Result<void> put(const SecretEntry& entry, std::string_view value, std::string_view who);
  base::Result<std::vector<Row>> rows_of(const std::vector<SecretScope>& scopes);
  base::Result<void> write_down(const SecretEntry& entry, std::string_view what, std::string_view who);

  runner::Sqlite database_;
  const MasterKey* master_;
};

}  // namespace server
