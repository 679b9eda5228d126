#pragma once
// "Did you mean …?": the known name that a mistyped one is nearest to. Not for searching.

#include <optional>
#include <string>
#include <string_view>

namespace base {

/// Characters to insert, remove, replace or swap with their neighbour to make one of the other, ASCII case
/// apart; nothing when there are more than `most`. Names longer than 100 bytes are like no other.
std::optional<std::size_t> edit_distance(std::string_view a, std::string_view b, std::size_t most);

/// How many slips a name of this length may have to be taken for another.
std::size_t forgivable_slips(std::string_view name);

/// The nearest of the candidates (any range of texts), the first of several; nothing when none is near.
template <typename Names>
std::optional<std::string> similar_name(std::string_view name, const Names& candidates) {
  std::optional<std::string> nearest;
  std::size_t most = forgivable_slips(name);
  for (const auto& candidate : candidates) {
    const auto distance = edit_distance(name, candidate, most);
    if (!distance) continue;
    nearest = std::string(candidate);
    if (*distance == 0) return nearest;
    most = *distance - 1;
  }
  return nearest;
}

}  // namespace base
