#include "ecr/file_mode.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr mode_t kAllBits = 07777;

mode_t mode_bits_of_who(char c) {
  switch (c) {
    case 'u':
      return 04700;
    case 'g':
      return 02070;
    case 'o':
      return 01007;
    case 'a':
      return kAllBits;
    default:
      return 0;
  }
}

mode_t mode_bits_of_permission(char c) {
  switch (c) {
    case 'r':
      return 0444;
    case 'w':
      return 0222;
    case 'x':
      return 0111;
    case 's':
      return 06000;
    case 't':
      return 01000;
    default:
      return 0;
  }
}

base::Error bad_mode(std::string_view text) {
  return make_error(
      ErrorKind::invalid_input,
      fmt::format("--chmod: expected an octal mode like 755, or letters like u=rwX,go=rX; found '{}'", text));
}

}  // namespace

Result<FileMode> FileMode::parse(std::string_view text) {
  FileMode mode;
  mode.text_ = std::string(text);
  if (text.empty()) return bad_mode(text);
  if (text.find_first_not_of("01234567") == std::string_view::npos) {
    const unsigned long number = std::strtoul(mode.text_.c_str(), nullptr, 8);
    if (number > kAllBits || text.size() > 8) return bad_mode(text);
    mode.number_ = static_cast<mode_t>(number);
    return mode;
  }
  auto changes = parse_changes(text);
  if (!changes) return bad_mode(text);
  mode.changes_ = std::move(*changes);
  return mode;
}

Result<std::vector<FileMode::Change>> FileMode::parse_changes(std::string_view text) {
  std::vector<Change> changes;
  for (const auto& clause : base::split(text, ',')) TRY(parse_clause(clause, changes));
  return changes;
}

Result<void> FileMode::parse_clause(std::string_view clause, std::vector<Change>& changes) {
  std::size_t at = 0;
  mode_t who = 0;
  while (at < clause.size() && mode_bits_of_who(clause[at]) != 0) who |= mode_bits_of_who(clause[at++]);
  if (who == 0) who = kAllBits;
  if (at == clause.size()) return bad_mode(clause);
  while (at < clause.size()) {
    Change change{.who = who, .how = clause[at++]};
    if (change.how != '+' && change.how != '-' && change.how != '=') return bad_mode(clause);
    for (; at < clause.size() && std::string_view("+-=").find(clause[at]) == std::string_view::npos; ++at) {
      const mode_t bits = mode_bits_of_permission(clause[at]);
      if (bits == 0 && clause[at] != 'X') return bad_mode(clause);
      change.bits |= bits;
      change.search_too = change.search_too || clause[at] == 'X';
    }
    changes.push_back(change);
  }
  return {};
}

mode_t FileMode::changed(mode_t mode, const Change& change, bool is_folder) {
  mode_t bits = change.bits;
  if (change.search_too && (is_folder || (mode & 0111) != 0)) bits |= 0111;
  bits &= change.who;
  if (change.how == '+') return mode | bits;
  if (change.how == '-') return mode & ~bits;
  return (mode & ~change.who) | bits;
}

mode_t FileMode::of(mode_t before, bool is_folder) const {
  if (changes_.empty()) return number_;
  mode_t mode = before & kAllBits;
  for (const auto& change : changes_) mode = changed(mode, change, is_folder);
  return mode & kAllBits;
}

}  // namespace ecr
