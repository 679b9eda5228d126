#include "ecr/byte_size.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace ecr {

base::Result<std::uint64_t> parse_byte_size(std::string_view text) {
  auto digits = base::to_lower(text);
  int shift = 0;
  constexpr std::string_view kUnits = "bkmg";
  if (digits.ends_with("b") && digits.size() > 1) digits.pop_back();
  if (const auto unit = digits.empty() ? std::string_view::npos : kUnits.find(digits.back());
      unit != std::string_view::npos) {
    shift = static_cast<int>(unit) * 10;
    digits.pop_back();
  }
  const auto number = base::parse_integer(digits);
  if (!number || *number < 0 || *number >= (std::int64_t{1} << 32)) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("expected a number of bytes like 64m, found '{}'", text));
  }
  return static_cast<std::uint64_t>(*number) << shift;
}

}  // namespace ecr
