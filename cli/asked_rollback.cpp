#include "cli/asked_rollback.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/json.h"
#include "base/log.h"
#include "base/log_form.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/emulator_process.h"
#include "cli/emulator_seed.h"
#include "cli/interrupts.h"
#include "cli/roll_back.h"
#include "server/database.h"
#include "server/rollbacks.h"

namespace cli {

namespace {

/// As the first user of the emulator's seed, whatever the environment says: what was deployed on the emulator
/// is not taken back on AWS. Only while nothing else runs in this process.
base::Result<void> use_emulator(const CommonFlags& common, const server::Config& config) {
  const auto folder = emulator_folder(common.state_folder);
  const auto http = base::make_curl_http_client();
  const auto control = find_emulator(folder, *http);
  if (!control) {
    return base::make_error(
        base::ErrorKind::unavailable,
        "the emulator that the run deployed to is not up: `pipeline emulator up` starts it");
  }
  const auto file = choose_seed(config.emulator_seed, folder);
  TRY(const auto seed, load_seed(file));
  const auto& users = base::json_member(seed, "users");
  if (!users.is_array() || users.empty()) {
    return base::invalid_input(fmt::format(
        "the emulator's seed {} has no `users`: expected one with an access_key_id, which rolls back", file));
  }
  const auto region = base::json_string(seed, "region", "us-east-1");
  for (const auto& [name, value] :
       {std::pair("AWS_ENDPOINT_URL", control->endpoint), std::pair("AWS_REGION", region),
        std::pair("AWS_ACCESS_KEY_ID", base::json_string(users.front(), "access_key_id")),
        std::pair("AWS_SECRET_ACCESS_KEY", base::json_string(users.front(), "secret_access_key"))})
    ::setenv(name, value.c_str(), 1);
  for (const char* other : {"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL_ECS"}) ::unsetenv(other);
  return {};
}

base::Result<ecs::FollowedEnd> take_back(const CommonFlags& common, const server::Config& config,
                                         const server::Rollback& rollback) {
  if (config.emulator) TRY(use_emulator(common, config));
  RollbackFlags flags;
  flags.cluster = rollback.cluster;
  flags.service = rollback.service;
  ecs::FollowNews news;
  news.line = [](const std::string& text) { base::log(base::LogLevel::info, text); };
  return roll_back(flags, news);
}

}  // namespace

base::Result<void> carry_out_rollback(const CommonFlags& common, const server::Config& config,
                                      std::int64_t id) {
  watch_for_interrupts();
  base::set_log_form(base::LogForm::json);
  base::set_log_level(base::LogLevel::info);
  TRY(auto database, server::open_database(common.state_folder));
  TRY(auto rollback, server::find_rollback(database, id));
  const auto end = take_back(common, config, rollback);
  rollback.state = end && exit_code_of_rollback(*end) == kPassed ? "succeeded" : "failed";
  rollback.about = end ? base::join(end->details, "\n") : end.error().to_string();
  if (end) rollback.about = end->sentence + (rollback.about.empty() ? "" : "\n" + rollback.about);
  return server::finish_rollback(database, rollback);
}

}  // namespace cli
