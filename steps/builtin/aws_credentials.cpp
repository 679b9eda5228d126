// aws-actions/configure-aws-credentials: credentials from the job's OIDC token, from keys, or from another
// role, for the steps after it. A refusal by AWS is final at once: only passing faults are tried again.

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "steps/aws_sessions.h"
#include "steps/builtin/aws_profile_files.h"
#include "steps/builtin/aws_role.h"
#include "steps/builtin/aws_session.h"
#include "steps/secret_masker.h"
#include "steps/time_limit.h"

namespace steps::builtin {
namespace {

constexpr const char* kKeyVariables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"};
constexpr const char* kRegionVariables[] = {"AWS_DEFAULT_REGION", "AWS_REGION"};
constexpr std::string_view kNotLoaded = "Credentials could not be loaded, please check your action inputs: ";

/// One call of the action.
struct Configuration {
  const ActionCall& call;
  RunningJob& job;
  const CredentialsInputs& inputs;
  aws::ClientOptions options;  ///< without credentials
  ActionOutcome outcome;

  void say(std::string_view text) const { job.log->line(LineKind::output, text); }
  void set_variable(const char* name, const std::string& value) {
    if (inputs.export_environment) outcome.environment.emplace_back(name, value);
  }
};

/// The environment as it is without the keys of earlier steps.
ActionCall without_keys(ActionCall call) {
  for (const char* name : kKeyVariables) call.environment.erase(name);
  return call;
}

base::Result<aws::CredentialSource> source_credentials(const Configuration& all) {
  if (!all.inputs.access_key_id.empty()) {
    return aws::CredentialSource(aws::Credentials{
        all.inputs.access_key_id, all.inputs.secret_access_key, all.inputs.session_token, {}});
  }
  auto found = find_aws_credentials(all.inputs.unset_current ? without_keys(all.call) : all.call, all.job);
  if (!found) return prefixed(std::move(found).error(), kNotLoaded);
  return found;
}

base::Result<aws::CallerIdentity> identity_of(const Configuration& all, aws::CredentialSource credentials) {
  aws::ClientOptions options = all.options;
  options.credentials = std::move(credentials);
  aws::Client client(std::move(options));
  auto identity = aws::get_caller_identity(client);
  if (!identity) return prefixed(std::move(identity).error(), kNotLoaded);
  if (all.inputs.mask_account) {
    all.job.masker->add(identity->account);
    all.job.masker->add(identity->arn);
  }
  return identity;
}

/// Wrong accounts are refused before any later step gets the keys.
base::Result<void> check_account(const Configuration& all, const std::string& account) {
  const auto& allowed = all.inputs.allowed_accounts;
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), account) != allowed.end()) return {};
  return base::make_error(
      base::ErrorKind::denied,
      fmt::format(
          "The account ID of the provided credentials ({}) does not match any of the expected account "
          "IDs: {}",
          account, base::join(allowed, ", ")));
}

void tell_identity(Configuration& all, const aws::CallerIdentity& identity) {
  all.outcome.outputs["aws-account-id"] = identity.account;
  all.outcome.outputs["authenticated-arn"] = identity.arn;
}

void mask_keys(steps::SecretMasker& masker, const aws::Credentials& credentials) {
  masker.add(credentials.access_key_id);
  masker.add(credentials.secret_access_key);
  masker.add(credentials.session_token);
}

void export_credentials(Configuration& all, const aws::Credentials& credentials) {
  mask_keys(*all.job.masker, credentials);
  all.set_variable("AWS_ACCESS_KEY_ID", credentials.access_key_id);
  all.set_variable("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key);
  if (!credentials.session_token.empty() || !all.call.variable("AWS_SESSION_TOKEN").empty())
    all.set_variable("AWS_SESSION_TOKEN", credentials.session_token);
  if (!all.inputs.output_credentials) return;
  auto& outputs = all.outcome.outputs;
  outputs["aws-access-key-id"] = credentials.access_key_id;
  outputs["aws-secret-access-key"] = credentials.secret_access_key;
  if (!credentials.session_token.empty()) outputs["aws-session-token"] = credentials.session_token;
  if (credentials.expires) outputs["aws-expiration"] = '"' + base::format_iso8601(*credentials.expires) + '"';
}

/// Later built-ins find them by their key, with the way to renew them.
void keep_renewable(const Configuration& all, const aws::Credentials& credentials, AssumeRole assume) {
  auto renew = [assume = std::move(assume), stop = all.job.stop,
                masker = all.job.masker]() -> base::Result<aws::Credentials> {
    TRY(auto renewed, assume(stop));
    mask_keys(*masker, renewed.credentials);
    return std::move(renewed.credentials);
  };
  all.job.services->aws_sessions->add(credentials.access_key_id,
                                      aws::CredentialSource(credentials, std::move(renew)));
}

/// Keys, or what lies in the environment: the end, or where a role begins.
struct SourceCredentials {
  aws::CredentialSource source;
  aws::Credentials current;
  aws::CallerIdentity identity;
};

base::Result<SourceCredentials> look_at_source(Configuration& all) {
  base::Clock& clock = all.options.clock == nullptr ? base::system_clock() : *all.options.clock;
  TRY(auto source, source_credentials(all));
  TRY(auto current, source.current(clock));
  const bool given = !all.inputs.access_key_id.empty();
  if (given) export_credentials(all, current);
  TRY(auto identity, identity_of(all, source));
  if (all.inputs.role.empty()) {
    TRY(check_account(all, identity.account));
  }
  const bool ambient = !given && !all.inputs.role_chaining;
  if (ambient || all.inputs.export_environment) tell_identity(all, identity);
  return SourceCredentials{std::move(source), std::move(current), std::move(identity)};
}

base::Result<aws::Credentials> obtain(Configuration& all) {
  const RoleStart start{all.call, all.job, all.inputs, all.options};
  const bool by_oidc = goes_by_oidc(start);
  const bool by_file = !all.inputs.role.empty() && !all.inputs.web_identity_token_file.empty();
  std::optional<SourceCredentials> source;
  if (!by_oidc && !(by_file && all.inputs.access_key_id.empty())) {
    TRY(source, look_at_source(all));
  }
  if (all.inputs.role.empty()) {
    all.say("Proceeding with IAM user credentials");
    return std::move(source->current);
  }
  AssumeRole assume;
  if (by_oidc) {
    TRY(assume, role_by_oidc(start));
  } else if (by_file) {
    TRY(assume, role_by_token_file(start));
  } else {
    assume = role_by_credentials(start, std::move(source->source), source->identity.account);
  }
  if (all.inputs.plain_keys) assume = plain_keys_alone(std::move(assume));
  TRY(auto role, assume(all.call.stop));
  all.say("Authenticated as assumedRoleId " + role.assumed_role_id);
  keep_renewable(all, role.credentials, std::move(assume));
  export_credentials(all, role.credentials);
  TRY(const auto identity, identity_of(all, role.credentials));
  TRY(check_account(all, identity.account));
  if (all.inputs.export_environment) tell_identity(all, identity);
  return std::move(role.credentials);
}

base::Result<void> add_profile(Configuration& all, const aws::Credentials& credentials) {
  const auto& name = all.inputs.profile;
  auto variables =
      write_profile({name, all.inputs.region, credentials, all.inputs.existing_profile}, all.call, all.job);
  if (!variables)
    return prefixed(std::move(variables).error(), fmt::format("Failed to write AWS profile '{}': ", name));
  auto& environment = all.outcome.environment;
  environment.insert(environment.end(), variables->begin(), variables->end());
  all.set_variable("AWS_PROFILE", name);
  return {};
}

base::Result<bool> existing_credentials_are_good(const Configuration& all) {
  auto existing = find_aws_credentials(all.call, all.job);
  if (!existing) return false;
  const auto identity = identity_of(all, std::move(*existing));
  if (!identity && identity.error().kind == base::ErrorKind::cancelled) return identity.error();
  return identity.ok();
}

PostStep clear_afterwards(const ActionCall& call) {
  PostStep post;
  post.name = "Post " + call.step_name;
  post.run = [](RunningJob& job) -> base::Result<void> {
    const auto skip = job.environment.find("AWS_SKIP_CLEANUP_STEP");
    if (skip != job.environment.end() && is_true(skip->second)) return {};
    const auto clear = [&job](const char* name) {
      if (job.environment.contains(name)) job.environment[name].clear();
    };
    std::for_each(std::begin(kKeyVariables), std::end(kKeyVariables), clear);
    std::for_each(std::begin(kRegionVariables), std::end(kRegionVariables), clear);
    clear("AWS_PROFILE");
    return {};
  };
  return post;
}

base::Result<ActionOutcome> configure(const ActionCall& call, RunningJob& job,
                                      const CredentialsInputs& inputs) {
  Configuration all{call, job, inputs, aws_options(call, job), {}};
  all.options.region = inputs.region;
  if (inputs.attempts) all.options.attempts = *inputs.attempts;
  if (!inputs.sts_endpoint.empty()) all.options.environment["AWS_ENDPOINT_URL_STS"] = inputs.sts_endpoint;
  if (inputs.unset_current) {
    for (const char* name : kKeyVariables) all.set_variable(name, "");
  }
  for (const char* name : kRegionVariables) all.set_variable(name, inputs.region);
  if (inputs.use_existing) {
    TRY(const bool good, existing_credentials_are_good(all));
    job.log->line(LineKind::notice, good ? "Pre-existing credentials are valid. No need to generate new ones."
                                         : "No valid credentials exist. Running as normal.");
    if (good) return std::move(all.outcome);
  }
  TRY(const aws::Credentials credentials, obtain(all));
  if (!inputs.profile.empty()) {
    TRY(add_profile(all, credentials));
  }
  if (inputs.export_environment) all.outcome.post = clear_afterwards(call);
  return std::move(all.outcome);
}

}  // namespace

base::Result<ActionOutcome> configure_aws_credentials(const ActionCall& call, RunningJob& job) {
  TRY(const auto inputs, read_credentials_inputs(call, job));
  const TimeLimit time(call.stop, {inputs.time_limit, std::nullopt, {}});
  ActionCall timed = call;
  timed.stop = time.token();
  auto outcome = configure(timed, job, inputs);
  if (!outcome && time.expired()) {
    return base::make_error(base::ErrorKind::cancelled, fmt::format("Action timed out after {} seconds",
                                                                    inputs.time_limit->count() / 1000));
  }
  return outcome;
}

}  // namespace steps::builtin
