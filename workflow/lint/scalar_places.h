#pragma once
// Where the characters of a scalar stand in its file: block, quoted and plain scalars say the same text in
// ways of their own. For findings inside of scripts and expressions; not for reading YAML (yaml_reader).

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/source_lines.h"

namespace workflow::lint {

class ScalarPlaces {
 public:
  /// Of the scalar that starts at this line and column of the file (at its `|`, its quote, its anchor or tag)
  /// and whose text is `text`.
  ScalarPlaces(const std::vector<std::string_view>& lines, Place start, std::string_view text);

  /// Of the character at this byte of the text; behind its end, of the end.
  [[nodiscard]] Place at(std::size_t offset) const;

 private:
  /// From this byte on, text and file go side by side.
  struct Segment {
    std::size_t offset = 0;
    Place place;
  };
  void read_literal(const std::vector<std::string_view>& lines, std::size_t header);
  void read_flowing(const std::vector<std::string_view>& lines, std::size_t line, std::size_t byte,
                    char quote);
  void add_segment(std::size_t offset, const std::vector<std::string_view>& lines, std::size_t line,
                   std::size_t byte);

  std::string text_;
  std::vector<Segment> segments_;
};

}  // namespace workflow::lint
