#include "steps/builtin/calendar_format.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "base/strings.h"

namespace steps::builtin {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

// The longest of each letter first, as moment tries them.
constexpr std::string_view kTokens[] = {
    "Hmmss", "hmmss", "Hmm", "hmm",  "MMMM",   "MMM",   "MM",   "Mo", "M",  "DDDD", "DDDo", "DDD",
    "DD",    "Do",    "D",   "dddd", "ddd",    "dd",    "do",   "d",  "ww", "wo",   "w",    "WW",
    "Wo",    "W",     "Qo",  "Q",    "YYYYYY", "YYYYY", "YYYY", "YY", "Y",  "gggg", "gg",   "GGGG",
    "GG",    "e",     "E",   "a",    "A",      "hh",    "h",    "HH", "H",  "kk",   "k",    "mm",
    "m",     "ss",    "s",   "x",    "X",      "zz",    "z",    "ZZ", "Z"};

struct LocalFormat {
  std::string_view token;
  std::string_view expansion;
};
constexpr LocalFormat kLocalFormats[] = {
    {"LTS", "h:mm:ss A"},
    {"LT", "h:mm A"},
    {"LLLL", "dddd, MMMM D, YYYY h:mm A"},
    {"LLL", "MMMM D, YYYY h:mm A"},
    {"LL", "MMMM D, YYYY"},
    {"L", "MM/DD/YYYY"},
    {"llll", "ddd, MMM D, YYYY h:mm A"},
    {"lll", "MMM D, YYYY h:mm A"},
    {"ll", "MMM D, YYYY"},
    {"l", "M/D/YYYY"},
};

std::string ordinal(int number) {
  const int last = number % 10;
  const bool teen = number % 100 / 10 == 1;
  const char* ending = teen ? "th" : last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
  return fmt::format("{}{}", number, ending);
}

struct WeekOfYear {
  int week = 1;
  int year = 0;
};

/// The time taken apart as its place's calendar shows it.
class LocalTime {
 public:
  explicit LocalTime(const CalendarTime& time) : time_(time) {
    using std::chrono::floor;
    const std::chrono::sys_time<std::chrono::milliseconds> local(
        std::chrono::milliseconds(time.milliseconds + time.offset * 1000));
    day_ = floor<std::chrono::days>(local);
    date_ = std::chrono::year_month_day(day_);
    clock_ = std::chrono::hh_mm_ss(floor<std::chrono::milliseconds>(local - day_));
  }

  [[nodiscard]] int year() const { return static_cast<int>(date_.year()); }
  [[nodiscard]] int month() const { return static_cast<int>(static_cast<unsigned>(date_.month())); }
  [[nodiscard]] int day() const { return static_cast<int>(static_cast<unsigned>(date_.day())); }
  [[nodiscard]] int weekday() const { return static_cast<int>(std::chrono::weekday(day_).c_encoding()); }
  [[nodiscard]] int day_of_year() const { return static_cast<int>((day_ - first_day(year())).count()) + 1; }
  [[nodiscard]] int hour() const { return static_cast<int>(clock_.hours().count()); }
  [[nodiscard]] int minute() const { return static_cast<int>(clock_.minutes().count()); }
  [[nodiscard]] int second() const { return static_cast<int>(clock_.seconds().count()); }
  [[nodiscard]] int millisecond() const { return static_cast<int>(clock_.subseconds().count()); }
  [[nodiscard]] const CalendarTime& time() const { return time_; }

  /// The week that begins on `first_weekday`; the first of a year is the one that holds January `decisive`.
  [[nodiscard]] WeekOfYear week(int first_weekday, int decisive) const {
    for (int candidate = year() + 1;; --candidate) {
      const auto begin = first_week(candidate, first_weekday, decisive);
      if (begin <= day_) return {static_cast<int>((day_ - begin).count() / 7) + 1, candidate};
    }
  }

 private:
  static std::chrono::sys_days first_day(int year) {
    return std::chrono::sys_days(std::chrono::year(year) / std::chrono::January / 1);
  }
  static std::chrono::sys_days first_week(int year, int first_weekday, int decisive) {
    const auto inside = first_day(year) + std::chrono::days(decisive - 1);
    const int weekday = static_cast<int>(std::chrono::weekday(inside).c_encoding());
    return inside - std::chrono::days((weekday - first_weekday + 7) % 7);
  }

  CalendarTime time_;
  std::chrono::sys_days day_;
  std::chrono::year_month_day date_;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> clock_;
};

std::string offset_text(std::int64_t offset, std::string_view colon) {
  const std::int64_t minutes = std::abs(offset) / 60;
  return fmt::format("{}{:02}{}{:02}", offset < 0 ? '-' : '+', minutes / 60, colon, minutes % 60);
}

/// Tokens of dates; nothing when the token is of the clock.
std::string date_token(const LocalTime& at, std::string_view token) {
  const WeekOfYear local = at.week(0, 1);  // English: from Sunday, the first is that of January 1
  const WeekOfYear iso = at.week(1, 4);
  switch (token.front()) {
    case 'M':
      if (token == "Mo") return ordinal(at.month());
      if (token == "MMMM") return std::string(kMonths[at.month() - 1]);
      if (token == "MMM") return std::string(kMonths[at.month() - 1].substr(0, 3));
      return fmt::format("{:0{}}", at.month(), token.size());
    case 'D':
      if (token == "Do") return ordinal(at.day());
      if (token == "DDDo") return ordinal(at.day_of_year());
      if (token.size() >= 3) return fmt::format("{:0{}}", at.day_of_year(), token.size() == 4 ? 3 : 1);
      return fmt::format("{:0{}}", at.day(), token.size());
    case 'd':
      if (token == "do") return ordinal(at.weekday());
      if (token == "d") return fmt::format("{}", at.weekday());
      return std::string(
          kDays[at.weekday()].substr(0, token.size() == 4 ? std::string_view::npos : token.size()));
    case 'e':
      return fmt::format("{}", at.weekday());
    case 'E':
      return fmt::format("{}", at.weekday() == 0 ? 7 : at.weekday());
    case 'w':
      return token == "wo" ? ordinal(local.week) : fmt::format("{:0{}}", local.week, token.size());
    case 'W':
      return token == "Wo" ? ordinal(iso.week) : fmt::format("{:0{}}", iso.week, token.size());
    case 'Q':
      return token == "Qo" ? ordinal((at.month() + 2) / 3) : fmt::format("{}", (at.month() + 2) / 3);
    case 'Y':
      if (token == "YY") return fmt::format("{:02}", at.year() % 100);
      if (token == "YYYYYY") return fmt::format("{:+07}", at.year());
      return fmt::format("{:0{}}", at.year(), token.size());
    case 'g':
      return token.size() == 2 ? fmt::format("{:02}", local.year % 100) : fmt::format("{:04}", local.year);
    case 'G':
      return token.size() == 2 ? fmt::format("{:02}", iso.year % 100) : fmt::format("{:04}", iso.year);
    default:
      return "";
  }
}

std::string clock_token(const LocalTime& at, std::string_view token) {
  const int half = at.hour() % 12 == 0 ? 12 : at.hour() % 12;
  if (token == "Hmm") return fmt::format("{}{:02}", at.hour(), at.minute());
  if (token == "hmm") return fmt::format("{}{:02}", half, at.minute());
  if (token == "Hmmss") return fmt::format("{}{:02}{:02}", at.hour(), at.minute(), at.second());
  if (token == "hmmss") return fmt::format("{}{:02}{:02}", half, at.minute(), at.second());
  const auto padded = [&token](int number) { return fmt::format("{:0{}}", number, token.size()); };
  switch (token.front()) {
    case 'H':
      return padded(at.hour());
    case 'h':
      return padded(half);
    case 'k':
      return padded(at.hour() == 0 ? 24 : at.hour());
    case 'm':
      return padded(at.minute());
    case 's':
      return padded(at.second());
    case 'a':
      return at.hour() < 12 ? "am" : "pm";
    case 'A':
      return at.hour() < 12 ? "AM" : "PM";
    case 'x':
      return fmt::format("{}", at.time().milliseconds);
    case 'X':
      return fmt::format("{}", at.time().milliseconds / 1000);
    case 'Z':
      return offset_text(at.time().offset, token == "Z" ? ":" : "");
    default:
      return "UTC";  // z and zz: asked for only where that is known
  }
}

/// Puts in place of `L` and its like what they stand for.
std::string expand_local_formats(std::string_view format) {
  std::string result;
  while (!format.empty()) {
    const std::size_t close = format.starts_with('[') ? format.find(']') : std::string_view::npos;
    if (close != std::string_view::npos) {
      result += format.substr(0, close + 1);
      format.remove_prefix(close + 1);
      continue;
    }
    std::string_view taken = format.substr(0, 1);
    std::string_view shown = taken;
    for (const LocalFormat& local : kLocalFormats) {
      if (!format.starts_with(local.token)) continue;
      taken = local.token;
      shown = local.expansion;
      break;
    }
    result += shown;
    format.remove_prefix(taken.size());
  }
  return result;
}

std::string_view token_at(std::string_view format) {
  if (format.starts_with('S')) {
    const std::size_t end = format.find_first_not_of('S');
    return format.substr(0, std::min<std::size_t>(end, 9));
  }
  for (const std::string_view token : kTokens) {
    if (format.starts_with(token)) return token;
  }
  return {};
}

/// Parts of a second: moment knows milliseconds, more digits are zeros.
std::string fraction(int milliseconds, std::size_t digits) {
  std::string text = fmt::format("{:03}", milliseconds);
  text.resize(digits, '0');
  return text;
}

}  // namespace

base::Result<std::string> format_calendar(const CalendarTime& time, std::string_view format) {
  const LocalTime at(time);
  const std::string expanded = expand_local_formats(format);
  std::string_view rest = expanded;
  std::string result;
  while (!rest.empty()) {
    const std::size_t close = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
    if (close != std::string_view::npos) {
      result += rest.substr(1, close - 1);
      rest.remove_prefix(close + 1);
      continue;
    }
    const std::string_view token = token_at(rest);
    if (token.empty()) {
      result += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    if (token.front() == 'z' && time.offset != 0) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("the token '{}' of the date format '{}' is not supported: the time "
                                          "zone's short name is not known here; use Z for its offset",
                                          token, format));
    }
    if (token.front() == 'S') {
      result += fraction(at.millisecond(), token.size());
    } else if (const std::string date = date_token(at, token); !date.empty()) {
      result += date;
    } else {
      result += clock_token(at, token);
    }
    rest.remove_prefix(token.size());
  }
  return result;
}

}  // namespace steps::builtin
