#include "server/runner_registration.h"

#include <fmt/format.h>

#include "base/json.h"

namespace server {

namespace {

constexpr std::size_t kLargestRegistration = 1U << 20;

base::Json stored_label(const RunnerLabel& label) {
  return {{"name", label.name}, {"image", label.image}};
}

}  // namespace

base::Path registration_file(const base::Path& state_folder) {
  return state_folder / "forge-runner.json";
}

base::Result<void> store_registration(const base::Path& state_folder,
                                      const RunnerRegistration& registration) {
  base::Json labels = base::Json::array();
  for (const auto& label : registration.labels) labels.push_back(stored_label(label));
  const auto& runner = registration.runner;
  const base::Json json = {{"instance", registration.instance},
                           {"id", runner.id},
                           {"uuid", runner.uuid},
                           {"token", runner.token},
                           {"name", runner.name},
                           {"ephemeral", runner.ephemeral},
                           {"labels", std::move(labels)}};
  TRY(base::make_directories(state_folder, 0700));
  return base::write_file(registration_file(state_folder), base::to_text(json, 2) + "\n", 0600)
      .while_doing("keeping the runner's registration");
}

base::Result<RunnerRegistration> load_registration(const base::Path& state_folder) {
  const auto file = registration_file(state_folder);
  if (!base::exists(file)) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("there is no {}: this machine is no runner of a forge yet; `pipeline runner register "
                    "--instance URL` makes it one",
                    file.string()));
  }
  TRY(const auto text, base::read_file(file, kLargestRegistration));
  TRY(const auto json, base::parse_json(text).while_doing("reading " + file.string()));
  RunnerRegistration registration{.instance = base::json_string(json, "instance"),
                                  .runner = {.id = base::json_integer(json, "id"),
                                             .uuid = base::json_string(json, "uuid"),
                                             .token = base::json_string(json, "token"),
                                             .name = base::json_string(json, "name"),
                                             .ephemeral = base::json_bool(json, "ephemeral")}};
  const auto& labels = base::json_member(json, "labels");
  if (registration.instance.empty() || registration.runner.uuid.empty() ||
      registration.runner.token.empty() || !labels.is_array()) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("{}: expected instance, uuid, token and labels; remove it and register the runner anew",
                    file.string()));
  }
  for (const auto& label : labels) {
    registration.labels.push_back(
        {.name = base::json_string(label, "name"), .image = base::json_string(label, "image")});
  }
  return registration;
}

}  // namespace server
