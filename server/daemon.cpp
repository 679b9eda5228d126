#include "server/daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/json.h"
#include "runner/workspace.h"
#include "server/api.h"
#include "server/checkout.h"
#include "server/database.h"
#include "server/intake.h"
#include "server/metrics.h"
#include "server/page_files.h"
#include "server/pollster.h"
#include "server/retention.h"
#include "server/rollbacks.h"
#include "server/routes.h"
#include "server/triage.h"

namespace server {

namespace {

base::ServerResponse plain(int status, std::string text) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(text)};
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// Nothing of it is thrown away: what a person may still want to read stays where it is.
base::Result<void> check_state(const base::Path& folder) {
  auto database = open_database(folder);
  if (!database && database.error().kind == base::ErrorKind::invalid_input) return database.error();
  auto checked = database ? check_database(*database) : base::Result<void>(database.error());
  if (checked) return {};
  checked.error().message += fmt::format(
      "; nothing was started. Move {0} away and bring a backup back: `pipeline --state-dir {0} restore "
      "BACKUP`",
      folder.string());
  return checked;
}

void clean_up_after_lost_runs(const base::Path& state_folder, AttemptQueue& queue) {
  runner::clean_up_after_killed_runs(state_folder);
  remove_abandoned_checkouts(state_folder, queue);
}

}  // namespace

/// In the order in which the parts need each other: what comes later ends first.
struct Daemon::State {
  State(DaemonOptions given, base::FileLock owner)
      : options(std::move(given)),
        lock(std::move(owner)),
        mirrors(options.state_folder),
        routes(options.config) {}
  DaemonOptions options;
  base::FileLock lock;
  Mirrors mirrors;
  Routes routes;
  std::atomic<bool> ready = false;
  std::unique_ptr<AttemptQueue> queue;
  std::unique_ptr<EventFeed> feed;
  std::unique_ptr<Rollbacks> rollbacks;
  std::unique_ptr<Workers> workers;
  std::unique_ptr<Triage> triage;
  std::unique_ptr<DeliveryInbox> inbox;
  std::unique_ptr<Pollster> pollster;
  std::unique_ptr<Retention> retention;
  std::unique_ptr<base::HttpServer> http;
};

namespace {

constexpr int kTriesForLock = 10;
constexpr std::chrono::milliseconds kBetweenTries{100};

// What a killed daemon was about to start holds its lock until it has become another program.
base::Result<std::optional<base::FileLock>> lock_folder(const base::Path& folder) {
  for (int tried = 1;; ++tried) {
    TRY(auto lock, base::FileLock::try_acquire(folder / "server.lock"));
    if (lock || tried == kTriesForLock) return lock;
    std::this_thread::sleep_for(kBetweenTries);
  }
}

}  // namespace

Daemon::Daemon(std::unique_ptr<State> state) : state_(std::move(state)) {}

Daemon::~Daemon() {
  state_->ready = false;
  state_->feed->stop();
}

base::Result<std::unique_ptr<Daemon>> Daemon::start(DaemonOptions options) {
  TRY(base::make_directories(options.state_folder, 0700));
  TRY(auto lock, lock_folder(options.state_folder));
  if (!lock) {
    return base::invalid_input(
        fmt::format("another daemon runs on the state folder {}: stop it, or name "
                    "another folder with --state-dir",
                    options.state_folder.string()));
  }
  TRY(check_state(options.state_folder));
  auto state = std::make_unique<State>(std::move(options), *std::move(lock));
  TRY(start_parts(*state));
  TRY(add_routes(*state));
  const auto& config = state->options.config;
  look_at_hook_secrets(config);
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

base::Result<void> Daemon::start_parts(State& state) {
  const auto& options = state.options;
  const auto& folder = options.state_folder;
  TRY(state.queue, open_sqlite_attempt_queue(folder, base::system_clock()));
  // A daemon that was killed may have got no further than noting which runs were lost.
  clean_up_after_lost_runs(folder, *state.queue);
  state.feed = std::make_unique<EventFeed>(folder, *state.queue);
  WorkerOptions worker{
      .state_folder = folder,
      .name = host_name(),
      .labels = options.config.labels,
      .capacity = options.config.capacity,
      .least_disk = options.config.disk.hard,
      .start_supervisor = options.start_supervisor,
      .clean_up = [&state] { clean_up_after_lost_runs(state.options.state_folder, *state.queue); }};
  TRY(worker.boot_id, read_boot_id(options.boot_id_file));
  TRY(auto database, open_database(folder));
  state.rollbacks = std::make_unique<Rollbacks>(std::move(database), worker.boot_id, options.start_rollback);
  TRY(state.workers, Workers::start(std::move(worker), *state.queue));
  TRY(state.triage, Triage::start(folder, options.config, state.mirrors, *state.queue,
                                  [&state] { state.workers->wake(); }));
  TRY(state.inbox, DeliveryInbox::open(folder, [&state] { state.triage->wake(); }));
  TRY(state.pollster,
      Pollster::start(folder, options.config, state.mirrors, *state.inbox, base::system_clock()));
  TRY(state.retention, Retention::start({.state_folder = folder,
                                         .keep = options.config.retention,
                                         .soft_limit = options.config.disk.soft,
                                         .remove_runs = options.remove_runs}));
  return {};
}

base::Result<void> Daemon::add_routes(State& state) {
  auto& routes = state.routes;
  routes.add("GET", "/livez", Access::anybody, [](const Call&) { return plain(200, "ok\n"); });
  routes.add("GET", "/readyz", Access::anybody, [&state](const Call&) {
    if (!state.ready) return plain(503, "not ready\n");
    const auto pauses = state.workers->state().pauses;
    return pauses.empty() ? plain(200, "ok\n") : plain(503, "no run is begun: " + pauses + "\n");
  });
  for (const auto forge : {Forge::github, Forge::gitea, Forge::gitlab}) {
    routes.add("POST", fmt::format("/hooks/{}", to_string(forge)), Access::anybody,
               [&state, forge](const Call& call) {
                 return take_hook(forge, call.request, state.options.config, *state.inbox);
               });
  }
  const auto& folder = state.options.state_folder;
  TRY(add_metrics(routes, folder, *state.workers, *state.feed));
  return add_api(routes, {.state_folder = folder,
                          .config = state.options.config,
                          .queue = *state.queue,
                          .inbox = *state.inbox,
                          .workers = *state.workers,
                          .feed = *state.feed,
                          .rollbacks = *state.rollbacks,
                          .on_queued = [&state] { state.workers->wake(); }});
}

std::uint16_t Daemon::port() const {
  return state_->http->port();
}

}  // namespace server
