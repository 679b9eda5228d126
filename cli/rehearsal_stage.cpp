#include "cli/rehearsal_stage.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/log.h"
#include "ecr/ecr_client.h"
#include "ecr/push.h"

namespace cli {

namespace {

using base::Json;
using base::json_member;
using base::json_string;
using base::Result;

/// A store's name for `notes:1` is docker.io/library/notes:1; in ECR it is notes:1.
std::string ecr_repository_of(const ecr::ImageReference& image) {
  constexpr std::string_view kOfficial = "library/";
  return image.repository.starts_with(kOfficial) ? image.repository.substr(kOfficial.size())
                                                 : image.repository;
}

}  // namespace

RehearsalStage::RehearsalStage(StageOptions options, base::TempDir folder)
    : options_(std::move(options)), folder_(std::move(folder)) {}

RehearsalStage::~RehearsalStage() {
  if (!emulator_.leash) return;
  if (auto stopped = stop_emulator(emulator_folder(folder_.path()), emulator_.control, *http_); !stopped)
    base::log(base::LogLevel::warning, stopped.error().to_string());
}

Result<std::unique_ptr<RehearsalStage>> RehearsalStage::set_up(StageOptions options) {
  TRY(auto folder, base::TempDir::create("pipeline-rehearsal"));
  const auto* item = find_item(options.release, options.service);
  const bool has_definition = item != nullptr && item->definition.is_object() &&
                              !json_member(item->definition, "containerDefinitions").empty();
  if (options.workflow.empty() && !has_definition)
    return base::invalid_input(
        fmt::format("the release has no service {} in cluster {} with a task definition in a file",
                    options.service.name, options.service.cluster));
  auto stage = std::unique_ptr<RehearsalStage>(new RehearsalStage(std::move(options), std::move(folder)));
  TRY(stage->start());
  TRY(stage->push_images());
  TRY(const auto first, stage->play(Mishap::none));
  if (first.came == ecs::RolloutEnd::completed) return stage;
  return base::make_error(base::ErrorKind::remote,
                          fmt::format("the release does not even deploy when nothing goes wrong: {}: {}",
                                      ecs::to_string(first.came), first.sentence));
}

Result<void> RehearsalStage::start() {
  const StageProps props{.access_key_id = "REHEARSAL",
                         .secret_access_key = base::random_hex(20),
                         .hook_command = fmt::format(R"(echo "{{\"hookStatus\": \"$(cat '{}')\"}}")",
                                                     hook_status_file().string())};
  TRY(let_hooks_answer("SUCCEEDED"));
  TRY(const auto seed, rehearsal_seed(options_.seed, options_.service, options_.strategy, props));
  order_ = {.cluster = options_.service.cluster, .service = options_.service.name};
  if (options_.strategy == Strategy::code_deploy) {
    order_.application = json_string(seed["code_deploy"].back(), "application");
    order_.group = json_string(seed["code_deploy"].back(), "deployment_group");
  }
  // The images are the user's: what was built once is there.
  TRY(base::make_directories(options_.images));
  std::error_code failed;
  std::filesystem::create_directory_symlink(options_.images, folder_.path() / "images", failed);
  if (failed) return base::system_error("linking " + options_.images, failed.value());
  const auto file = folder_.path() / "emulator.yml";
  TRY(base::write_file(file, base::to_text(seed), 0600));
  TRY(emulator_,
      start_emulator(
          folder_.path().string(),
          {.seed = file.string(), .time_scale = options_.time_scale, .lifetime = Lifetime::with_this_process},
          *http_));
  aws::ClientOptions client;
  client.http = http_.get();
  client.clock = &base::system_clock();
  client.region = json_string(seed, "region");
  client.environment = {{"AWS_ENDPOINT_URL", emulator_.control.endpoint}};
  client.credentials = aws::Credentials{props.access_key_id, props.secret_access_key, "", std::nullopt};
  client.stop = options_.stop;
  client_.emplace(std::move(client));
  TRY(const auto service, ecs::describe_service(*client_, options_.service.cluster, options_.service.name));
  balancer_ = service.load_balancers.at(0);
  TRY(const auto listener, production_listener(seed, options_.service));
  TRY(const auto status, ask("GET", "status"));
  for (const auto& balancer : json_member(status, "load_balancers")) {
    if (json_string(balancer, "name") == listener.balancer)
      url_ = json_string(json_member(balancer, "listeners").at(listener.position), "url");
  }
  return {};
}

bool RehearsalStage::can_play(Mishap mishap) const {
  if (!expected_end(options_.strategy, mishap)) return false;
  const bool is_workflow = !options_.workflow.empty();
  switch (mishap) {
    case Mishap::expired_token:
    case Mishap::identity_provider:
      return is_workflow;
    case Mishap::missing_image:
    case Mishap::missing_secret:
      return !is_workflow;
    case Mishap::failing_hook:
    case Mishap::hanging_hook:
      return !is_workflow || options_.strategy != Strategy::code_deploy;
    default:
      return true;
  }
}

/// The release's images come from the local store: what nobody has built cannot be rehearsed.
Result<void> RehearsalStage::push_images() {
  TRY(auto store, ecr::ImageStore::open(options_.images));
  for (auto& item : options_.release.items) {
    if (!item.definition.is_object() || !item.definition.contains("containerDefinitions")) continue;
    for (auto& container : item.definition["containerDefinitions"]) {
      TRY(container["image"], push_image(store, json_string(container, "image"))
                                  .while_doing(fmt::format("looking for the image of container {} of {}",
                                                           json_string(container, "name"), item.name)));
    }
  }
  return {};
}

Result<std::string> RehearsalStage::push_image(ecr::ImageStore& store, const std::string& image) {
  TRY(const auto source, ecr::parse_image_reference(image));
  auto found = store.resolve(source.to_string());
  if (!found) {
    found.error().message += fmt::format("; build it first: pipeline image build -t {} .", image);
    return std::move(found).error();
  }
  const auto repository = ecr_repository_of(source);
  TRY(const auto there, ecr::describe_repository(*client_, repository));
  if (!there) TRY(ecr::create_repository(*client_, repository));
  TRY(const auto token, ecr::get_authorization_token(*client_));
  const auto host = emulator_.control.endpoint.substr(emulator_.control.endpoint.rfind('/') + 1);
  ecr::RegistryOptions options;
  options.http = http_.get();
  options.credentials[host] = token.credentials;
  options.stop = options_.stop;
  const ecr::ImageReference target{host, repository, source.tag.empty() ? "rehearsal" : source.tag, {}};
  TRY(auto plan, ecr::plan_push(store, source.to_string(), target));
  plan.pack_with.reset();  // the store's names stay as they are
  TRY(ecr::push(plan, store, options));
  return target.to_string();
}

Result<Json> RehearsalStage::ask(const std::string& method, const std::string& path, const Json& body) const {
  return ask_emulator(emulator_.control, *http_, method, path, body.is_null() ? "" : base::to_text(body));
}

bool RehearsalStage::sleep(std::chrono::milliseconds time) const {
  return base::system_clock().sleep_for(time, options_.stop);
}

}  // namespace cli
