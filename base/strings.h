#pragma once
// Text without a locale: splitting, trimming, case, percent-encoding. ASCII rules; UTF-8 passes through.

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base {

std::vector<std::string> split(std::string_view text, char separator);
/// Lines without their "\n"; a last line without one counts; "" has none.
std::vector<std::string_view> lines_of(std::string_view text);
/// They would outlive what they are lines of.
template <std::same_as<std::string> Text>
std::vector<std::string_view> lines_of(Text&& text) = delete;
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
/// At most so many bytes from the start, and no half of a UTF-8 character.
std::string_view clipped(std::string_view text, std::size_t bytes);
/// How often the character stands in it, at the speed of memory.
std::size_t count_of(std::string_view text, char character);
/// Where it stands last, or twice in a row from `from` on; npos: nowhere. At the speed of memory, too.
std::size_t find_last(std::string_view text, char character);
std::size_t find_twice(std::string_view text, char character, std::size_t from);
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
/// The text with each character that is among these replaced, as markup languages want it.
std::string replace_characters(std::string_view text,
                               std::span<const std::pair<char, std::string_view>> replacements);
/// RFC 3986: all but unreserved characters as %XX; `keep` lists more to leave alone.
std::string percent_encode(std::string_view text, std::string_view keep = "");
std::string percent_decode(std::string_view text);
/// A whole decimal number, nothing around it.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// "1.5 MiB", for people.
std::string format_bytes(std::uint64_t bytes);
/// "1m 03s", "4.2s", "12ms", for people.
std::string format_duration_ms(std::int64_t milliseconds);

/// A map key order that ignores ASCII case.
struct LessIgnoringCase {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};

}  // namespace base
