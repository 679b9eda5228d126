// aws-actions/amazon-ecr-login: a registry's password for the docker commands of later steps. It stays in
// memory.

#include <fmt/format.h>

#include "base/strings.h"
#include "ecr/ecr_client.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/registry_session.h"
#include "steps/secret_masker.h"

namespace steps::builtin {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

/// `docker_password_123456789012_dkr_ecr_eu_central_1_amazonaws_com`: runs of other characters become one
/// `_`.
std::string output_name(const char* prefix, const std::string& registry) {
  std::string name = prefix;
  for (const char c : registry) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      name += c;
    } else if (!name.ends_with('_')) {
      name += '_';
    }
  }
  return name;
}

using Tokens = std::vector<ecr::AuthorizationToken>;

Result<Tokens> private_tokens(const ActionCall& call, const RunningJob& job) {
  TRY(auto client, make_aws_client(call, job));
  return ecr::get_authorization_tokens(client, comma_list(call, "registries"));
}

/// One registry for all the world, whose tokens come from one region.
Result<Tokens> public_tokens(const ActionCall& call, const RunningJob& job) {
  auto options = aws_options(call, job);
  options.region = "us-east-1";
  TRY(options.credentials, find_aws_credentials(call, job));
  aws::Client client(std::move(options));
  TRY(auto token, ecr::get_public_authorization_token(client));
  return Tokens{std::move(token)};
}

/// All but `false` does.
bool masks_password(const ActionCall& call) {
  return base::to_lower(call.input("mask-password")) != "false";
}

Result<void> log_in(const ecr::AuthorizationToken& token, const ActionCall& call, RunningJob& job) {
  job.log->line(LineKind::output, fmt::format("Logging into registry {}", token.host));
  if (masks_password(call)) job.masker->add(token.credentials.password);
  return open_registry(token.host, {token.credentials.username, token.credentials.password}, call, job);
}

Result<void> log_out(const std::vector<std::string>& hosts, const sandbox::EnvVars& environment,
                     RunningJob& job) {
  for (const auto& host : hosts) {
    job.log->line(LineKind::output, fmt::format("Logging out of registry {}", host));
    close_registry(host, environment, job);
  }
  return {};
}

}  // namespace

Result<ActionOutcome> amazon_ecr_login(const ActionCall& call, RunningJob& job) {
  const auto type = base::to_lower(call.input("registry-type", "private"));
  if (type != "private" && type != "public") {
    return make_error(ErrorKind::invalid_input,
                      "Invalid input for 'registry-type', possible options are [private, public]");
  }
  if (!masks_password(call)) warn(job, "Your docker password is not masked: it is readable in logs");
  TRY(const auto tokens, type == "public" ? public_tokens(call, job) : private_tokens(call, job));
  ActionOutcome outcome;
  std::vector<std::string> hosts;
  for (const auto& token : tokens) {
    TRY(log_in(token, call, job));
    hosts.push_back(token.host);
    outcome.outputs[output_name("docker_username_", token.host)] = token.credentials.username;
    outcome.outputs[output_name("docker_password_", token.host)] = token.credentials.password;
  }
  if (hosts.size() == 1) outcome.outputs["registry"] = hosts.front();
  if (!is_true(call.input("skip-logout"))) {
    outcome.post = PostStep{.name = "Post " + call.step_name,
                            .run = [hosts, environment = call.environment](RunningJob& ending) {
                              return log_out(hosts, environment, ending);
                            }};
  }
  return outcome;
}

}  // namespace steps::builtin
