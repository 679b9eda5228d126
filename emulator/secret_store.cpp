#include <fmt/format.h>

#include "base/crypto.h"
#include "base/strings.h"
#include "emulator/secrets_service.h"

namespace emulator {

namespace {

constexpr std::size_t kArnParts = 7;  // arn:aws:secretsmanager:region:account:secret:name

/// A value of the seed as text: a mapping becomes JSON, as Secrets Manager's key/value secrets are.
std::string value_text(const base::Json& value) {
  return value.is_string() ? value.get<std::string>() : base::to_text(value);
}

base::Error missing_name(const char* list) {
  return base::make_error(
      base::ErrorKind::invalid_input,
      fmt::format("the seed: {}: an entry has no name; expected `- name: …` and `value: …`", list));
}

}  // namespace

base::Result<std::unique_ptr<SecretStore>> SecretStore::from_seed(const base::Json& seed,
                                                                  const std::string& account,
                                                                  const std::string& region,
                                                                  base::Clock& clock) {
  std::unique_ptr<SecretStore> store(new SecretStore(account, region, clock));
  const double now = base::to_epoch_seconds(clock.now());
  for (const auto& entry : base::json_member(seed, "secrets")) {
    const auto name = base::json_string(entry, "name");
    if (name.empty()) return missing_name("secrets");
    store->secrets_[name] = {value_text(base::json_member(entry, "value")), now, now};
  }
  for (const auto& entry : base::json_member(seed, "parameters")) {
    const auto name = base::json_string(entry, "name");
    if (name.empty()) return missing_name("parameters");
    store->parameters_[name] = {value_text(base::json_member(entry, "value")),
                                base::json_string(entry, "type", "String"), now};
  }
  return store;
}

std::string SecretStore::secret_arn(const std::string& name) const {
  // AWS appends a dash and six characters of its own; ours follow from the name, so that they survive a
  // restart.
  return fmt::format("arn:aws:secretsmanager:{}:{}:secret:{}-{}", region_, account_, name,
                     base::sha256_hex(name).substr(0, 6));
}

std::string SecretStore::parameter_arn(const std::string& name) const {
  return fmt::format("arn:aws:ssm:{}:{}:parameter{}{}", region_, account_, name.starts_with('/') ? "" : "/",
                     name);
}

std::optional<std::pair<std::string, SecretStore::Secret>> SecretStore::find_secret(const std::string& id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, secret] : secrets_) {
    const auto arn = secret_arn(name);
    const auto partial_arn = arn.substr(0, arn.size() - 7);
    if (id == name || id == arn || id == partial_arn) return std::pair(name, secret);
  }
  return std::nullopt;
}

std::map<std::string, SecretStore::Secret> SecretStore::secrets() {
  const std::lock_guard lock(mutex_);
  return secrets_;
}

bool SecretStore::write_secret(const std::string& name, const std::string& value, Write how) {
  const std::lock_guard lock(mutex_);
  const bool exists = secrets_.contains(name);
  if (exists == (how == Write::create)) return false;
  auto& secret = secrets_[name];
  secret.changed_at = base::to_epoch_seconds(clock_.now());
  if (exists) ++secret.version;
  if (!exists) secret.created_at = secret.changed_at;
  secret.value = value;
  return true;
}

bool SecretStore::remove_secret(const std::string& id) {
  const auto found = find_secret(id);
  const std::lock_guard lock(mutex_);
  return found && secrets_.erase(found->first) > 0;
}

std::optional<std::pair<std::string, SecretStore::Parameter>> SecretStore::find_parameter(
    const std::string& id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, parameter] : parameters_) {
    if (id == name || id == parameter_arn(name)) return std::pair(name, parameter);
  }
  return std::nullopt;
}

std::map<std::string, SecretStore::Parameter> SecretStore::parameters() {
  const std::lock_guard lock(mutex_);
  return parameters_;
}

std::optional<int> SecretStore::write_parameter(const std::string& name, const std::string& value,
                                                const std::string& type, bool overwrite) {
  const std::lock_guard lock(mutex_);
  const bool exists = parameters_.contains(name);
  if (exists && !overwrite) return std::nullopt;
  auto& parameter = parameters_[name];
  parameter.value = value;
  parameter.changed_at = base::to_epoch_seconds(clock_.now());
  if (exists) ++parameter.version;
  if (!type.empty()) parameter.type = type;
  return parameter.version;
}

base::Result<std::string> SecretStore::resolve(const std::string& value_from) {
  if (!value_from.starts_with("arn:aws:secretsmanager:")) {
    if (const auto parameter = find_parameter(value_from)) return parameter->second.value;
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("unable to retrieve secrets from ssm: invalid ssm parameters: {}", value_from));
  }
  const auto parts = base::split(value_from, ':');
  const auto arn =
      base::join({parts.begin(), parts.begin() + static_cast<long>(std::min(parts.size(), kArnParts))}, ":");
  const auto secret = find_secret(arn);
  if (!secret) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("unable to retrieve secret from asm: service call has been retried 1 "
                                        "time(s): failed to fetch secret {} "
                                        "from secrets manager: ResourceNotFoundException: Secrets Manager "
                                        "can't find the specified secret.",
                                        arn));
  }
  const auto key = parts.size() > kArnParts ? parts[kArnParts] : "";
  if (key.empty()) return secret->second.value;
  const auto document = base::parse_json(secret->second.value);
  if (!document || !document->is_object() || !document->contains(key)) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("unable to retrieve secret from asm: retrieved secret from Secrets "
                                        "Manager did not contain json key {}",
                                        key));
  }
  return value_text((*document)[key]);
}

SecretStore::SecretAccess SecretStore::access_to(const std::string& value_from) const {
  constexpr std::size_t kPartsOfArn = 7;  // behind it come a JSON key, a stage and a version
  if (value_from.starts_with("arn:aws:secretsmanager:")) {
    auto parts = base::split(value_from, ':');
    if (parts.size() > kPartsOfArn) parts.resize(kPartsOfArn);
    return {"secretsmanager:GetSecretValue", base::join(parts, ":")};
  }
  return {"ssm:GetParameters", value_from.starts_with("arn:") ? value_from : parameter_arn(value_from)};
}

}  // namespace emulator
