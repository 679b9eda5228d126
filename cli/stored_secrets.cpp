#include "cli/stored_secrets.h"

#include "cli/aws_secrets.h"
#include "cli/aws_session.h"

namespace cli {

base::Result<std::unique_ptr<StoredSecrets>> StoredSecrets::open(const base::Path& state_folder,
                                                                 base::HttpClient& http) {
  TRY(auto found, server::find_master_key(state_folder, server::MissingKey::is_error));
  std::unique_ptr<StoredSecrets> stored(new StoredSecrets(std::move(found.key), http));
  TRY(auto store, server::SecretStore::open(state_folder, stored->key_));
  stored->store_.emplace(std::move(store));
  return stored;
}

base::Result<std::map<std::string, std::string>> StoredSecrets::secrets_for(const std::string& repository,
                                                                            const std::string& environment,
                                                                            const std::string& who) {
  TRY(const auto scope, server::scope_of_repository(repository, environment));
  const std::lock_guard lock(mutex_);
  return store_->secrets_for(scope, who, [&](const std::string& reference) -> base::Result<std::string> {
    TRY(auto client, make_aws_client(http_, region_of_reference(reference)));
    return read_aws_secret(client, reference);
  });
}

base::Result<std::map<std::string, std::string>> StoredSecrets::variables_for(
    const std::string& repository, const std::string& environment) {
  TRY(const auto scope, server::scope_of_repository(repository, environment));
  const std::lock_guard lock(mutex_);
  return store_->variables_for(scope);
}

}  // namespace cli
