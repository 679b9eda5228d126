#include <fmt/format.h>
#include <poll.h>

#include <cstdio>

#include "base/detached_process.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/log_form.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/supervise.h"
#include "server/daemon.h"
#include "server/reporting.h"
#include "server/service_manager.h"

namespace cli {

namespace {

constexpr int kPollMilliseconds = 50;

base::Result<pid_t> start_supervisor(const CommonFlags& common, const ServeFlags& flags,
                                     const server::Attempt& attempt) {
  std::error_code error;
  const auto config = std::filesystem::absolute(flags.config, error);
  return base::start_detached({.argv = {"pipeline", "--state-dir", common.state_folder, "serve", "--config",
                                        config.string(), "--boot-id-file", flags.boot_id_file, "--attempt",
                                        fmt::to_string(attempt.id), "--fence", fmt::to_string(attempt.fence)},
                               .log = base::Path(common.state_folder) / "supervisors.log"});
}

base::Result<void> serve(const CommonFlags& common, const ServeFlags& flags) {
  TRY(auto socket, server::take_listening_socket());
  watch_for_interrupts();
  base::set_log_form(base::LogForm::json);
  if (!common.verbose) base::set_log_level(base::LogLevel::info);
  server::DaemonOptions options{.state_folder = common.state_folder,
                                .boot_id_file = flags.boot_id_file,
                                .start_supervisor = [&](const server::Attempt& attempt) {
                                  return start_supervisor(common, flags, attempt);
                                }};
  if (socket) options.socket = *std::move(socket);
  TRY(options.config, server::load_config(flags.config));
  const auto config = options.config;
  const auto address = options.config.address;
  TRY(const auto daemon, server::Daemon::start(std::move(options)));
  fmt::print("http://{}:{}\n", address, daemon->port());
  std::fflush(stdout);
  const auto http = base::make_curl_http_client();
  TRY(const auto reporting,
      server::Reporting::start({.state_folder = common.state_folder, .config = &config, .http = http.get()}));
  TRY(server::notify_service_manager("READY=1"));
  const server::Watchdog watchdog;
  while (!interrupted()) ::poll(nullptr, 0, kPollMilliseconds);
  TRY(server::notify_service_manager("STOPPING=1"));
  return {};
}

}  // namespace

int serve_command(const CommonFlags& common, const ServeFlags& flags) {
  const auto served = flags.attempt > 0 ? supervise(common, flags) : serve(common, flags);
  return served ? kPassed : complain(served.error());
}

}  // namespace cli
