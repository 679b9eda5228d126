#pragma once
// Where the key is that opens the secrets: in what systemd hands to the service, in a file of its own, or in
// the environment. Not for what it opens (sealed_text).

#include <string>

#include "base/files.h"
#include "base/result.h"
#include "server/sealed_text.h"

namespace server {

/// The name in $CREDENTIALS_DIRECTORY (systemd LoadCredentialEncrypted=) and in the state folder.
inline constexpr const char* kMasterKeyName = "pipeline-master-key";

/// Whether a key is made where there is none.
enum class MissingKey { is_error, is_made };

struct FoundMasterKey {
  MasterKey key;
  std::string where;  ///< for people
  bool made = false;
};

/// In this order: the credential of systemd, the file of mode 0600 in the state folder, PIPELINE_MASTER_KEY.
/// not_found: there is none. A file that others may read is an Error.
base::Result<FoundMasterKey> find_master_key(const base::Path& state_folder, MissingKey missing);

/// A key in a file of the user's.
base::Result<MasterKey> read_master_key(const base::Path& file);
/// Puts it in the place of the one in the state folder.
base::Result<void> store_master_key(const base::Path& state_folder, const MasterKey& key);
base::Path master_key_file(const base::Path& state_folder);

}  // namespace server
