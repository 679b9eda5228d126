#include "server/daemon.h"

#include <fmt/format.h>

#include <atomic>

#include "base/json.h"
#include "server/database.h"
#include "server/page_files.h"
#include "server/routes.h"

namespace server {

namespace {

base::ServerResponse plain(int status, std::string text) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(text)};
}

}  // namespace

struct Daemon::State {
  State(DaemonOptions given, base::FileLock owner)
      : options(std::move(given)), lock(std::move(owner)), routes(options.config) {}
  DaemonOptions options;
  base::FileLock lock;
  Routes routes;
  std::atomic<bool> ready = false;
  std::unique_ptr<base::HttpServer> http;  ///< last: it ends first
};

Daemon::Daemon(std::unique_ptr<State> state) : state_(std::move(state)) {}

Daemon::~Daemon() {
  state_->ready = false;
  state_->http.reset();
}

base::Result<std::unique_ptr<Daemon>> Daemon::start(DaemonOptions options) {
  TRY(base::make_directories(options.state_folder, 0700));
  TRY(auto lock, base::FileLock::try_acquire(options.state_folder / "server.lock"));
  if (!lock) {
    return base::invalid_input(
        fmt::format("another daemon runs on the state folder {}: stop it, or name "
                    "another folder with --state-dir",
                    options.state_folder.string()));
  }
  TRY(auto database, open_database(options.state_folder));
  TRY(check_database(database));
  auto state = std::make_unique<State>(std::move(options), *std::move(lock));
  auto& routes = state->routes;
  routes.add("GET", "/livez", Access::anybody, [](const Call&) { return plain(200, "ok\n"); });
  routes.add("GET", "/readyz", Access::anybody, [raw = state.get()](const Call&) {
    return raw->ready ? plain(200, "ok\n") : plain(503, "not ready\n");
  });
  const auto& config = state->options.config;
  const auto answer = [raw = state.get()](const base::ServerRequest& request) {
    if (auto page = page_answer(request)) return *std::move(page);
    return raw->routes.answer(request);
  };
  if (auto& socket = state->options.socket; socket) {
    TRY(state->http, base::HttpServer::start_on(std::move(socket), answer));
  } else {
    TRY(state->http, base::HttpServer::start(config.address, config.port, answer));
  }
  state->ready = true;
  return std::unique_ptr<Daemon>(new Daemon(std::move(state)));
}

std::uint16_t Daemon::port() const {
  return state_->http->port();
}

}  // namespace server
