#pragma once
// Tars byte by byte, for what no honest writer writes.

#include <fmt/format.h>

#include <string>

namespace base {

inline std::string octal(std::uint64_t number) {
  return fmt::format("{:011o}", number);
}

/// GNU's way to write numbers that octal digits have no room for; negative ones too.
inline std::string base_256(std::int64_t number) {
  std::string field(12, number < 0 ? '\xff' : '\0');
  for (std::size_t i = 0; i < 8; ++i) field[11 - i] = static_cast<char>(number >> (8 * i));
  field[0] = static_cast<char>(field[0] | '\x80');
  return field;
}

/// One header of a ustar entry; `size` is the field as it stands.
struct RawHeader {
  std::string name;
  char type = '0';
  std::string size = octal(0);
  std::string link = {};
  std::string tail = {};  ///< from byte 345 on, where old GNU formats keep what is theirs

  [[nodiscard]] std::string bytes() const {
    std::string block(512, '\0');
    const auto set = [&](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
    set(0, name);
    set(100, "0000644");
    set(108, "0000000");
    set(116, "0000000");
    set(124, size);
    set(136, octal(0));
    set(148, "        ");
    block[156] = type;
    set(157, link);
    set(257, tail.empty() ? std::string("ustar\00000", 8) : "ustar  ");
    set(345, tail);
    unsigned sum = 0;
    for (const char byte : block) sum += static_cast<unsigned char>(byte);
    set(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    return block;
  }
};

/// A header and its content, filled up to whole blocks.
inline std::string raw_entry(RawHeader header, const std::string& content) {
  header.size = octal(content.size());
  std::string bytes = header.bytes() + content;
  bytes.resize((bytes.size() + 511) / 512 * 512);
  return bytes;
}

inline std::string tar_end() {
  return std::string(1024, '\0');
}

}  // namespace base
