#include "emulator/emulator.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "emulator/cloudwatch_service.h"
#include "emulator/ecr_service.h"
#include "emulator/emulator_state.h"
#include "emulator/iam_service.h"
#include "emulator/logs_service.h"
#include "emulator/page.h"
#include "emulator/sts_service.h"

namespace emulator {

namespace {

// How often is measured: each second, where time passes faster each ten seconds of the account.
constexpr double kLongestPulse = 1;
constexpr double kShortestPulse = 0.05;
constexpr double kPulseOfTheAccount = 10;
constexpr double kRemembered = 3 * 3600;  // seconds of metrics
constexpr double kRememberedAtLeast = 600;
constexpr double kLargestTimeScale = 1000;
constexpr double kLongestHold = 86'400;  // seconds

base::Result<double> time_scale_of(const EmulatorOptions& options) {
  const double scale =
      options.time_scale != 0 ? options.time_scale : base::json_number(*options.seed, "time_scale", 1);
  if (scale >= 1 && scale <= kLargestTimeScale) return scale;
  return base::invalid_input(
      fmt::format("expected a time scale between 1 and {}, found {}", kLargestTimeScale, scale));
}

}  // namespace

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
  TRY(identity, Identity::from_seed(seed, folder / "iam.json"));
  faults.emplace(*clock);
  TRY(auto store, ecr::ImageStore::open(folder / "images"));
  images.emplace(std::move(store));
  TRY(repositories,
      Repositories::open(folder / "repositories.json", *images, *clock, identity->account(), region));
  TRY(repositories->apply_seed(base::json_member(seed, "repositories")));
  tokens.emplace(*clock);
  TRY(secrets, SecretStore::from_seed(seed, identity->account(), region, *clock));
  TRY(base::make_directories(folder / "logs", 0700));
  logs.emplace(folder / "logs", *clock);
  TRY(time_scale, time_scale_of(options));
  metrics.emplace(std::max(kRemembered / time_scale, kRememberedAtLeast));
  TRY(alarms,
      Alarms::open({folder / "alarms.json", region, identity->account(), time_scale}, *metrics, *clock));
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
  compute_options.time_scale = time_scale;
  compute_options.find_manifest = [this](const std::string& repository,
                                         const std::string& key) -> base::Result<std::string> {
    if (!repositories->find(repository)) {
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("the repository {} does not exist", repository));
    }
    if (auto digest = repositories->resolve(repository, key)) return std::move(*digest);
    return base::make_error(base::ErrorKind::not_found, fmt::format("{}:{}: not found", repository, key));
  };
  compute_options.check_pull = [this](const PullOrder& order) -> base::Result<void> {
    const auto executor = executor_of(order.execution_role, order.task_id);
    for (const char* action : {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}) {
      if (const auto refused = refusal_in_repository(executor, action, order.repository))
        return base::make_error(base::ErrorKind::denied, *refused);
    }
    return {};
  };
  compute_options.open_log = [this](const std::string& group, const std::string& stream,
                                    bool create_group) -> base::Result<void> {
    if (create_group) logs->create_group(group);
    if (logs->create_stream(group, stream) != LogStore::Made::no_group) return {};
    return base::make_error(base::ErrorKind::not_found, "The specified log group does not exist.");
  };
  compute_options.append_log = [this](const std::string& group, const std::string& stream,
                                      const std::string& line) { logs->append(group, stream, line); };
  compute_options.find_secret = [this](const SecretOrder& order) { return find_secret(order); };
  compute_options.faults_of = [this](const TaskOrder& order) { return faults->of_task(order); };
  compute_options.agent_variables = [this](const TaskOrder& order, const std::string& container) {
    return agent->variables(order, container);
  };
  compute_options.find_alarms = [this](const std::vector<std::string>& names) { return alarms->find(names); };
  return Compute::start(std::move(compute_options));
}

base::Result<void> Emulator::State::add_services(const EmulatorOptions& options) {
  const auto manner = base::json_string(base::json_member(*options.seed, "registry"), "quirks", "strict");
  if (manner != "strict" && manner != "ecr")
    return base::invalid_input(
        fmt::format("the seed: registry: quirks: expected strict or ecr, found '{}'", manner));
  registry.emplace(
      *repositories,
      RegistrySettings{
          .principal_of = [this](const std::string& password) { return tokens->principal_of(password); },
          .refusal =
              [this](const Principal& principal, const std::string& action, const std::string& repository) {
                return refusal_in_repository({principal.arn, principal.role_arn}, action, repository);
              },
          .manner = manner == "ecr" ? RegistryManner::ecr : RegistryManner::strict,
          .breaks = [this](const std::string& repository) { return faults->breaks_registry(repository); }});
  TRY(scaling, ScalableTargets::open(
                   {options.state_folder / "scaling.json", region, identity->account()}, *clock,
                   {.call_ecs = [this](const std::string& operation,
                                       const base::Json& request) { return call_ecs(operation, request); },
                    .alarms = alarms.get(),
                    .time_scale = time_scale,
                    .dimensions_of =
                        [this](const std::string& group, const std::string& balancer) {
                          return compute->dimensions_of(group, balancer);
                        }}));
  access.emplace(
      *identity, *audit, [this](const std::string& definition) { return compute->roles_of(definition); },
      [this](const std::string& arn) { return repositories->policy_of(arn); });
  router.emplace(*identity, *audit, *clock, region);
  router->add_guard(
      [this](const ServiceTable& service, const ApiCall& call) { return fail_on_demand(service, call); });
  router->add_guard(
      [this](const ServiceTable& service, const ApiCall& call) { return access->check(service, call); });
  router->add(make_sts_service({*identity, *options.http, *audit, *clock, *faults}));
  router->add(make_iam_service(*identity, *clock));
  router->add(
      make_ecr_service(*repositories, *tokens, *clock, fmt::format("{}:{}", kAddress, server->port())));
  router->add(make_secrets_manager_service(*secrets));
  router->add(make_ssm_service(*secrets));
  router->add(make_logs_service(*logs, identity->account(), region));
  for (auto& table : make_cloudwatch_services({*metrics, *alarms, *clock})) router->add(std::move(table));
  router->add(make_scaling_service(*scaling));
  router->add(compute->ecs());
  router->add(compute->elb());
  router->add(compute->code_deploy());
  return {};
}

base::Result<void> Emulator::State::serve(const EmulatorOptions& options) {
  TRY(server, base::HttpServer::start(kAddress, options.port, [this](const base::ServerRequest& request) {
        return answer(request);
      }));
  agent.emplace(*identity, *clock,
                TaskAgent::Known{
                    .metadata =
                        [this](const std::string& task_id, const std::string& container) {
                          return compute->task_metadata(task_id, container);
                        },
                    .role = [this](const std::string& task_id) { return compute->role_of_task(task_id); },
                    .usage = [this](const std::string& task_id) { return compute->usage_of_task(task_id); }});
  TRY(compute, start_compute(options));
  TRY(add_services(options));
  TRY(seed_alarms(*options.seed));
  TRY(scaling->apply_seed(*options.seed));
  for (const auto& entry : base::json_member(*options.seed, "faults"))
    TRY(add_fault(entry).while_doing("reading the seed's faults"));
  const auto between = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(
      std::clamp(kPulseOfTheAccount / time_scale, kShortestPulse, kLongestPulse)));
  pulse = std::jthread([this, between](const std::stop_token& stop) {
    while (clock->sleep_for(between, stop)) beat();
  });
  ready = true;
  return {};
}

void Emulator::State::beat() {
  compute->measure(*metrics, base::to_epoch_seconds(clock->now()));
  alarms->evaluate();
  scaling->act();
}

base::Result<base::Json> Emulator::State::call_ecs(const std::string& operation, const base::Json& request) {
  auto answer = compute->ecs().operations.at(operation)({.operation = operation, .input = request});
  if (auto* refused = std::get_if<ApiFailure>(&answer))
    return base::make_error(base::ErrorKind::invalid_input, refused->code + ": " + refused->message);
  return std::get<base::Json>(std::move(answer));
}

// A fault of an alarm is that alarm's; all others are asked for by whom they concern.
base::Result<Fault> Emulator::State::add_fault(const base::Json& declared) {
  TRY(auto fault, faults->add(declared));
  if (fault.kind != "alarm") return fault;
  const double until = fault.until > 0 ? fault.until : base::to_epoch_seconds(clock->now()) + kLongestHold;
  if (alarms->hold_in_alarm(fault.alarm, until)) return fault;
  faults->remove(fault.id);
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("fault: there is no alarm '{}'", fault.alarm));
}

std::optional<std::string> Emulator::State::refusal_in_repository(const Asker& asker,
                                                                  const std::string& action,
                                                                  const std::string& repository) {
  if (!access) return std::nullopt;
  const auto arn = fmt::format("arn:aws:ecr:{}:{}:repository/{}", region, identity->account(), repository);
  const auto& principal = asker.role_arn.empty() ? asker.arn : asker.role_arn;
  return access->refusal(asker.role_arn, asker.arn, {action, arn, {{"aws:PrincipalArn", {principal}}}});
}

/// A session that ECS opens in the name of a task's execution role.
Asker Emulator::State::executor_of(const std::string& execution_role, const std::string& task_id) const {
  return {fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", identity->account(),
                      execution_role.substr(execution_role.rfind('/') + 1), task_id),
          execution_role};
}

// As the execution role may: AWS's words are the task's stoppedReason.
base::Result<std::string> Emulator::State::find_secret(const SecretOrder& order) {
  const auto [action, resource] = secrets->access_to(order.value_from);
  const auto executor = executor_of(order.execution_role, order.task_id);
  const AccessQuestion question{action, resource, {}};
  if (const auto refused = access ? access->refusal(executor.role_arn, executor.arn, question) : std::nullopt)
    return base::make_error(base::ErrorKind::denied, "AccessDeniedException: " + *refused);
  return secrets->resolve(order.value_from);
}

std::optional<ApiFailure> Emulator::State::fail_on_demand(const ServiceTable& service, const ApiCall& call) {
  const auto action = fmt::format("{}:{}", service.name, call.operation);
  const bool query = service.protocol == Protocol::query;
  if (faults->throttles(action))
    return ApiFailure{query ? "Throttling" : "ThrottlingException", "Rate exceeded"};
  if (!call.principal.role_arn.empty() && faults->expires_token(action))
    return ApiFailure{query ? "ExpiredToken" : "ExpiredTokenException",
                      "The security token included in the request is expired", query ? 403 : 400};
  return std::nullopt;
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
    TRY(put_alarm({*metrics, *alarms, *clock}, declared).while_doing(doing));
  }
  return {};
}

base::ServerResponse Emulator::State::answer(const base::ServerRequest& request) {
  if (!ready) return {.status = 503, .body = "the emulator is starting\n"};
  if (request.path.starts_with("/_emulator/")) return answer_owner(request);
  if (auto page = answer_page(request)) return *std::move(page);
  if (auto answered = agent->answer(request)) return *std::move(answered);
  if (request.path == "/v2" || request.path.starts_with("/v2/")) return registry->answer(request);
  return router->answer(request);
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
