#include "base/similar_name.h"

#include <algorithm>
#include <vector>

#include "base/strings.h"

namespace base {

namespace {

constexpr std::size_t kLongestName = 100;

}  // namespace

// Optimal string alignment, three rows at a time.
std::optional<std::size_t> edit_distance(std::string_view a, std::string_view b, std::size_t most) {
  if (a.size() > kLongestName || b.size() > kLongestName) return std::nullopt;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return std::nullopt;
  const auto from = to_lower(a);
  const auto to = to_lower(b);
  std::vector<std::size_t> before(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::swap(before, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[to.size()] <= most ? std::optional(row[to.size()]) : std::nullopt;
}

// One slip in three characters: `brnaches` is `branches`, but `on` is not `if`.
std::size_t forgivable_slips(std::string_view name) {
  if (name.size() < 3) return 0;
  return std::min<std::size_t>((name.size() + 1) / 4 + 1, 4);
}

}  // namespace base
