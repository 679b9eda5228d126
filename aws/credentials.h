#pragma once
// Credentials as values: what signs a request, and a source that renews it before it expires. Where they come
// from is provider_chain.h's.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace aws {

using Environment = std::map<std::string, std::string>;

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< empty for long-lived keys
  std::optional<base::WallTime> expires;
};

/// The variable, or "".
std::string variable_of(const Environment& environment, const std::string& name);
/// AWS_REGION, else AWS_DEFAULT_REGION, else "".
std::string region_of(const Environment& environment);
/// Nothing without AWS_ACCESS_KEY_ID; an error when it stands there without its secret.
base::Result<std::optional<Credentials>> credentials_from_environment(const Environment& environment);

/// Credentials that stay as they are, or that are got anew before they expire. Copies share what they hold;
/// may be used from several threads.
class CredentialSource {
 public:
  using Renew = std::function<base::Result<Credentials>()>;

  CredentialSource(Credentials fixed);  // NOLINT(google-explicit-constructor): keys are the simplest source
  CredentialSource(Credentials first, Renew renew);

  /// Renewed when fewer than five minutes are left. A renewal that fails is an error only once the old ones
  /// have expired.
  base::Result<Credentials> current(base::Clock& clock);
  /// Gets new ones whatever the clock says, after AWS called the old ones expired; false when it cannot.
  bool renew_now();
  /// Whether it gets new ones at all.
  [[nodiscard]] bool renews() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace aws
