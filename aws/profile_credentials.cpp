#include "aws/profile_credentials.h"

#include <fmt/format.h>

#include <set>

#include "aws/metadata_credentials.h"
#include "aws/sso_credentials.h"
#include "aws/sts.h"
#include "aws/time_text.h"
#include "base/json.h"
#include "base/strings.h"

namespace aws {
namespace {

constexpr const char* kSessionName = "pipeline";
constexpr int kUsualDuration = 3600;

using Found = base::Result<std::optional<Credentials>>;

Client sts_client(const CredentialPlaces& places, const Settings& profile) {
  ClientOptions options = places.client;
  options.credentials.reset();
  if (const auto region = variable_of(profile, "region"); options.region.empty()) options.region = region;
  return Client(std::move(options));
}

base::Result<Credentials> from_process(const CredentialPlaces& places, const std::string& command) {
  if (!places.run_command) {
    return base::invalid_input(
        "credential_process is not run here, since it would run outside of the job: give keys, a role or a "
        "token file");
  }
  TRY(const auto output, places.run_command(command).while_doing("running credential_process"));
  const auto document = base::parse_json(output);
  const base::Json keys = document ? *document : base::Json();
  Credentials credentials{base::json_string(keys, "AccessKeyId"), base::json_string(keys, "SecretAccessKey"),
                          base::json_string(keys, "SessionToken"),
                          read_iso8601(base::json_string(keys, "Expiration"))};
  if (base::json_integer(keys, "Version") == 1 && !credentials.access_key_id.empty() &&
      !credentials.secret_access_key.empty())
    return credentials;
  return base::make_error(base::ErrorKind::remote,
                          "credential_process: expected a JSON object with Version 1, AccessKeyId and "
                          "SecretAccessKey on its standard output");
}

/// One look-up; holds the names on the way, so that profiles which name each other end it.
class ProfileLookup {
 public:
  ProfileLookup(const CredentialPlaces& places, SharedConfig config)
      : places_(places), config_(std::move(config)) {}

  Found find(const std::string& name) {
    const auto found = config_.profiles.find(name);
    if (found == config_.profiles.end()) return std::optional<Credentials>();
    const Settings& profile = found->second;
    // A role whose source is its own profile is assumed with the keys beside it.
    const bool again = !visited_.insert(name).second;
    if (!variable_of(profile, "role_arn").empty() && !again) return by_role(name, profile);
    const auto has = [&](const char* key) { return !variable_of(profile, key).empty(); };
    if (has("aws_access_key_id") || has("aws_secret_access_key")) return keys_of(name, profile);
    if (again) return base::invalid_input(fmt::format("the profiles around '{}' name each other", name));
    if (has("sso_account_id")) return some(sso_credentials(places_, config_, profile));
    if (has("credential_process"))
      return some(from_process(places_, variable_of(profile, "credential_process")));
    return std::optional<Credentials>();
  }

 private:
  static Found some(base::Result<Credentials> credentials) {
    if (!credentials) return std::move(credentials).error();
    return std::optional(std::move(*credentials));
  }

  static Found keys_of(const std::string& name, const Settings& profile) {
    Credentials keys{variable_of(profile, "aws_access_key_id"),
                     variable_of(profile, "aws_secret_access_key"),
                     variable_of(profile, "aws_session_token"),
                     {}};
    if (!keys.access_key_id.empty() && !keys.secret_access_key.empty()) return std::optional(std::move(keys));
    return base::invalid_input(fmt::format(
        "profile [{}]: expected both aws_access_key_id and aws_secret_access_key, found one", name));
  }

  Found by_role(const std::string& name, const Settings& profile) {
    const auto session = variable_of(profile, "role_session_name");
    const auto role_arn = variable_of(profile, "role_arn");
    if (const auto file = variable_of(profile, "web_identity_token_file"); !file.empty())
      return some(assume_by_token_file(places_, {role_arn, file, session}));
    if (!variable_of(profile, "mfa_serial").empty()) {
      return base::invalid_input(fmt::format(
          "profile [{}] asks for a code of a device (mfa_serial), and nobody is here to give it: log in with "
          "the AWS command line and use the session's keys",
          name));
    }
    TRY(auto source, source_of(name, profile));
    Client client = [&] {
      ClientOptions options = sts_client(places_, profile).options();
      options.credentials = std::move(source);
      return Client(std::move(options));
    }();
    const auto seconds = base::parse_integer(variable_of(profile, "duration_seconds"));
    auto role = assume_role(client,
                            {role_arn,
                             session.empty() ? kSessionName : session,
                             static_cast<int>(seconds.value_or(kUsualDuration)),
                             "",
                             {}},
                            {{}, {}, variable_of(profile, "external_id")});
    if (!role)
      return std::move(role).error().while_doing(fmt::format("assuming the role of profile [{}]", name));
    return std::optional(std::move(role->credentials));
  }

  base::Result<Credentials> source_of(const std::string& name, const Settings& profile) {
    const auto missing = [&](const std::string& what) {
      return base::invalid_input(
          fmt::format("profile [{}] has a role, and its source has no credentials: {}", name, what));
    };
    if (const auto source = variable_of(profile, "source_profile"); !source.empty()) {
      TRY(auto found, find(source));
      if (!found) return missing(fmt::format("source_profile '{}'", source));
      return std::move(*found);
    }
    const auto kind = variable_of(profile, "credential_source");
    Found found = std::optional<Credentials>();
    if (kind == "Environment") found = credentials_from_environment(places_.client.environment);
    if (kind == "EcsContainer") found = container_credentials(places_);
    if (kind == "Ec2InstanceMetadata") found = instance_credentials(places_);
    if (!found) return std::move(found).error();
    if (*found) return std::move(**found);
    return missing(kind.empty() ? "it has neither source_profile nor credential_source"
                                : fmt::format("credential_source '{}'", kind));
  }

  const CredentialPlaces& places_;
  SharedConfig config_;
  std::set<std::string> visited_;
};

}  // namespace

base::Result<Credentials> assume_by_token_file(const CredentialPlaces& places, const TokenFileRole& role) {
  TRY(const auto text, places.read_file(role.token_file).while_doing("reading the web identity token file"));
  auto assumed = assume_role_with_web_identity(
      sts_client(places, {}),
      {role.role_arn, role.session_name.empty() ? kSessionName : role.session_name, kUsualDuration, "", {}},
      std::string(base::trim(text)));
  if (!assumed)
    return std::move(assumed).error().while_doing("assuming " + role.role_arn + " by a token file");
  return std::move(assumed->credentials);
}

base::Result<std::optional<Credentials>> profile_credentials(const CredentialPlaces& places,
                                                             const std::string& profile) {
  TRY(auto config, load_shared_config(places.client.environment, places.read_file));
  return ProfileLookup(places, std::move(config)).find(profile);
}

}  // namespace aws
