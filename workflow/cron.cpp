#include "workflow/cron.h"

#include <fmt/format.h>

#include <array>
#include <optional>
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
  const auto number = text.size() > 2 ? std::nullopt : base::parse_integer(text);
  if (!number || *number < field.least || *number > field.most) return std::nullopt;
  return static_cast<int>(*number);
}

// *, 5, 1-5, and each of them with a step.
bool is_valid(std::string_view element, const Field& field) {
  const auto slash = element.find('/');
  const auto range = element.substr(0, slash);
  if (slash != std::string_view::npos) {
    const auto step =
        element.size() - slash > 3 ? std::nullopt : base::parse_integer(element.substr(slash + 1));
    if (!step || *step < 1 || *step > field.most) return false;
  }
  if (range == "*") return true;
  const auto dash = range.find('-');
  const auto first = number_of(range.substr(0, dash), field);
  if (dash == std::string_view::npos) return first.has_value();
  const auto last = number_of(range.substr(dash + 1), field);
  return first && last && *first <= *last;
}

}  // namespace

std::string problem_of_cron(std::string_view expression) {
  // $cron-daily and its like are what starter workflows hold until they are put into a repository.
  if (expression.starts_with("$cron-")) return "";
  std::vector<std::string> parts;
  for (auto& part : base::split(base::trim(expression), ' ')) {
    if (!part.empty()) parts.push_back(std::move(part));
  }
  if (parts.size() != kFields.size())
    return fmt::format("expected five fields (minute hour day month weekday), found {}", parts.size());
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const auto& field = kFields[i];
    for (const auto& element : base::split(parts[i], ',')) {
      if (!is_valid(element, field)) {
        return fmt::format("'{}' is no {}: expected numbers from {} to {}, *, ranges and steps", parts[i],
                           field.name, field.least, field.most);
      }
    }
  }
  return "";
}

}  // namespace workflow
