#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

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

// The numbers of a field that problem_of_cron has found good; names give nothing.
std::set<int> numbers_of(std::string_view field, int least, int most) {
  std::set<int> numbers;
  for (const auto& element : base::split(field, ',')) {
    const auto slash = element.find('/');
    const auto range = std::string_view(element).substr(0, slash);
    const auto dash = range.find('-');
    const auto step =
        slash == std::string::npos ? 1 : base::parse_integer(element.substr(slash + 1)).value_or(1);
    int first = least;
    int last = most;
    if (range != "*") {
      const auto from = base::parse_integer(range.substr(0, dash));
      if (!from) return {};
      first = static_cast<int>(*from);
      const bool alone = dash == std::string_view::npos;
      if (alone) last = slash == std::string::npos ? first : most;
      if (!alone) last = static_cast<int>(base::parse_integer(range.substr(dash + 1)).value_or(most));
    }
    for (int number = first; number <= last && number <= most; number += std::max(1, static_cast<int>(step)))
      numbers.insert(number);
  }
  return numbers;
}

// The smallest number of minutes between two runs within an hour.
std::optional<int> shortest_interval(std::string_view minutes) {
  const auto numbers = numbers_of(minutes, 0, kLastMinute);
  std::optional<int> shortest;
  std::optional<int> before;
  for (const int minute : numbers) {
    if (before) shortest = std::min(shortest.value_or(kLastMinute), minute - *before);
    before = minute;
  }
  return shortest;
}

// Whether a day such as 30 February is asked for, and no other.
bool never_comes(std::string_view days, std::string_view months, std::string_view weekdays) {
  if (days == "*" || months == "*" || weekdays != "*") return false;
  constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const auto wanted_days = numbers_of(days, 1, 31);
  const auto wanted_months = numbers_of(months, 1, 12);
  if (wanted_days.empty() || wanted_months.empty()) return false;
  return std::none_of(wanted_months.begin(), wanted_months.end(), [&](int month) {
    return month >= 1 && month <= 12 && *wanted_days.begin() <= kDays[month - 1];
  });
}

void check_cron(const LintedFile& file, const Node& cron, Diagnostics& findings) {
  if (!cron.is_scalar() || cron.text.starts_with("$cron-") || !problem_of_cron(cron.text).empty()) return;
  std::vector<std::string> fields;
  for (auto& field : base::split(base::trim(cron.text), ' ')) {
    if (!field.empty()) fields.push_back(std::move(field));
  }
  if (fields.size() != 5) return;
  const auto interval = shortest_interval(fields[0]);
  if (interval && *interval < kShortestInterval) {
    report(file, findings, cron,
           fmt::format("'{}' runs every {}; GitHub starts a schedule every {} minutes at most", cron.text,
                       *interval == 1 ? std::string("minute") : fmt::format("{} minutes", *interval),
                       kShortestInterval));
  } else if (never_comes(fields[2], fields[3], fields[4])) {
    report(file, findings, cron, fmt::format("'{}' never runs: there is no such day in the year", cron.text));
  }
}

void check_time_zone(const LintedFile& file, const Node& zone, Diagnostics& findings) {
  if (!zone.is_scalar() || expression::has_expression(zone.text) || is_time_zone_name(zone.text)) return;
  const auto near = base::similar_name(zone.text, time_zone_names());
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
