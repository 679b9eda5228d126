#include "server/schedule_ticks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/git_mirror.h"
#include "base/time_zone.h"
#include "workflow/cron.h"
#include "workflow/load_workflow.h"

namespace server {

namespace {

using base::Result;

constexpr const char* kWorkflowFolder = ".github/workflows";
constexpr std::size_t kLargestFile = 4U << 20;
constexpr std::int64_t kNever = 253'402'300'799;  // the end of the year 9999

void add_schedules(const workflow::Workflow& workflow, std::vector<ScheduleLine>& lines) {
  for (const auto& trigger : workflow.triggers) {
    if (trigger.event != "schedule") continue;
    for (const auto& item : trigger.config.items) {
      ScheduleLine line{.cron = item["cron"].text};
      if (item["timezone"].present()) line.zone = item["timezone"].text;
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
    }
  }
}

}  // namespace

Result<std::vector<ScheduleLine>> schedules_at(const base::Path& mirror, const std::string& commit) {
  std::vector<ScheduleLine> lines;
  TRY(const auto files, base::list_files_of_commit(mirror, commit, kWorkflowFolder));
  for (const auto& file : files) {
    if (!file.ends_with(".yml") && !file.ends_with(".yaml")) continue;
    const auto path = fmt::format("{}/{}", kWorkflowFolder, file);
    const auto text = base::read_file_of_commit(mirror, commit, path, kLargestFile);
    if (!text) continue;
    const auto loaded = workflow::load_workflow(path, *text);
    if (loaded.workflow) add_schedules(*loaded.workflow, lines);
  }
  return lines;
}

Result<std::optional<std::int64_t>> due_tick(runner::Sqlite& database, const std::string& repository,
                                             const ScheduleLine& line, std::int64_t now) {
  std::optional<std::int64_t> due;
  TRY(database.each("reading a schedule",
                    "SELECT fires FROM ticks WHERE repository = ?1 AND workflow = ?2 AND cron = ?3",
                    {repository, line.zone, line.cron}, [&](const auto& row) {
                      if (row.integer(0) <= now) due = row.integer(0);
                    }));
  return due;
}

Result<void> note_next_tick(runner::Sqlite& database, const std::string& repository, const ScheduleLine& line,
                            std::int64_t now) {
  TRY(const auto schedule, workflow::parse_cron(line.cron));
  TRY(const auto zone, base::TimeZone::load(line.zone));
  const auto next = workflow::next_run(schedule, now, [&](std::int64_t utc) { return zone.offset_at(utc); });
  TRY(database.run(
      "noting a schedule",
      "INSERT INTO ticks (repository, workflow, cron, fires) VALUES (?1, ?2, ?3, ?4) ON CONFLICT "
      "(repository, workflow, cron) DO UPDATE SET fires = excluded.fires WHERE fires <= ?5",
      {repository, line.zone, line.cron, next.value_or(kNever), now}));
  return {};
}

}  // namespace server
