#include "workflow/cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/strings.h"

namespace workflow {

namespace {

struct Field {
  std::string_view name;
  int least;
  int most;
  std::string_view names;  // three letters each; the first stands for `first_name`
  int first_name = 0;
};

constexpr std::array<Field, 5> kFields{{{"minute", 0, 59, "", 0},
                                        {"hour", 0, 23, "", 0},
                                        {"day of the month", 1, 31, "", 0},
                                        {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", 1},
                                        {"day of the week", 0, 7, "sunmontuewedthufrisat", 0}}};

std::optional<int> number_of(std::string_view text, const Field& field) {
  const auto lower = base::to_lower(text);
  for (std::size_t at = 0; at < field.names.size(); at += 3) {
    if (lower == field.names.substr(at, 3)) return field.first_name + static_cast<int>(at / 3);
  }
  const auto number = text.empty() || text.size() > 2 ? std::nullopt : base::parse_integer(text);
  if (!number || *number < field.least || *number > field.most) return std::nullopt;
  return static_cast<int>(*number);
}

std::uint64_t bits_of(int first, int last, int step) {
  std::uint64_t bits = 0;
  for (int value = first; value <= last; value += step)
    bits |= std::uint64_t{1} << static_cast<unsigned>(value);
  return bits;
}

// *, 5, 1-5, and each of them with a step; a number with a step goes on to the field's end.
std::optional<std::uint64_t> values_of(std::string_view element, const Field& field) {
  const auto slash = element.find('/');
  const auto range = element.substr(0, slash);
  int step = 1;
  if (slash != std::string_view::npos) {
    const auto text = element.substr(slash + 1);
    const auto number = text.empty() || text.size() > 2 ? std::nullopt : base::parse_integer(text);
    if (!number || *number < 1 || *number > field.most) return std::nullopt;
    step = static_cast<int>(*number);
  }
  const int end = field.most == 7 ? 6 : field.most;  // Sunday is one day, though 7 may name it
  if (range == "*") return bits_of(field.least, end, step);
  const auto dash = range.find('-');
  const auto first = number_of(range.substr(0, dash), field);
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos)
    return bits_of(*first, slash == std::string_view::npos ? *first : std::max(*first, end), step);
  const auto last = number_of(range.substr(dash + 1), field);
  if (!last || *first > *last) return std::nullopt;
  return bits_of(*first, *last, step);
}

std::optional<std::uint64_t> values_of_field(std::string_view text, const Field& field) {
  std::uint64_t bits = 0;
  for (const auto& element : base::split(text, ',')) {
    const auto values = values_of(element, field);
    if (!values) return std::nullopt;
    bits |= *values;
  }
  return bits;
}

constexpr std::int64_t kDay = 86400;

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

struct Date {
  int month = 1;
  int day = 1;
};

// Of a day counted from 1970-01-01, in the Gregorian calendar (Hinnant, "chrono-compatible low-level date
// algorithms").
Date date_of(std::int64_t days) {
  days += 719468;
  const auto era = floor_divide(days, 146097);
  const auto day_of_era = days - era * 146097;
  const auto year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const auto day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
  const auto month = (5 * day_of_year + 2) / 153;
  return {.month = static_cast<int>(month < 10 ? month + 3 : month - 9),
          .day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1)};
}

bool has(std::uint64_t bits, int value) {
  return (bits >> static_cast<unsigned>(value) & 1U) != 0;
}

bool is_on_day(const CronSchedule& schedule, std::int64_t days) {
  const auto date = date_of(days);
  if (!has(schedule.months, date.month)) return false;
  const bool day = has(schedule.days, date.day);
  const bool weekday = has(schedule.weekdays, static_cast<int>(((days + 4) % 7 + 7) % 7));
  return schedule.any_day || schedule.any_weekday ? day && weekday : day || weekday;
}

/// The moments at which a zone's clocks show one local time; a moment in its place when they skip it.
class LocalTime {
 public:
  LocalTime(std::int64_t local, const ZoneOffset& zone) {
    // No zone changes twice within two days, so that these are the offsets around the time.
    const auto before = zone(local - kDay);
    const auto after = zone(local + kDay);
    for (const auto offset : {before, after}) {
      if (zone(local - offset) == offset && (moments_.empty() || moments_.back() != local - offset))
        moments_.push_back(local - offset);
    }
    std::sort(moments_.begin(), moments_.end());
    if (moments_.empty()) change_ = change_between(local - after, local - before, zone);
  }
  [[nodiscard]] const std::vector<std::int64_t>& moments() const { return moments_; }
  [[nodiscard]] std::int64_t moment_of_change() const { return change_; }

 private:
  // The first second with the later offset.
  static std::int64_t change_between(std::int64_t low, std::int64_t high, const ZoneOffset& zone) {
    if (low > high) std::swap(low, high);
    const auto old_offset = zone(low);
    while (low + 1 < high) {
      const auto middle = low + (high - low) / 2;
      (zone(middle) == old_offset ? low : high) = middle;
    }
    return high;
  }

  std::vector<std::int64_t> moments_;
  std::int64_t change_ = 0;
};

// The first time of a local day that is later than `from`.
std::optional<std::int64_t> next_on_day(const CronSchedule& schedule, std::int64_t days, std::int64_t from,
                                        const ZoneOffset& zone) {
  std::optional<std::int64_t> next;
  const auto offer = [&](std::int64_t moment) {
    if (moment > from && (!next || moment < *next)) next = moment;
  };
  const bool changes = zone(days * kDay - kDay) != zone(days * kDay + 2 * kDay);
  for (int hour = 0; hour < 24; ++hour) {
    if (!has(schedule.hours, hour)) continue;
    for (int minute = 0; minute < 60; ++minute) {
      if (!has(schedule.minutes, minute)) continue;
      const auto local = days * kDay + hour * 3600 + minute * 60;
      if (!changes) {
        offer(local - zone(days * kDay));
      } else if (const LocalTime time(local, zone); schedule.any_hour) {
        for (const auto moment : time.moments()) offer(moment);
      } else {
        offer(time.moments().empty() ? time.moment_of_change() : time.moments().front());
      }
      // On other days the first that is late enough is the next one.
      if (!changes && next) return next;
    }
  }
  return next;
}

}  // namespace

std::string problem_of_cron(std::string_view expression) {
  // $cron-daily and its like are what starter workflows hold until they are put into a repository.
  if (expression.starts_with("$cron-")) return "";
  const auto schedule = parse_cron(expression);
  return schedule ? "" : schedule.error().message;
}

base::Result<CronSchedule> parse_cron(std::string_view expression) {
  std::vector<std::string> parts;
  for (auto& part : base::split(base::trim(expression), ' ')) {
    if (!part.empty()) parts.push_back(std::move(part));
  }
  if (parts.size() != kFields.size()) {
    return base::invalid_input(
        fmt::format("expected five fields (minute hour day month weekday), found {}", parts.size()));
  }
  std::array<std::uint64_t, 5> bits{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const auto& field = kFields[i];
    const auto values = values_of_field(parts[i], field);
    if (!values) {
      return base::invalid_input(
          fmt::format("'{}' is no {}: expected numbers from {} to {}, *, ranges and steps", parts[i],
                      field.name, field.least, field.most));
    }
    bits[i] = *values;
  }
  return CronSchedule{.minutes = bits[0],
                      .hours = static_cast<std::uint32_t>(bits[1]),
                      .days = static_cast<std::uint32_t>(bits[2]),
                      .months = static_cast<std::uint32_t>(bits[3]),
                      .weekdays = static_cast<std::uint32_t>((bits[4] | bits[4] >> 7U) & 0x7FU),
                      .any_hour = parts[1].starts_with('*'),
                      .any_day = parts[2].starts_with('*'),
                      .any_weekday = parts[4].starts_with('*')};
}

int shortest_interval_minutes(const CronSchedule& schedule) {
  constexpr int kMinutes = 24 * 60;
  int shortest = kMinutes;
  int first = -1;
  int last = -1;
  for (int minute = 0; minute < kMinutes; ++minute) {
    if (!has(schedule.hours, minute / 60) || !has(schedule.minutes, minute % 60)) continue;
    if (first < 0) first = minute;
    if (last >= 0) shortest = std::min(shortest, minute - last);
    last = minute;
  }
  return std::min(shortest, first + kMinutes - last);
}

std::optional<std::int64_t> next_run(const CronSchedule& schedule, std::int64_t from,
                                     const ZoneOffset& zone) {
  // The 29th of February on a given weekday comes every 28 years, 40 around a year like 2100.
  constexpr std::int64_t kMostDays = 41 * 366;
  // A day earlier, as the clocks may have gone back since.
  const auto first = floor_divide(from + zone(from), kDay) - 1;
  for (auto days = first; days < first + kMostDays; ++days) {
    if (!is_on_day(schedule, days)) continue;
    if (const auto next = next_on_day(schedule, days, from, zone)) return next;
  }
  return std::nullopt;
}

}  // namespace workflow
