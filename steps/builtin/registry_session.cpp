#include "steps/builtin/registry_session.h"

#include <fmt/format.h>
#include <unistd.h>

#include "steps/registry_logins.h"

namespace steps::builtin {
namespace {

constexpr int kLoginSeconds = 60;

base::Result<void> log_engine_in(const std::string& host, const RegistryLogin& login, const ActionCall& call,
                                 RunningJob& job) {
  TRY(base::Pipe input, base::make_pipe());
  TRY(base::write_all(input.write.get(), login.password));
  input.write.reset();
  sandbox::Command command;
  command.argv = {"docker", "login", "--username", login.username, "--password-stdin", host};
  command.environment = call.environment;
  command.input = input.read.get();
  TRY(const auto finished, sandbox::run_to_end(*job.sandbox, std::move(command), kLoginSeconds));
  if (finished.status.shell_code() == 0) return {};
  return base::make_error(base::ErrorKind::remote,
                          fmt::format("Could not login to registry {}: {}", host, finished.output));
}

}  // namespace

base::Result<void> open_registry(const std::string& host, const RegistryLogin& login, const ActionCall& call,
                                 RunningJob& job) {
  remember_login(*job.services, host, login);
  if (job.services->docker == DockerMode::host) return log_engine_in(host, login, call, job);
  return {};
}

void close_registry(const std::string& host, const sandbox::EnvVars& environment, RunningJob& job) {
  forget_login(*job.services, host);
  if (job.services->docker != DockerMode::host) return;
  sandbox::Command command;
  command.argv = {"docker", "logout", host};
  command.environment = environment;
  const auto finished = sandbox::run_to_end(*job.sandbox, std::move(command), kLoginSeconds);
  if (finished && finished->status.shell_code() == 0) return;
  job.log->annotation({.level = LineKind::warning,
                       .message = fmt::format("docker logout {}: {}", host,
                                              finished ? finished->output : finished.error().to_string())});
}

}  // namespace steps::builtin
