#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/cron.h"
#include "workflow/expression/template.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/time_zone_names.h"

namespace workflow::lint {

namespace {

constexpr int kLastMinute = 59;
constexpr int kShortestInterval = 5;  // minutes; docs.github.com events-that-trigger-workflows "schedule"

// The smallest number of minutes between two runs within an hour. That `*/7` comes at :56 and :00 is not held
// against it.
std::optional<int> shortest_interval(std::uint64_t minutes) {
  std::optional<int> shortest;
  std::optional<int> before;
  for (int minute = 0; minute <= kLastMinute; ++minute) {
    if ((minutes >> static_cast<unsigned>(minute) & 1U) == 0) continue;
    if (before) shortest = std::min(shortest.value_or(kLastMinute), minute - *before);
    before = minute;
  }
  return shortest;
}

// Whether days such as 30 February are asked for, and no others.
bool never_comes(const CronSchedule& schedule) {
  constexpr std::array<int, 12> kDays{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!schedule.any_weekday) return false;
  const int first_day = std::countr_zero(schedule.days);
  for (unsigned month = 1; month <= kDays.size(); ++month) {
    if ((schedule.months >> month & 1U) != 0 && first_day <= kDays.at(month - 1)) return false;
  }
  return true;
}

void check_cron(const LintedFile& file, const Node& cron, Diagnostics& findings) {
  if (!cron.is_scalar()) return;
  const auto schedule = parse_cron(cron.text);
  if (!schedule) return;
  const auto interval = shortest_interval(schedule->minutes);
  if (interval && *interval < kShortestInterval) {
    report(file, findings, cron,
           fmt::format("'{}' runs every {}; GitHub starts a schedule every {} minutes at most", cron.text,
                       *interval == 1 ? std::string("minute") : fmt::format("{} minutes", *interval),
                       kShortestInterval));
  } else if (never_comes(*schedule)) {
    report(file, findings, cron, fmt::format("'{}' never runs: there is no such day in the year", cron.text));
  }
}

void check_time_zone(const LintedFile& file, const Node& zone, Diagnostics& findings) {
  if (!zone.is_scalar() || expression::has_expression(zone.text) || is_time_zone_name(zone.text)) return;
  // There are many names: nobody reads so many hints.
  constexpr std::size_t kMostHints = 20;
  const auto near = findings.size() < kMostHints ? base::similar_name(zone.text, time_zone_names())
                                                 : std::optional<std::string>();
  report(file, findings, zone,
         fmt::format("'{}' is no time zone; {}", zone.text,
                     near ? fmt::format("did you mean '{}'?", *near)
                          : "expected an IANA name such as 'Europe/Berlin'"));
}

}  // namespace

void check_schedules(const LintedFile& file, Diagnostics& findings) {
  const Node& on = file.draft.root["on"];
  const auto without_times = [&](const Node& event) {
    if (event.is_scalar() && event.text == "schedule")
      report(file, findings, event,
             "'schedule' says no time; write it as a mapping: `schedule: [{cron: '0 6 * * 1'}]`");
  };
  without_times(on);
  for (const auto& event : on.items) without_times(event);
  for_each_at(file.draft.root, "on/schedule/[]/cron",
              [&](const Node&, const Node& cron) { check_cron(file, cron, findings); });
  for_each_at(file.draft.root, "on/schedule/[]/timezone",
              [&](const Node&, const Node& zone) { check_time_zone(file, zone, findings); });
}

}  // namespace workflow::lint
