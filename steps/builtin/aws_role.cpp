#include "steps/builtin/aws_role.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/strings.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/aws_session_tags.h"
#include "steps/secret_masker.h"

namespace steps::builtin {
namespace {

constexpr std::size_t kLargestTokenFile = 1U << 20;
constexpr int kMostPlainAttempts = 40;

using GetToken = std::function<base::Result<std::string>(const std::stop_token& stop)>;

/// What gets the job's token, as often as it is needed.
base::HttpRequest id_token_request(const RoleStart& start) {
  const std::string audience = !start.inputs.audience.empty()                       ? start.inputs.audience
                               : aws::partition_of(start.inputs.region) == "aws-cn" ? "sts.amazonaws.com.cn"
                                                                                    : "sts.amazonaws.com";
  base::HttpRequest request;
  request.url = fmt::format("{}&audience={}", start.call.variable("ACTIONS_ID_TOKEN_REQUEST_URL"),
                            base::percent_encode(audience));
  request.headers = {{"Authorization", "Bearer " + start.call.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")},
                     {"Accept", "application/json"}};
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

aws::RoleRequest role_request(const CredentialsInputs& inputs, std::string role_arn) {
  return {std::move(role_arn), inputs.session_name, inputs.duration_seconds, inputs.inline_policy,
          inputs.managed_policies};
}

base::Result<AssumeRole> by_token(const RoleStart& start, GetToken get_token, std::string error_prefix) {
  if (!start.inputs.role.starts_with("arn:")) {
    return base::invalid_input(
        "Source Account ID is needed if the Role Name is provided and not the Role Arn.");
  }
  if (!start.inputs.custom_tags.empty())
    warn(start.job, "custom-tags are ignored: a web identity session takes no tags");
  return AssumeRole(
      [get_token = std::move(get_token), error_prefix = std::move(error_prefix), options = start.options,
       request = role_request(start.inputs, start.inputs.role),
       masker = start.job.masker](const std::stop_token& stop) mutable -> base::Result<aws::AssumedRole> {
        TRY(const std::string token, get_token(stop));
        masker->add(token);
        options.stop = stop;
        auto role = aws::assume_role_with_web_identity(aws::Client(options), request, token);
        if (!role) return prefixed(std::move(role).error(), error_prefix);
        return role;
      });
}

bool is_plain(std::string_view key) {
  return std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

}  // namespace

bool goes_by_oidc(const RoleStart& start) {
  const CredentialsInputs& inputs = start.inputs;
  const bool looks_like_it = !inputs.role.empty() && inputs.access_key_id.empty() &&
                             inputs.web_identity_token_file.empty() && !inputs.role_chaining &&
                             !inputs.skip_oidc;
  if (!looks_like_it) return false;
  if (!start.call.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN").empty()) return true;
  start.job.log->line(
      LineKind::output,
      "It looks like you might be trying to authenticate with OIDC. Did you mean to set the `id-token` "
      "permission? If you are not trying to authenticate with OIDC and the action is working successfully, "
      "you can ignore this message.");
  return false;
}

base::Result<AssumeRole> role_by_oidc(const RoleStart& start) {
  auto get_token = [http = start.job.services->http,
                    request = id_token_request(start)](const std::stop_token& stop) mutable {
    request.stop = stop;
    return fetch_id_token(*http, request);
  };
  return by_token(start, std::move(get_token), "Could not assume role with OIDC: ");
}

base::Result<AssumeRole> role_by_token_file(const RoleStart& start) {
  const std::string& file = start.inputs.web_identity_token_file;
  const std::string path = file.front() == '/' ? file : start.job.folders.workspace.inside + "/" + file;
  auto get_token = [path, folders = start.job.folders](const std::stop_token&) -> base::Result<std::string> {
    TRY(const std::string text,
        read_job_file(folders, path, kLargestTokenFile).while_doing("reading web-identity-token-file"));
    return std::string(base::trim(text));
  };
  return by_token(start, std::move(get_token), "Could not assume role with web identity token file: ");
}

AssumeRole role_by_credentials(const RoleStart& start, aws::CredentialSource source,
                               const std::string& account) {
  std::string arn = start.inputs.role;
  if (!arn.starts_with("arn:"))
    arn = fmt::format("arn:{}:iam::{}:role/{}", aws::partition_of(start.inputs.region), account, arn);
  aws::ClientOptions options = start.options;
  options.credentials = std::move(source);
  return [options = std::move(options), request = role_request(start.inputs, std::move(arn)),
          session = session_tags(start.call, start.inputs)](
             const std::stop_token& stop) mutable -> base::Result<aws::AssumedRole> {
    options.stop = stop;
    aws::Client client(options);
    auto role = aws::assume_role(client, request, session);
    if (!role && role.error().code.starts_with("PackedPolicyTooLarge") && !session.tags.empty()) {
      drop_lesser_tags(session);
      role = aws::assume_role(client, request, session);
    }
    if (!role) return prefixed(std::move(role).error(), "Could not assume role with user credentials: ");
    return role;
  };
}

AssumeRole plain_keys_alone(AssumeRole assume) {
  return [assume = std::move(assume)](const std::stop_token& stop) -> base::Result<aws::AssumedRole> {
    for (int asked = 0; asked < kMostPlainAttempts; ++asked) {
      TRY(auto role, assume(stop));
      if (is_plain(role.credentials.access_key_id) && is_plain(role.credentials.secret_access_key))
        return role;
    }
    return base::make_error(
        base::ErrorKind::remote,
        fmt::format("special-characters-workaround: none of {} secret keys was free of special characters",
                    kMostPlainAttempts));
  };
}

}  // namespace steps::builtin
