#include "ecr/duration.h"

#include <fmt/format.h>

#include <charconv>

namespace ecr {

namespace {

constexpr double kLongest = 100.0 * 365 * 24 * 3600 * 1e9;

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr Unit kUnits[] = {{"ns", 1},  {"us", 1e3}, {"µs", 1e3},  {"ms", 1e6},
                           {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};

}  // namespace

base::Result<std::int64_t> parse_go_duration(std::string_view text) {
  const auto fail = [&] {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("expected a duration like 30s or 1m30s, found '{}'", text));
  };
  if (text == "0") return 0;
  double total = 0;
  auto rest = text;
  if (rest.empty()) return fail();
  while (!rest.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0 || rest[0] == '-') return fail();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto unit_end = rest.find_first_of("0123456789.");
    const auto unit_text = rest.substr(0, unit_end);
    const Unit* unit = nullptr;
    for (const auto& known : kUnits) {
      if (known.name == unit_text) unit = &known;
    }
    if (unit == nullptr) return fail();
    total += number * unit->nanoseconds;
    rest.remove_prefix(unit_text.size());
  }
  if (total > kLongest) return fail();
  return static_cast<std::int64_t>(total);
}

}  // namespace ecr
