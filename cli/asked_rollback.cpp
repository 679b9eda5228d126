#include "cli/asked_rollback.h"

#include "base/log.h"
#include "base/log_form.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/roll_back.h"
#include "server/database.h"
#include "server/rollbacks.h"

namespace cli {

base::Result<void> carry_out_rollback(const CommonFlags& common, std::int64_t id) {
  watch_for_interrupts();
  base::set_log_form(base::LogForm::json);
  base::set_log_level(base::LogLevel::info);
  TRY(auto database, server::open_database(common.state_folder));
  TRY(auto rollback, server::find_rollback(database, id));
  RollbackFlags flags;
  flags.cluster = rollback.cluster;
  flags.service = rollback.service;
  ecs::FollowNews news;
  news.line = [](const std::string& text) { base::log(base::LogLevel::info, text); };
  const auto end = roll_back(flags, news);
  rollback.state = end && exit_code_of_rollback(*end) == kPassed ? "succeeded" : "failed";
  rollback.about = end ? base::join(end->details, "\n") : end.error().to_string();
  if (end) rollback.about = end->sentence + (rollback.about.empty() ? "" : "\n" + rollback.about);
  return server::finish_rollback(database, rollback);
}

}  // namespace cli
