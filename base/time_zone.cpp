#include "base/time_zone.h"

#include <fmt/format.h>

#include <algorithm>

namespace base {

namespace {

constexpr std::int64_t kDay = 86400;

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value =
      bytes.empty() || (static_cast<unsigned char>(bytes[0]) & 0x80U) == 0 ? 0 : ~std::uint64_t{0};
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

/// The counts of a header, in the order of the file.
struct Header {
  char version = 0;
  std::int64_t ut_flags = 0;
  std::int64_t standard_flags = 0;
  std::int64_t leaps = 0;
  std::int64_t transitions = 0;
  std::int64_t types = 0;
  std::int64_t characters = 0;

  [[nodiscard]] std::size_t size(std::int64_t time) const {
    return static_cast<std::size_t>(transitions * (time + 1) + types * 6 + characters + leaps * (time + 4) +
                                    standard_flags + ut_flags);
  }
};
constexpr std::size_t kHeader = 44;

std::optional<Header> read_header(std::string_view content) {
  if (content.size() < kHeader || !content.starts_with("TZif")) return std::nullopt;
  const auto count = [&](std::size_t i) { return big_endian(content.substr(20 + 4 * i, 4)); };
  Header header{.version = content[4],
                .ut_flags = count(0),
                .standard_flags = count(1),
                .leaps = count(2),
                .transitions = count(3),
                .types = count(4),
                .characters = count(5)};
  constexpr std::int64_t kMost = 1 << 16;
  for (std::size_t i = 0; i < 6; ++i) {
    if (count(i) < 0 || count(i) > kMost) return std::nullopt;
  }
  return header;
}

std::optional<std::int64_t> take_number(std::string_view& text, std::int64_t most) {
  std::int64_t number = 0;
  std::size_t digits = 0;
  while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9')
    number = number * 10 + (text[digits++] - '0');
  if (digits == 0 || number > most) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// [+-]hh[:mm[:ss]]; RFC 8536 lets hours go to 167.
std::optional<std::int64_t> take_time(std::string_view& text) {
  const bool negative = take(text, '-');
  if (!negative) (void)take(text, '+');
  const auto hours = take_number(text, 167);
  if (!hours) return std::nullopt;
  std::int64_t seconds = *hours * 3600;
  for (const int unit : {60, 1}) {
    if (!take(text, ':')) break;
    const auto part = take_number(text, 59);
    if (!part) return std::nullopt;
    seconds += *part * unit;
  }
  return negative ? -seconds : seconds;
}

// Letters, or anything between < and >.
bool take_name(std::string_view& text) {
  if (take(text, '<')) {
    const auto end = text.find('>');
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
    return true;
  }
  std::size_t letters = 0;
  while (letters < text.size() && ((text[letters] | 0x20) >= 'a' && (text[letters] | 0x20) <= 'z')) ++letters;
  text.remove_prefix(letters);
  return letters >= 3;
}

bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Of 1 January, counted from 1970.
std::int64_t day_of_year_start(int year) {
  const std::int64_t y = year - 1;
  return 365 * (y - 1969) + (y / 4 - 1969 / 4) - (y / 100 - 1969 / 100) + (y / 400 - 1969 / 400);
}

int year_of(std::int64_t utc) {
  auto year = static_cast<int>(1970 + utc / (366 * kDay));
  while (day_of_year_start(year + 1) * kDay <= utc) ++year;
  return year;
}

bool is_zone_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace

Result<TimeZone> TimeZone::load(std::string_view name, const Path& folder) {
  if (name == "UTC") return TimeZone();
  if (is_zone_name(name) && !base::is_directory(folder / name)) {
    if (const auto content = read_file(folder / name, 1U << 20)) {
      return parse(*content).while_doing(fmt::format("reading {}", (folder / name).string()));
    }
  }
  return make_error(
      ErrorKind::not_found,
      fmt::format("there is no time zone '{}': expected a name like Europe/Vienna or UTC, of those in {}",
                  name, folder.string()));
}

Result<TimeZone> TimeZone::parse(std::string_view content) {
  const auto broken = invalid_input("this is no file of a time zone (RFC 8536)");
  auto header = read_header(content);
  if (!header) return broken;
  std::int64_t time = 4;
  content.remove_prefix(kHeader);
  if (header->version >= '2') {
    // The first block is for programs that know 32 bits alone.
    if (content.size() < header->size(4)) return broken;
    content.remove_prefix(header->size(4));
    header = read_header(content);
    if (!header) return broken;
    content.remove_prefix(kHeader);
    time = 8;
  }
  if (content.size() < header->size(time) || header->types == 0) return broken;
  const auto count = static_cast<std::size_t>(header->transitions);
  const auto width = static_cast<std::size_t>(time);
  const auto indexes = content.substr(count * width, count);
  const auto types = content.substr(count * (width + 1), static_cast<std::size_t>(header->types) * 6);
  TimeZone zone;
  zone.first_offset_ = big_endian(types.substr(0, 4));
  for (std::size_t i = 0; i < count; ++i) {
    const auto type = static_cast<unsigned char>(indexes[i]);
    if (type >= header->types) return broken;
    zone.transitions_.push_back({.at = big_endian(content.substr(i * width, width)),
                                 .offset = big_endian(types.substr(type * 6UL, 4))});
  }
  auto footer = content.substr(header->size(time));
  if (time == 8 && footer.starts_with('\n') && footer.find('\n', 1) != std::string_view::npos)
    zone.rule_ = parse_rule(footer.substr(1, footer.find('\n', 1) - 1));
  return zone;
}

std::optional<TimeZone::Rule> TimeZone::parse_rule(std::string_view text) {
  Rule rule;
  if (!take_name(text)) return std::nullopt;
  const auto standard = take_time(text);
  if (!standard) return std::nullopt;
  rule.standard = -*standard;  // POSIX counts to the west
  if (text.empty()) return rule;
  if (!take_name(text)) return std::nullopt;
  rule.summer = rule.standard + 3600;
  if (!text.starts_with(',')) {
    const auto summer = take_time(text);
    if (!summer) return std::nullopt;
    rule.summer = -*summer;
  }
  for (auto* change : {&rule.begin, &rule.end}) {
    if (!take(text, ',')) return std::nullopt;
    *change = parse_change(text);
    if (!*change) return std::nullopt;
  }
  return rule;
}

std::optional<TimeZone::Change> TimeZone::parse_change(std::string_view& text) {
  Change change;
  if (take(text, 'M')) {
    change.kind = Change::Kind::weekday_of_month;
    const auto month = take_number(text, 12);
    if (!month || *month < 1 || !take(text, '.')) return std::nullopt;
    const auto week = take_number(text, 5);
    if (!week || *week < 1 || !take(text, '.')) return std::nullopt;
    const auto weekday = take_number(text, 6);
    if (!weekday) return std::nullopt;
    change.month = static_cast<int>(*month);
    change.week = static_cast<int>(*week);
    change.weekday = static_cast<int>(*weekday);
  } else {
    if (take(text, 'J')) change.kind = Change::Kind::day_without_leap;
    const auto day = take_number(text, 365);
    if (!day) return std::nullopt;
    change.day = static_cast<int>(*day);
  }
  if (take(text, '/')) {
    const auto seconds = take_time(text);
    if (!seconds) return std::nullopt;
    change.seconds = *seconds;
  }
  return change;
}

std::int64_t TimeZone::seconds_into_year(const Change& change, int year) {
  constexpr int kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
  std::int64_t day = change.day;
  if (change.kind == Change::Kind::day_without_leap) day += is_leap(year) && day >= 60 ? 0 : -1;
  if (change.kind == Change::Kind::weekday_of_month) {
    const auto leap = is_leap(year);
    const auto first = kBefore[change.month - 1] + (leap && change.month > 2 ? 1 : 0);
    const auto next = kBefore[change.month] + (leap && change.month >= 2 ? 1 : 0);
    const auto weekday = ((day_of_year_start(year) + first + 4) % 7 + 7) % 7;
    day = first + (change.weekday - weekday + 7) % 7 + 7 * (change.week - 1);
    if (day >= next) day -= 7;  // the fifth means the last
  }
  return day * kDay + change.seconds;
}

std::int64_t TimeZone::offset_by_rule(std::int64_t utc) const {
  if (!rule_->begin || !rule_->end) return rule_->standard;
  const int year = year_of(utc + rule_->standard);
  const auto start = day_of_year_start(year) * kDay;
  const auto begin = start + seconds_into_year(*rule_->begin, year) - rule_->standard;
  const auto end = start + seconds_into_year(*rule_->end, year) - rule_->summer;
  // In the south summer goes over the turn of the year.
  const bool summer = begin < end ? begin <= utc && utc < end : !(end <= utc && utc < begin);
  return summer ? rule_->summer : rule_->standard;
}

std::int64_t TimeZone::offset_at(std::int64_t utc) const {
  if (transitions_.empty() || utc >= transitions_.back().at) {
    // A rule speaks of the present; the years of a person's life are enough.
    constexpr std::int64_t kFarthest = 300000000000;
    if (rule_ && utc >= 0 && utc < kFarthest) return offset_by_rule(utc);
    return transitions_.empty() ? first_offset_ : transitions_.back().offset;
  }
  const auto after =
      std::upper_bound(transitions_.begin(), transitions_.end(), utc,
                       [](std::int64_t time, const Transition& transition) { return time < transition.at; });
  return after == transitions_.begin() ? first_offset_ : std::prev(after)->offset;
}

}  // namespace base
