// aws-actions/configure-aws-credentials: credentials from the job's OIDC token, from keys, or from another
// role, for the steps after it. A refusal by AWS is final at once: only passing faults are tried again.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <utility>

#include "aws/sts.h"
#include "base/json.h"
#include "base/strings.h"
#include "steps/aws_sessions.h"
#include "steps/builtin/aws_credentials_inputs.h"
#include "steps/builtin/aws_session.h"
#include "steps/secret_masker.h"

namespace steps::builtin {
namespace {

constexpr const char* kExported[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                     "AWS_DEFAULT_REGION", "AWS_REGION"};
constexpr std::size_t kMostOfATag = 256;
constexpr std::size_t kMaximumTokenFile = 1U << 20;
constexpr int kMostPlainAttempts = 40;

/// One call of the action.
struct Configuration {
  const ActionCall& call;
  RunningJob& job;
  CredentialsInputs inputs;
  aws::ClientOptions options;  ///< without credentials
  ActionOutcome outcome;

  void say(std::string_view text) const { job.log->line(LineKind::output, text); }
};

bool may_use_oidc(const Configuration& all) {
  const CredentialsInputs& inputs = all.inputs;
  return !inputs.role.empty() && !all.call.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN").empty() &&
         inputs.access_key_id.empty() && inputs.web_identity_token_file.empty() && !inputs.role_chaining &&
         !inputs.skip_oidc;
}

/// What gets the job's token, as often as it is needed.
base::HttpRequest id_token_request(const Configuration& all) {
  const std::string audience = !all.inputs.audience.empty()                       ? all.inputs.audience
                               : aws::partition_of(all.inputs.region) == "aws-cn" ? "sts.amazonaws.com.cn"
                                                                                  : "sts.amazonaws.com";
  base::HttpRequest request;
  request.url = fmt::format("{}&audience={}", all.call.variable("ACTIONS_ID_TOKEN_REQUEST_URL"),
                            base::percent_encode(audience));
  request.headers = {{"Authorization", "Bearer " + all.call.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")},
                     {"Accept", "application/json"}};
  request.stop = all.job.stop;
  return request;
}

base::Result<std::string> fetch_id_token(base::HttpClient& http, const base::HttpRequest& request) {
  auto response = http.send(request);
  if (!response) {
    response.error().message = "getIDToken call failed: " + response.error().message;
    return std::move(response).error();
  }
  if (response->status != 200) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format("getIDToken call failed: expected HTTP 200, found {}", response->status));
  }
  auto document = base::parse_json(response->body);
  const std::string token = document ? base::json_string(*document, "value") : "";
  if (token.empty()) {
    return base::make_error(base::ErrorKind::remote,
                            "getIDToken call failed: the answer holds no token as 'value'");
  }
  return token;
}

/// What STS takes in a tag's value; other characters become '_'.
std::string tag_value(std::string_view text) {
  std::string value;
  for (const char c : text) {
    const bool taken = static_cast<unsigned char>(c) >= 0x80 ||
                       std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view(" _.:/=+-@").find(c) != std::string_view::npos;
    value += taken ? c : '_';
  }
  if (value.size() <= kMostOfATag) return value;
  std::size_t end = kMostOfATag;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;  // not within a character
  return value.substr(0, end);
}

using Tags = std::vector<std::pair<std::string, std::string>>;

void add_tags(Tags& tags, const ActionCall& call,
              std::initializer_list<std::pair<const char*, const char*>> sources) {
  for (const auto& [key, variable] : sources) {
    const std::string value = tag_value(call.variable(variable));
    if (!value.empty()) tags.emplace_back(key, value);
  }
}

Tags fixed_tags(const Configuration& all) {
  Tags tags = {{"GitHub", "Actions"}};
  add_tags(tags, all.call,
           {{"Repository", "GITHUB_REPOSITORY"},
            {"Workflow", "GITHUB_WORKFLOW"},
            {"Action", "GITHUB_ACTION"},
            {"Actor", "GITHUB_ACTOR"},
            {"Commit", "GITHUB_SHA"},
            {"Branch", "GITHUB_REF"}});
  for (const auto& [key, value] : all.inputs.custom_tags) tags.emplace_back(key, tag_value(value));
  return tags;
}

/// Those that are left out when the request is too large for STS.
Tags droppable_tags(const Configuration& all) {
  Tags tags;
  add_tags(tags, all.call,
           {{"EventName", "GITHUB_EVENT_NAME"},
            {"BaseRef", "GITHUB_BASE_REF"},
            {"HeadRef", "GITHUB_HEAD_REF"},
            {"RunId", "GITHUB_RUN_ID"},
            {"Job", "GITHUB_JOB"},
            {"TriggeringActor", "GITHUB_TRIGGERING_ACTOR"}});
  return tags;
}

aws::ClientOptions options_with(const Configuration& all, aws::CredentialSource credentials) {
  aws::ClientOptions options = all.options;
  options.credentials = std::move(credentials);
  return options;
}

aws::RoleRequest role_request(const Configuration& all, std::string role_arn) {
  return {std::move(role_arn), all.inputs.session_name, all.inputs.duration_seconds, all.inputs.inline_policy,
          all.inputs.managed_policies};
}

base::Error prefixed(base::Error error, std::string_view prefix) {
  error.message = fmt::format("{}{}", prefix, error.message);
  return error;
}

/// Gets a role's credentials; kept with them, so that it must hold nothing that ends with the step.
using AssumeRole = std::function<base::Result<aws::AssumedRole>()>;
using GetToken = std::function<base::Result<std::string>()>;

base::Result<AssumeRole> by_token(const Configuration& all, GetToken get_token, std::string error_prefix) {
  if (!all.inputs.role.starts_with("arn:")) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "Source Account ID is needed if the Role Name is provided and not the Role Arn.");
  }
  if (!all.inputs.custom_tags.empty())
    warn(all.job, "custom-tags are ignored: a web identity session takes no tags");
  return AssumeRole([get_token = std::move(get_token), error_prefix = std::move(error_prefix),
                     options = all.options, request = role_request(all, all.inputs.role),
                     masker = all.job.masker]() -> base::Result<aws::AssumedRole> {
    TRY(const std::string token, get_token());
    masker->add(token);
    auto role = aws::assume_role_with_web_identity(aws::Client(options), request, token);
    if (!role) return prefixed(std::move(role).error(), error_prefix);
    return role;
  });
}

base::Result<AssumeRole> by_keys(const Configuration& all, aws::CredentialSource source) {
  auto options = options_with(all, std::move(source));
  std::string arn = all.inputs.role;
  if (!arn.starts_with("arn:")) {
    aws::Client client(options);
    TRY(const auto caller, aws::get_caller_identity(client));
    arn = fmt::format("arn:{}:iam::{}:role/{}", aws::partition_of(all.inputs.region), caller.account, arn);
  }
  aws::SessionTags session;
  session.external_id = all.inputs.external_id;
  const Tags droppable = droppable_tags(all);
  if (!all.inputs.skip_session_tags) {
    session.tags = fixed_tags(all);
    session.tags.insert(session.tags.end(), droppable.begin(), droppable.end());
  }
  return AssumeRole([options = std::move(options), request = role_request(all, arn), session,
                     droppable = droppable.size()]() mutable -> base::Result<aws::AssumedRole> {
    aws::Client client(options);
    auto role = aws::assume_role(client, request, session);
    if (!role && role.error().code.starts_with("PackedPolicyTooLarge") && !session.tags.empty()) {
      session.tags.resize(session.tags.size() - std::exchange(droppable, 0));
      role = aws::assume_role(client, request, session);
    }
    if (!role) return prefixed(std::move(role).error(), "Could not assume role with user credentials: ");
    return role;
  });
}

/// The environment as it is without the keys of earlier steps.
ActionCall without_keys(ActionCall call) {
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) {
    call.environment.erase(name);
  }
  return call;
}

base::Result<aws::CredentialSource> source_credentials(const Configuration& all) {
  if (!all.inputs.access_key_id.empty()) {
    return aws::CredentialSource(aws::Credentials{
        all.inputs.access_key_id, all.inputs.secret_access_key, all.inputs.session_token, {}});
  }
  auto found = find_aws_credentials(all.inputs.unset_current ? without_keys(all.call) : all.call, all.job);
  if (!found) {
    return prefixed(std::move(found).error(),
                    "Credentials could not be loaded, please check your action inputs: ");
  }
  return found;
}

void hint_at_missing_permission(const Configuration& all) {
  const bool looks_like_oidc = !all.inputs.role.empty() && all.inputs.access_key_id.empty() &&
                               all.inputs.web_identity_token_file.empty() && !all.inputs.role_chaining &&
                               !all.inputs.skip_oidc;
  if (!looks_like_oidc || may_use_oidc(all)) return;
  all.say(
      "It looks like you might be trying to authenticate with OIDC. Did you mean to set the `id-token` "
      "permission? If you are not trying to authenticate with OIDC and the action is working successfully, "
      "you "
      "can ignore this message.");
}

void mask_keys(steps::SecretMasker& masker, const aws::Credentials& credentials) {
  masker.add(credentials.access_key_id);
  masker.add(credentials.secret_access_key);
  masker.add(credentials.session_token);
}

bool is_plain(std::string_view key) {
  return std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

/// Asks again until the keys have no character that a tool may stumble over: about every fourth time they
/// have none.
base::Result<aws::AssumedRole> assume_plainly(AssumeRole& assume) {
  for (int asked = 0; asked < kMostPlainAttempts; ++asked) {
    TRY(auto role, assume());
    if (is_plain(role.credentials.access_key_id) && is_plain(role.credentials.secret_access_key)) return role;
  }
  return base::make_error(
      base::ErrorKind::remote,
      fmt::format("special-characters-workaround: none of {} secret keys was free of special characters",
                  kMostPlainAttempts));
}

/// The way to a role that the inputs ask for; nothing when they ask for none.
base::Result<AssumeRole> way_to_role(const Configuration& all) {
  if (may_use_oidc(all)) {
    return by_token(
        all,
        [http = all.job.services->http, request = id_token_request(all)] {
          return fetch_id_token(*http, request);
        },
        "Could not assume role with OIDC: ");
  }
  if (!all.inputs.role.empty() && !all.inputs.web_identity_token_file.empty()) {
    const std::string& file = all.inputs.web_identity_token_file;
    const std::string path = file.front() == '/' ? file : all.job.folders.workspace.inside + "/" + file;
    return by_token(
        all,
        [path, folders = all.job.folders]() -> base::Result<std::string> {
          TRY(const std::string text,
              read_job_file(folders, path, kMaximumTokenFile).while_doing("reading web-identity-token-file"));
          return std::string(base::trim(text));
        },
        "Could not assume role with web identity token file: ");
  }
  if (all.inputs.role.empty()) return AssumeRole();
  TRY(auto source, source_credentials(all));
  return by_keys(all, std::move(source));
}

/// The credentials that the step ends with; those of a role are known to later built-ins with the way to
/// renew them.
base::Result<aws::Credentials> obtain(const Configuration& all) {
  base::Clock& clock = all.options.clock == nullptr ? base::system_clock() : *all.options.clock;
  TRY(auto assume, way_to_role(all));
  if (!assume) {
    TRY(auto source, source_credentials(all));
    return source.current(clock);
  }
  if (all.inputs.plain_keys) assume = [asked = std::move(assume)]() mutable { return assume_plainly(asked); };
  TRY(auto role, assume());
  all.say("Authenticated as assumedRoleId " + role.assumed_role_id);
  const std::string key = role.credentials.access_key_id;
  all.job.services->aws_sessions->add(
      key, aws::CredentialSource(role.credentials,
                                 [assume, masker = all.job.masker]() -> base::Result<aws::Credentials> {
                                   TRY(auto renewed, assume());
                                   mask_keys(*masker, renewed.credentials);
                                   return std::move(renewed.credentials);
                                 }));
  return std::move(role.credentials);
}

void export_credentials(Configuration& all, const aws::Credentials& credentials) {
  mask_keys(*all.job.masker, credentials);
  if (all.inputs.export_environment) {
    auto& environment = all.outcome.environment;
    environment.emplace_back("AWS_ACCESS_KEY_ID", credentials.access_key_id);
    environment.emplace_back("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key);
    if (!credentials.session_token.empty() || !all.call.variable("AWS_SESSION_TOKEN").empty()) {
      environment.emplace_back("AWS_SESSION_TOKEN", credentials.session_token);
    }
  }
  if (!all.inputs.output_credentials) return;
  auto& outputs = all.outcome.outputs;
  outputs["aws-access-key-id"] = credentials.access_key_id;
  outputs["aws-secret-access-key"] = credentials.secret_access_key;
  outputs["aws-session-token"] = credentials.session_token;
  if (credentials.expires) outputs["aws-expiration"] = '"' + base::format_iso8601(*credentials.expires) + '"';
}

/// Who the new credentials are; wrong accounts are refused before any later step gets the keys.
base::Result<void> check_identity(Configuration& all, const aws::Credentials& credentials) {
  aws::Client client(options_with(all, credentials));
  auto identity = aws::get_caller_identity(client);
  if (!identity) {
    return prefixed(std::move(identity).error(),
                    "Credentials could not be loaded, please check your action inputs: ");
  }
  if (all.inputs.mask_account) {
    all.job.masker->add(identity->account);
    all.job.masker->add(identity->arn);
  }
  const auto& allowed = all.inputs.allowed_accounts;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), identity->account) == allowed.end()) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format(
            "The account ID of the provided credentials ({}) does not match any of the expected account "
            "IDs: {}",
            identity->account, base::join(allowed, ", ")));
  }
  all.outcome.outputs["aws-account-id"] = identity->account;
  all.outcome.outputs["authenticated-arn"] = identity->arn;
  return {};
}

base::Result<bool> existing_credentials_are_good(const Configuration& all) {
  auto existing = find_aws_credentials(all.call, all.job);
  if (!existing) return false;
  aws::Client client(options_with(all, *existing));
  auto identity = aws::get_caller_identity(client);
  if (!identity && identity.error().kind == base::ErrorKind::cancelled) return std::move(identity).error();
  return identity.ok();
}

PostStep clear_afterwards(const ActionCall& call) {
  PostStep post;
  post.name = "Post " + call.step_name;
  post.run = [](RunningJob& job) -> base::Result<void> {
    const auto skip = job.environment.find("AWS_SKIP_CLEANUP_STEP");
    if (skip != job.environment.end() && is_true(skip->second)) return {};
    for (const char* name : kExported) {
      if (job.environment.contains(name)) job.environment[name].clear();
    }
    return {};
  };
  return post;
}

}  // namespace

base::Result<ActionOutcome> configure_aws_credentials(const ActionCall& call, RunningJob& job) {
  TRY(auto inputs, read_credentials_inputs(call, job));
  Configuration all{call, job, std::move(inputs), aws_options(call, job), {}};
  all.options.region = all.inputs.region;
  all.options.stop = job.stop;  // what renews the credentials outlives the step
  if (all.inputs.attempts) all.options.attempts = *all.inputs.attempts;
  if (!all.inputs.sts_endpoint.empty())
    all.options.environment["AWS_ENDPOINT_URL_STS"] = all.inputs.sts_endpoint;
  if (all.inputs.use_existing) {
    TRY(const bool good, existing_credentials_are_good(all));
    if (good) {
      job.log->line(LineKind::notice, "Pre-existing credentials are valid. No need to generate new ones.");
      return std::move(all.outcome);
    }
  }
  hint_at_missing_permission(all);
  TRY(const aws::Credentials credentials, obtain(all));
  if (all.inputs.unset_current) {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) {
      all.outcome.environment.emplace_back(name, "");
    }
  }
  all.outcome.environment.emplace_back("AWS_DEFAULT_REGION", all.inputs.region);
  all.outcome.environment.emplace_back("AWS_REGION", all.inputs.region);
  export_credentials(all, credentials);
  TRY(check_identity(all, credentials));
  all.outcome.post = clear_afterwards(call);
  return std::move(all.outcome);
}

}  // namespace steps::builtin
