#include <fmt/format.h>
#include <poll.h>

#include <cstdio>

#include "base/detached_process.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/log_form.h"
#include "cli/asked_rollback.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/remove_runs.h"
#include "cli/supervise.h"
#include "sandbox/own_cgroup.h"
#include "server/daemon.h"
#include "server/reporting.h"
#include "server/service_manager.h"

namespace cli {

namespace {

constexpr int kPollMilliseconds = 50;

// This program once more, for one piece of the daemon's work.
base::Result<pid_t> start_worker(const CommonFlags& common, const ServeFlags& flags,
                                 std::initializer_list<std::string> work) {
  std::error_code error;
  const auto config = std::filesystem::absolute(flags.config, error);
  std::vector<std::string> argv = {"pipeline", "--state-dir",   common.state_folder, "serve",
                                   "--config", config.string(), "--boot-id-file",    flags.boot_id_file};
  argv.insert(argv.end(), work);
  return base::start_detached(
      {.argv = std::move(argv), .log = base::Path(common.state_folder) / "supervisors.log"});
}

base::Result<void> serve(const CommonFlags& common, const ServeFlags& flags) {
  TRY(auto socket, server::take_listening_socket());
  watch_for_interrupts();
  base::set_log_form(base::LogForm::json);
  if (!common.verbose) base::set_log_level(base::LogLevel::info);
  const auto group = sandbox::OwnCgroup::enter("daemon");
  if (!group) base::log(base::LogLevel::info, group.error().to_string());
  server::DaemonOptions options{
      .state_folder = common.state_folder,
      .boot_id_file = flags.boot_id_file,
      .start_supervisor =
          [&](const server::Attempt& attempt) {
            return start_worker(
                common, flags,
                {"--attempt", fmt::to_string(attempt.id), "--fence", fmt::to_string(attempt.fence)});
          },
      .start_rollback =
          [&](std::int64_t id) {
            return start_worker(common, flags, {"--rollback", fmt::to_string(id)});
          },
      .remove_runs =
          [&](double older_than, std::size_t most) {
            return remove_runs(common, {.older_than = older_than, .most_runs = most});
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

base::Result<void> roll_back_as_asked(const CommonFlags& common, const ServeFlags& flags) {
  TRY(const auto config, server::load_config(flags.config));
  return carry_out_rollback(common, config, flags.rollback);
}

}  // namespace

int serve_command(const CommonFlags& common, const ServeFlags& flags) {
  const auto served = flags.rollback > 0  ? roll_back_as_asked(common, flags)
                      : flags.attempt > 0 ? supervise(common, flags)
                                          : serve(common, flags);
  return served ? kPassed : complain(served.error());
}

}  // namespace cli
