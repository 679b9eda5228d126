#pragma once
// The signing keys of an issuer that others know by an address of its own: kept in `oidc/keys.json` of the
// state folder, sealed, replaced before they are old, and never used before the world had time to learn of
// them. Not for minting (oidc_issuer).

#include <functional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/files.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace runner {

/// Times are epoch seconds.
struct OidcKey {
  std::string id;           ///< RFC 7638 thumbprint: the same key has the same name everywhere
  std::string private_pem;  ///< secret
  double made = 0;
  double published = 0;  ///< 0: the world does not know it yet
  bool operator==(const OidcKey&) const = default;
};

struct OidcKeyTimes {
  double lifetime = 90 * 86400.0;  ///< a key is followed by another after so long
  /// Between publishing a key and signing with it, and between its last signature and its end: as long as
  /// verifiers may keep a key list, and longer than a token lives.
  double notice = 24 * 3600.0;
};

/// The key that signs: the newest that was published long enough ago, else the oldest. Null when there is
/// none.
const OidcKey* signing_key(const std::vector<OidcKey>& keys, double now, const OidcKeyTimes& times = {});

/// Without those that nobody holds a token of any more. `make` gives a new key where one is due: the first,
/// or one to follow a signing key that is old. Pure but for `make`.
using MakeOidcKey = base::Result<OidcKey> (*)(double now);
base::Result<std::vector<OidcKey>> rotate_keys(std::vector<OidcKey> keys, double now, MakeOidcKey make,
                                               const OidcKeyTimes& times = {});
base::Result<OidcKey> make_oidc_key(double now);

/// What an issuer is to the world.
struct OidcKeyring {
  std::string issuer;  ///< its address; empty: nothing was published yet
  std::vector<OidcKey> keys;
};
/// How private keys stand on the disk, bound to the id of each.
struct OidcKeySealing {
  std::function<base::Result<base::Json>(const std::string& private_pem, const std::string& id)> seal;
  std::function<base::Result<std::string>(const base::Json& sealed, const std::string& id)> open;
};
/// Empty when there is none yet. Keys in plain, of versions before they were sealed, are taken, too.
base::Result<OidcKeyring> load_oidc_keyring(const base::Path& state_folder, const OidcKeySealing& sealing);
/// Mode 0600.
base::Result<void> store_oidc_keyring(const base::Path& state_folder, const OidcKeyring& keyring,
                                      const OidcKeySealing& sealing);
base::Path oidc_folder(const base::Path& state_folder);

/// RFC 7517, public parts only.
base::Result<base::Json> key_list(const std::vector<OidcKey>& keys);
base::Json public_key(const base::RsaKey& key, const std::string& id);
/// RFC 7638.
std::string thumbprint(const base::RsaKey& key);
/// OpenID Connect Discovery 1.0.
base::Json discovery_document(const std::string& issuer, const std::string& keys_url);

}  // namespace runner
