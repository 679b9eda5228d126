#pragma once
// A text by its lines: bytes of a line ↔ its characters, for places that people count in characters. Not for
// what the text means.

#include <cstddef>
#include <string_view>
#include <vector>

namespace workflow {

/// 1-based; a column counts characters of UTF-8, and bytes where the text is none.
struct Place {
  int line = 0;
  int column = 0;
  bool operator==(const Place&) const = default;
};

/// Remembers the place that was asked for last: asking for all places of one line takes linear time. Of one
/// thread.
class SourceLines {
 public:
  /// The text must outlive this.
  explicit SourceLines(std::string_view text);

  [[nodiscard]] int count() const { return static_cast<int>(lines_.size()); }
  /// A line by its number, empty behind the last.
  [[nodiscard]] std::string_view line(int number) const;
  /// The place behind so many bytes of a line; bytes that the line lacks count as characters.
  [[nodiscard]] Place place_behind(int number, std::size_t bytes) const;
  /// How many bytes of its line stand before a place.
  [[nodiscard]] std::size_t bytes_before(Place place) const;

 private:
  struct Cursor {
    int line = 0;
    std::size_t bytes = 0;
    int characters = 0;  ///< that begin in these bytes
  };

  void go_to_line(int number) const;
  void step_forward(std::string_view text) const;
  void step_back(std::string_view text) const;

  std::vector<std::string_view> lines_;
  mutable Cursor last_;
};

}  // namespace workflow
