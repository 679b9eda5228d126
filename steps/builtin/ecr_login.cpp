// aws-actions/amazon-ecr-login: a registry's password for the docker commands of later steps. It stays in
// memory.

#include <fmt/format.h>
#include <unistd.h>

#include "base/strings.h"
#include "ecr/ecr_client.h"
#include "steps/builtin/aws_session.h"
#include "steps/registry_logins.h"
#include "steps/secret_masker.h"

namespace steps::builtin {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr int kLoginSeconds = 60;

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

/// With `--docker host` the machine's engine has to know the password: by its own command, over stdin.
Result<void> log_engine_in(const ecr::AuthorizationToken& token, const ActionCall& call, RunningJob& job) {
  TRY(base::Pipe input, base::make_pipe());
  TRY(base::write_all(input.write.get(), token.credentials.password));
  input.write.reset();
  sandbox::Command command;
  command.argv = {
      "docker", "login", "--username", token.credentials.username, "--password-stdin", token.proxy_endpoint};
  command.environment = call.environment;
  command.input = input.read.get();
  TRY(const auto finished, sandbox::run_to_end(*job.sandbox, std::move(command), kLoginSeconds));
  if (finished.status.shell_code() == 0) return {};
  return make_error(ErrorKind::remote,
                    fmt::format("Could not login to registry {}: {}", token.host, finished.output));
}

Result<void> log_in(const ecr::AuthorizationToken& token, const ActionCall& call, RunningJob& job) {
  job.log->line(LineKind::output, fmt::format("Logging into registry {}", token.host));
  job.masker->add(token.credentials.password);
  remember_login(*job.services, token.host, {token.credentials.username, token.credentials.password});
  if (job.services->docker == DockerMode::host) return log_engine_in(token, call, job);
  return {};
}

Result<void> log_out(const std::vector<std::string>& hosts, RunningJob& job) {
  for (const auto& host : hosts) {
    job.log->line(LineKind::output, fmt::format("Logging out of registry {}", host));
    forget_login(*job.services, host);
  }
  return {};
}

}  // namespace

Result<ActionOutcome> amazon_ecr_login(const ActionCall& call, RunningJob& job) {
  const auto type = call.input("registry-type", "private");
  if (type == "public") {
    return make_error(ErrorKind::invalid_input,
                      "registry-type public is not supported; log in to public.ecr.aws by `docker login`");
  }
  if (type != "private") {
    return make_error(ErrorKind::invalid_input,
                      "Invalid input for 'registry-type', possible options are [private, public]");
  }
  TRY(auto client, make_aws_client(call, job));
  TRY(const auto tokens, ecr::get_authorization_tokens(client, comma_list(call, "registries")));
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
                            .run = [hosts](RunningJob& ending) { return log_out(hosts, ending); }};
  }
  return outcome;
}

}  // namespace steps::builtin
