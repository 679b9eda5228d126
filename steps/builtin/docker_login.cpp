// docker/login-action: one registry or several; for ECR the password comes from AWS. The login is the job's
// and ends with it.

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "ecr/ecr_client.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/found_tool.h"
#include "steps/builtin/registry_session.h"
#include "steps/docker_verbs.h"
#include "steps/secret_masker.h"
#include "workflow/yaml_reader.h"

namespace steps::builtin {
namespace {

using base::ErrorKind;
using base::make_error;

struct RegistryAccess {
  std::string registry;
  std::string username;
  std::string password;
  std::string ecr = "auto";
};

/// `123456789012.dkr.ecr.eu-west-1.amazonaws.com`, taken apart.
struct EcrName {
  std::string account;
  std::string region;
};

std::optional<EcrName> ecr_name_of(std::string_view registry) {
  registry = registry.substr(0, registry.find('/'));
  constexpr std::size_t kAccountDigits = 12;
  const std::size_t dot = registry.find('.');
  if (dot != kAccountDigits || registry.find_first_not_of("0123456789") != dot) return std::nullopt;
  std::string_view rest = registry.substr(dot + 1);
  bool known = false;
  for (const std::string_view service : {"dkr.ecr.", "dkr-ecr."}) {
    if (!rest.starts_with(service)) continue;
    rest.remove_prefix(service.size());
    known = true;
    break;
  }
  if (!known) return std::nullopt;
  for (const std::string_view domain : {".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".on.aws"}) {
    if (rest.ends_with(domain) && rest.size() > domain.size())
      return EcrName{std::string(registry.substr(0, dot)),
                     std::string(rest.substr(0, rest.size() - domain.size()))};
  }
  return std::nullopt;
}

bool is_public_ecr(std::string_view registry) {
  return registry.find("public.ecr.aws") != std::string_view::npos ||
         registry.find("ecr-public.aws.com") != std::string_view::npos;
}

base::Result<std::vector<RegistryAccess>> read_registry_auth(const std::string& text, RunningJob& job) {
  workflow::Diagnostics problems;
  const workflow::Node list = workflow::read_yaml("registry-auth", text, problems);
  if (!problems.empty() || !list.is_sequence()) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("registry-auth: expected a YAML list of mappings with registry, username "
                                  "and password{}",
                                  problems.empty() ? "" : ": " + problems.front().message));
  }
  std::vector<RegistryAccess> accesses;
  for (const workflow::Node& entry : list.items) {
    RegistryAccess access;
    const auto member = [&entry](const char* key) { return workflow::text_of(entry[key]); };
    access.registry = entry["registry"].present() ? member("registry") : "docker.io";
    if (entry["username"].present()) access.username = member("username");
    if (entry["password"].present()) access.password = member("password");
    if (entry["ecr"].present()) access.ecr = member("ecr");
    if (!access.password.empty()) job.masker->add(access.password);
    if (entry["scope"].present()) {
      return make_error(ErrorKind::invalid_input,
                        "registry-auth: 'scope' is not supported: a login holds for the whole registry here");
    }
    accesses.push_back(std::move(access));
  }
  if (accesses.empty()) return make_error(ErrorKind::invalid_input, "No registry to login");
  return accesses;
}

base::Result<std::vector<RegistryAccess>> read_accesses(const ActionCall& call, RunningJob& job) {
  TRY(refuse_inputs(call, {"scope"}));
  const std::string listed = call.input("registry-auth");
  if (listed.empty()) {
    return std::vector<RegistryAccess>{{call.input("registry", "docker.io"), call.input("username"),
                                        call.input("password"), call.input("ecr", "auto")}};
  }
  for (const char* name : {"registry", "username", "password", "ecr"}) {
    if (!call.input(name).empty())
      return make_error(ErrorKind::invalid_input, "Cannot use registry-auth with other inputs");
  }
  return read_registry_auth(listed, job);
}

/// `https://host/path` and docker.io's other names as docker keeps them.
std::string host_of(std::string_view registry) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (registry.starts_with(scheme)) registry.remove_prefix(scheme.size());
  }
  registry = registry.substr(0, registry.find('/'));
  return registry == "index.docker.io" || registry == "registry-1.docker.io" ? "docker.io"
                                                                             : std::string(registry);
}

base::Result<std::vector<std::string>> log_in_to_ecr(const RegistryAccess& access, const ActionCall& call,
                                                     RunningJob& job) {
  if (is_public_ecr(access.registry)) {
    return make_error(ErrorKind::invalid_input,
                      "AWS Public ECR is not supported by the built-in docker/login-action: its tokens come "
                      "from another service; give username and password with ecr: false");
  }
  const auto name = ecr_name_of(access.registry);
  ActionCall asking = call;
  if (name) asking.environment["AWS_REGION"] = name->region;
  if (!access.username.empty() && !access.password.empty()) {
    asking.environment["AWS_ACCESS_KEY_ID"] = access.username;
    asking.environment["AWS_SECRET_ACCESS_KEY"] = access.password;
    asking.environment.erase("AWS_SESSION_TOKEN");
  }
  std::vector<std::string> accounts;
  if (name) accounts.push_back(name->account);
  for (const auto& more : base::split(call.variable("AWS_ACCOUNT_IDS"), ',')) {
    const std::string account(base::trim(more));
    if (!account.empty() && std::find(accounts.begin(), accounts.end(), account) == accounts.end())
      accounts.push_back(account);
  }
  job.log->line(LineKind::output,
                fmt::format("AWS ECR detected with {} region", name ? name->region : "the step's"));
  TRY(auto client, make_aws_client(asking, job));
  TRY(const auto tokens, ecr::get_authorization_tokens(client, accounts));
  std::vector<std::string> hosts;
  for (const auto& token : tokens) {
    job.log->line(LineKind::output, fmt::format("Logging into {}...", token.host));
    job.masker->add(token.credentials.password);
    TRY(open_registry(token.host, {token.credentials.username, token.credentials.password}, call, job));
    job.log->line(LineKind::output, "Login Succeeded!");
    hosts.push_back(token.host);
  }
  return hosts;
}

/// The registry is asked whether it takes the password, as `docker login` does.
base::Result<std::vector<std::string>> log_in_with_password(const RegistryAccess& access,
                                                            const ActionCall& call, RunningJob& job) {
  if (access.username.empty() && access.password.empty())
    return make_error(ErrorKind::invalid_input, "Username and password required");
  if (access.username.empty()) return make_error(ErrorKind::invalid_input, "Username required");
  if (access.password.empty()) return make_error(ErrorKind::invalid_input, "Password required");
  const std::string host = host_of(access.registry);
  job.log->line(LineKind::output, fmt::format("Logging into {}...", access.registry));
  job.masker->add(access.password);
  if (job.services->docker == DockerMode::builtin) {
    DockerCall login;
    login.command.verb = DockerVerb::login;
    login.command.operands = {host};
    login.command.username = access.username;
    login.password = access.password;
    login.stop = call.stop;
    login.print = [](std::string_view) {};
    login.complain = [](std::string_view) {};
    TRY(carry_out(login, job));
  } else {
    TRY(open_registry(host, {access.username, access.password}, call, job));
  }
  job.log->line(LineKind::output, "Login Succeeded!");
  return std::vector<std::string>{host};
}

base::Result<std::vector<std::string>> log_in_to(const RegistryAccess& access, const ActionCall& call,
                                                 RunningJob& job) {
  const bool automatic = access.ecr == "auto";
  const bool is_ecr = base::equals_ignoring_case(access.ecr, "true") ||
                      (automatic && (ecr_name_of(access.registry) || is_public_ecr(access.registry)));
  return is_ecr ? log_in_to_ecr(access, call, job) : log_in_with_password(access, call, job);
}

base::Result<void> log_out_of(const std::vector<std::string>& hosts, const sandbox::EnvVars& environment,
                              RunningJob& job) {
  for (const std::string& host : hosts) {
    job.log->line(LineKind::group, fmt::format("Logout from {}", host));
    close_registry(host, environment, job);
    job.log->line(LineKind::output, fmt::format("Removing login credentials for {}", host));
    job.log->line(LineKind::endgroup, "");
  }
  return {};
}

}  // namespace

base::Result<ActionOutcome> docker_login(const ActionCall& call, RunningJob& job) {
  TRY(const auto accesses, read_accesses(call, job));
  ActionOutcome outcome;
  std::vector<std::string> hosts;
  for (const RegistryAccess& access : accesses) {
    if (accesses.size() > 1) job.log->line(LineKind::group, fmt::format("Login to {}", access.registry));
    auto done = log_in_to(access, call, job);
    if (accesses.size() > 1) job.log->line(LineKind::endgroup, "");
    if (!done) {
      // Those before it are logged out all the same.
      outcome.failure = std::move(done).error();
      break;
    }
    hosts.insert(hosts.end(), done->begin(), done->end());
  }
  if (!hosts.empty() && is_true(call.input("logout", "true"))) {
    outcome.post = PostStep{.name = "Post " + call.step_name,
                            .run = [hosts, environment = call.environment](RunningJob& ending) {
                              return log_out_of(hosts, environment, ending);
                            }};
  }
  return outcome;
}

}  // namespace steps::builtin
