#include <fmt/format.h>
#include <poll.h>

#include <cstdio>

#include "base/http_client.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "server/daemon.h"
#include "server/reporting.h"
#include "server/service_manager.h"

namespace cli {

namespace {

constexpr int kPollMilliseconds = 50;

base::Result<void> serve(const CommonFlags& common, const ServeFlags& flags) {
  TRY(auto socket, server::take_listening_socket());
  watch_for_interrupts();
  server::DaemonOptions options{.state_folder = common.state_folder};
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
  const auto served = serve(common, flags);
  return served ? kPassed : complain(served.error());
}

}  // namespace cli
