#pragma once
// The private keys of the OIDC issuer at rest: under the master key, as secrets are.

#include "base/files.h"
#include "runner/oidc_keys.h"
#include "server/sealed_text.h"

namespace cli {

/// By the master key of the state folder, which is looked for when it is needed, and made when the first key
/// is sealed.
runner::OidcKeySealing oidc_sealing(const base::Path& state_folder);

/// The keys under another master key. `next` must outlive the call alone.
base::Result<void> reseal_oidc_keys(const base::Path& state_folder, const server::MasterKey& next);

}  // namespace cli
