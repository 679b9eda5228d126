#include "aws/credentials.h"

#include <mutex>

#include "base/strings.h"

namespace aws {
namespace {

constexpr std::chrono::minutes kRenewBefore{5};
constexpr std::chrono::seconds kBetweenRenewals{30};

}  // namespace

std::string variable_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : std::string(base::trim(found->second));
}

std::string region_of(const Environment& environment) {
  const std::string region = variable_of(environment, "AWS_REGION");
  return region.empty() ? variable_of(environment, "AWS_DEFAULT_REGION") : region;
}

base::Result<std::optional<Credentials>> credentials_from_environment(const Environment& environment) {
  Credentials credentials;
  credentials.access_key_id = variable_of(environment, "AWS_ACCESS_KEY_ID");
  credentials.secret_access_key = variable_of(environment, "AWS_SECRET_ACCESS_KEY");
  credentials.session_token = variable_of(environment, "AWS_SESSION_TOKEN");
  if (credentials.access_key_id.empty()) return std::optional<Credentials>();
  if (credentials.secret_access_key.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not: set both");
  }
  return std::optional<Credentials>(std::move(credentials));
}

struct CredentialSource::State {
  std::mutex mutex;
  Credentials held;
  Renew renew;
  std::optional<base::WallTime> last_failure;
};

CredentialSource::CredentialSource(Credentials fixed) : CredentialSource(std::move(fixed), nullptr) {}

CredentialSource::CredentialSource(Credentials first, Renew renew) : state_(std::make_shared<State>()) {
  state_->held = std::move(first);
  state_->renew = std::move(renew);
}

base::Result<Credentials> CredentialSource::current(base::Clock& clock) {
  const std::lock_guard lock(state_->mutex);
  const auto now = clock.now();
  if (!state_->renew || !state_->held.expires || *state_->held.expires - now > kRenewBefore)
    return state_->held;
  const bool expired = *state_->held.expires <= now;
  if (!expired && state_->last_failure && now - *state_->last_failure < kBetweenRenewals) return state_->held;
  auto renewed = state_->renew();
  if (renewed) {
    state_->held = std::move(*renewed);
    state_->last_failure.reset();
    return state_->held;
  }
  state_->last_failure = now;
  if (expired) return std::move(renewed).error().while_doing("renewing credentials that have expired");
  return state_->held;
}

bool CredentialSource::renews() const {
  return state_->renew != nullptr;
}

bool CredentialSource::renew_now() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->renew) return false;
  auto renewed = state_->renew();
  if (!renewed) return false;
  state_->held = std::move(*renewed);
  return true;
}

}  // namespace aws
