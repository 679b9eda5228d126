#include "emulator/emulator.h"

#include <fmt/format.h>

#include <optional>
#include <thread>

#include "base/crypto.h"
#include "base/http_server.h"
#include "base/json.h"
#include "emulator/api_router.h"
#include "emulator/cloudwatch_service.h"
#include "emulator/compute.h"
#include "emulator/ecr_service.h"
#include "emulator/logs_service.h"
#include "emulator/registry_routes.h"
#include "emulator/secrets_service.h"
#include "emulator/sts_service.h"

namespace emulator {

namespace {

constexpr std::size_t kAuditTail = 16 * 1024;
constexpr std::chrono::seconds kPulse(1);
constexpr double kLargestTimeScale = 1000;
constexpr const char* kAddress = "127.0.0.1";

base::ServerResponse json_response(int status, const base::Json& body) {
  base::ServerResponse response{.status = status};
  response.headers.emplace("Content-Type", "application/json");
  response.body = base::to_text(body);
  return response;
}

base::Result<double> time_scale_of(const EmulatorOptions& options) {
  const double scale =
      options.time_scale != 0 ? options.time_scale : base::json_number(*options.seed, "time_scale", 1);
  if (scale >= 1 && scale <= kLargestTimeScale) return scale;
  return base::invalid_input(
      fmt::format("expected a time scale between 1 and {}, found {}", kLargestTimeScale, scale));
}

}  // namespace

// Members are destroyed from below: the server first, so that no request meets a service that is gone.
struct Emulator::State {
  std::optional<base::FileLock> lock;
  base::Clock* clock = nullptr;
  std::string region;
  std::string owner_token;
  std::atomic<bool> shutdown{false};
  std::atomic<bool> ready{false};
  std::optional<AuditLog> audit;
  std::unique_ptr<Identity> identity;
  std::optional<ecr::ImageStore> images;
  std::unique_ptr<Repositories> repositories;
  std::optional<RegistryTokens> tokens;
  std::unique_ptr<SecretStore> secrets;
  std::optional<LogStore> logs;
  MetricStore metrics;
  std::unique_ptr<Alarms> alarms;
  std::unique_ptr<Compute> compute;
  std::optional<RegistryRoutes> registry;
  std::optional<ApiRouter> router;
  std::jthread pulse;  ///< measures and evaluates alarms, each second
  std::unique_ptr<base::HttpServer> server;

  base::Result<void> open(const EmulatorOptions& options);
  base::Result<void> serve(const EmulatorOptions& options);
  base::Result<void> seed_alarms(const base::Json& seed);
  base::Result<std::unique_ptr<Compute>> start_compute(const EmulatorOptions& options);
  base::ServerResponse answer(const base::ServerRequest& request);
  base::ServerResponse answer_owner(const base::ServerRequest& request);
  base::Json status() const;
};

base::Result<void> Emulator::State::open(const EmulatorOptions& options) {
  const auto& seed = *options.seed;
  const auto& folder = options.state_folder;
  clock = options.clock;
  region = base::json_string(seed, "region", "us-east-1");
  owner_token = base::to_hex(base::random_bytes(32));
  TRY(base::make_directories(folder, 0700));
  TRY(lock, base::FileLock::try_acquire(folder / "lock"));
  if (!lock)
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("another emulator runs on {}", folder.string()));
  audit.emplace(folder / "audit.log", *clock);
  TRY(identity, Identity::from_seed(seed));
  TRY(auto store, ecr::ImageStore::open(folder / "images"));
  images.emplace(std::move(store));
  TRY(repositories,
      Repositories::open(folder / "repositories.json", *images, *clock, identity->account(), region));
  TRY(repositories->apply_seed(base::json_member(seed, "repositories")));
  tokens.emplace(*clock);
  TRY(secrets, SecretStore::from_seed(seed, identity->account(), region, *clock));
  TRY(base::make_directories(folder / "logs", 0700));
  logs.emplace(folder / "logs", *clock);
  TRY(alarms, Alarms::open({folder / "alarms.json", region, identity->account()}, metrics, *clock));
  for (const auto& entry : base::json_member(seed, "log_groups")) {
    logs->create_group(entry.is_string() ? entry.get<std::string>() : base::json_string(entry, "name"));
  }
  return {};
}

base::Result<std::unique_ptr<Compute>> Emulator::State::start_compute(const EmulatorOptions& options) {
  ComputeOptions compute_options{.state_folder = options.state_folder / "compute",
                                 .account = identity->account(),
                                 .region = region,
                                 .seed = *options.seed,
                                 .api_port = server->port(),
                                 .images = &*images,
                                 .clock = clock};
  compute_options.http = options.http;
  compute_options.read_yaml = options.read_yaml;
  TRY(compute_options.time_scale, time_scale_of(options));
  compute_options.find_manifest = [this](const std::string& repository,
                                         const std::string& key) -> base::Result<std::string> {
    if (!repositories->find(repository)) {
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("the repository {} does not exist", repository));
    }
    if (auto digest = repositories->resolve(repository, key)) return std::move(*digest);
    return base::make_error(base::ErrorKind::not_found, fmt::format("{}:{}: not found", repository, key));
  };
  compute_options.open_log = [this](const std::string& group, const std::string& stream,
                                    bool create_group) -> base::Result<void> {
    if (create_group) logs->create_group(group);
    if (logs->create_stream(group, stream) != LogStore::Made::no_group) return {};
    return base::make_error(base::ErrorKind::not_found, "The specified log group does not exist.");
  };
  compute_options.append_log = [this](const std::string& group, const std::string& stream,
                                      const std::string& line) { logs->append(group, stream, line); };
  compute_options.find_secret = [this](const std::string& value_from) {
    return secrets->resolve(value_from);
  };
  compute_options.find_alarms = [this](const std::vector<std::string>& names) { return alarms->find(names); };
  return Compute::start(std::move(compute_options));
}

base::Result<void> Emulator::State::serve(const EmulatorOptions& options) {
  TRY(server, base::HttpServer::start(kAddress, options.port, [this](const base::ServerRequest& request) {
        return answer(request);
      }));
  TRY(compute, start_compute(options));
  registry.emplace(*repositories, [this](const std::string& password) { return tokens->is_good(password); });
  router.emplace(*identity, *audit, *clock, region);
  router->add(make_sts_service(*identity, *options.http, *audit, *clock));
  router->add(make_ecr_service(*repositories, *tokens, fmt::format("{}:{}", kAddress, server->port())));
  router->add(make_secrets_manager_service(*secrets));
  router->add(make_ssm_service(*secrets));
  router->add(make_logs_service(*logs, identity->account(), region));
  for (auto& table : make_cloudwatch_services({metrics, *alarms, *clock})) router->add(std::move(table));
  router->add(compute->ecs());
  router->add(compute->elb());
  router->add(compute->code_deploy());
  TRY(seed_alarms(*options.seed));
  pulse = std::jthread([this](const std::stop_token& stop) {
    while (clock->sleep_for(kPulse, stop)) {
      compute->measure(metrics, base::to_epoch_seconds(clock->now()));
      alarms->evaluate();
    }
  });
  ready = true;
  return {};
}

// As PutMetricAlarm takes them; `target_group` and `load_balancer` stand for their dimensions.
base::Result<void> Emulator::State::seed_alarms(const base::Json& seed) {
  for (const auto& entry : base::json_member(seed, "alarms")) {
    auto declared = entry;
    const auto doing = fmt::format("reading alarm '{}' of the seed", base::json_string(entry, "AlarmName"));
    const auto group = base::json_string(entry, "target_group");
    const auto balancer = base::json_string(entry, "load_balancer");
    if (!group.empty() || !balancer.empty()) {
      TRY(declared["Dimensions"], compute->dimensions_of(group, balancer).while_doing(doing));
      declared.erase("target_group");
      declared.erase("load_balancer");
    }
    TRY(put_alarm({metrics, *alarms, *clock}, declared).while_doing(doing));
  }
  return {};
}

base::ServerResponse Emulator::State::answer(const base::ServerRequest& request) {
  if (!ready) return {.status = 503, .body = "the emulator is starting\n"};
  if (request.path.starts_with("/_emulator/")) return answer_owner(request);
  if (request.path == "/v2" || request.path.starts_with("/v2/")) return registry->answer(request);
  return router->answer(request);
}

base::ServerResponse Emulator::State::answer_owner(const base::ServerRequest& request) {
  const auto given = base::header_value(request.headers, "Authorization").value_or("");
  if (!base::equal_in_constant_time(given, "Bearer " + owner_token)) {
    return json_response(403,
                         {{"error", "this is for the emulator's owner: the token is in its state folder"}});
  }
  if (request.path == "/_emulator/status") return json_response(200, status());
  if (request.path == "/_emulator/audit") return json_response(200, {{"audit", audit->tail(kAuditTail)}});
  if (request.path == "/_emulator/operations") return json_response(200, router->offered());
  if (request.method != "POST") return json_response(405, {{"error", "expected POST"}});
  if (request.path == "/_emulator/shutdown") {
    shutdown = true;
    return json_response(200, base::Json::object());
  }
  if (request.path == "/_emulator/oidc") {
    const auto body = request.body().value_or("");
    const auto keys = base::parse_json(body);
    const auto issuer = keys ? base::json_string(*keys, "issuer") : "";
    if (issuer.empty()) return json_response(400, {{"error", "expected {\"issuer\": …, \"keys_url\": …}"}});
    identity->register_keys(issuer, base::json_string(*keys, "keys_url"));
    return json_response(200, base::Json::object());
  }
  return json_response(404, {{"error", "no such resource: " + request.path}});
}

base::Json Emulator::State::status() const {
  base::Json list = base::Json::array();
  for (const auto& repository : repositories->list()) {
    list.push_back({{"name", repository.name},
                    {"images", repository.manifests.size()},
                    {"tags", repository.image_tags.size()}});
  }
  base::Json status = {{"endpoint", fmt::format("http://{}:{}", kAddress, server->port())},
                       {"account", identity->account()},
                       {"region", region},
                       {"repositories", std::move(list)}};
  status.update(compute->status());
  return status;
}

base::Result<std::unique_ptr<Emulator>> Emulator::start(const EmulatorOptions& options) {
  auto state = std::make_unique<State>();
  TRY(state->open(options));
  TRY(state->serve(options));
  return std::unique_ptr<Emulator>(new Emulator(std::move(state)));
}

Emulator::Emulator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Emulator::~Emulator() = default;

std::string Emulator::endpoint() const {
  return fmt::format("http://{}:{}", kAddress, port());
}
std::uint16_t Emulator::port() const {
  return state_->server->port();
}
const std::string& Emulator::owner_token() const {
  return state_->owner_token;
}
bool Emulator::shutdown_requested() const {
  return state_->shutdown;
}
base::Json Emulator::status() const {
  return state_->status();
}

}  // namespace emulator
