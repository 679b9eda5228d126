#include "workflow/repository_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"

namespace workflow {

namespace {

constexpr std::size_t kCommitDigits = 40;
constexpr std::size_t kFewestDigits = 7;  // git's shortest abbreviation

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name != "." && name != ".." && std::all_of(name.begin(), name.end(), is_allowed);
}

// git-check-ref-format, and what a command line could take for a flag.
bool is_ref(std::string_view ref) {
  if (ref.empty() || ref.front() == '-' || ref.front() == '/' || ref.back() == '/' || ref.back() == '.')
    return false;
  if (ref.find("..") != std::string_view::npos || ref.find("//") != std::string_view::npos ||
      ref.find("@{") != std::string_view::npos || ref.find("/.") != std::string_view::npos ||
      ref.front() == '.')
    return false;
  return std::none_of(ref.begin(), ref.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f ||
           std::string_view("~^:?*[\\").find(c) != std::string_view::npos;
  });
}

/// The folder names of a path; nothing when it leads out.
std::optional<std::string> plain_path(const std::vector<std::string>& parts, std::size_t first) {
  std::vector<std::string> kept;
  for (std::size_t i = first; i < parts.size(); ++i) {
    if (parts[i] == ".." || parts[i].find('\0') != std::string::npos) return std::nullopt;
    if (!parts[i].empty() && parts[i] != ".") kept.push_back(parts[i]);
  }
  return base::join(kept, "/");
}

}  // namespace

std::optional<RepositoryReference> parse_repository_reference(std::string_view uses) {
  const auto at = uses.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  const auto parts = base::split(uses.substr(0, at), '/');
  const auto ref = uses.substr(at + 1);
  if (parts.size() < 2 || !is_name(parts[0]) || !is_name(parts[1]) || !is_ref(ref)) return std::nullopt;
  auto path = plain_path(parts, 2);
  if (!path) return std::nullopt;
  return RepositoryReference{parts[0] + "/" + parts[1], std::move(*path), std::string(ref)};
}

std::string to_string(const RepositoryReference& reference) {
  const auto& path = reference.path;
  return fmt::format("{}{}{}@{}", reference.repository, path.empty() ? "" : "/", path, reference.ref);
}

bool is_full_commit(std::string_view ref) {
  return ref.size() == kCommitDigits && is_hexadecimal(ref);
}

bool is_short_commit(std::string_view ref) {
  return ref.size() >= kFewestDigits && ref.size() < kCommitDigits && is_hexadecimal(ref);
}

}  // namespace workflow
