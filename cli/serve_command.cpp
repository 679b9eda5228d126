#include <fmt/format.h>
#include <poll.h>

#include <cstdio>

#include "cli/commands.h"
#include "cli/interrupts.h"
#include "server/daemon.h"

namespace cli {

namespace {

constexpr int kPollMilliseconds = 50;

base::Result<void> serve(const CommonFlags& common, const ServeFlags& flags) {
  watch_for_interrupts();
  server::DaemonOptions options{.state_folder = common.state_folder};
  TRY(options.config, server::load_config(flags.config));
  const auto address = options.config.address;
  TRY(const auto daemon, server::Daemon::start(std::move(options)));
  fmt::print("http://{}:{}\n", address, daemon->port());
  std::fflush(stdout);
  while (!interrupted()) ::poll(nullptr, 0, kPollMilliseconds);
  return {};
}

}  // namespace

int serve_command(const CommonFlags& common, const ServeFlags& flags) {
  const auto served = serve(common, flags);
  return served ? kPassed : complain(served.error());
}

}  // namespace cli
