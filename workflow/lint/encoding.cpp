#include <fmt/format.h>

#include "base/utf8.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

/// What is in the place of a character, and how often in the file.
struct LostCharacter {
  Place place;
  std::string what;
  std::size_t count = 0;
};

LostCharacter find_lost_characters(const SourceLines& lines) {
  LostCharacter lost;
  for (int number = 1; number <= lines.count(); ++number) {
    auto rest = lines.line(number);
    while (!rest.empty()) {
      const auto start = base::utf8_start(rest);
      const auto character = rest.substr(0, start.bytes);
      if ((!start.valid || character == base::kReplacementCharacter) && ++lost.count == 1) {
        const auto before = static_cast<std::size_t>(rest.data() - lines.line(number).data());
        lost.place = lines.place_behind(number, before);
        lost.what =
            start.valid
                ? "U+FFFD stands here for a character that was lost when the file was saved; write it again"
                : fmt::format("the byte 0x{:02X} is no UTF-8, U+FFFD is read instead; save the file as UTF-8",
                              static_cast<unsigned char>(rest.front()));
      }
      rest.remove_prefix(start.bytes);
    }
  }
  return lost;
}

}  // namespace

void check_encoding(const LintedFile& file, Diagnostics& findings) {
  // Nothing else is read of a file in UTF-16.
  if (file.text.starts_with("\xff\xfe") || file.text.starts_with("\xfe\xff")) return;
  const auto lost = find_lost_characters(file.lines);
  if (lost.count == 0) return;
  const auto more = lost.count == 1 ? "" : fmt::format(" ({} more in this file)", lost.count - 1);
  findings.push_back({{file.path, lost.place.line, lost.place.column}, lost.what + more});
}

}  // namespace workflow::lint
