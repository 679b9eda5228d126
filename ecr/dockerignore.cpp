#include "ecr/dockerignore.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace ecr {

namespace {

constexpr std::size_t kMostPatterns = 10'000;

/// As Go's filepath.Clean for relative paths: no empty parts, no `.`, `..` resolved.
std::vector<std::string> clean_parts(std::string_view path) {
  std::vector<std::string> parts;
  for (auto& part : base::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else {
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

/// Whether `c` is in the class that starts behind '['; moves `at` behind its ']'. Nothing for a class without
/// an end.
std::optional<bool> class_matches(std::string_view pattern, std::size_t& at, char c) {
  bool negated = false;
  bool matched = false;
  if (at < pattern.size() && pattern[at] == '^') {
    negated = true;
    ++at;
  }
  for (bool first = true; at < pattern.size(); first = false) {
    if (pattern[at] == ']' && !first) {
      ++at;
      return matched != negated;
    }
    const auto next = [&]() -> char {
      if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
      return pattern[at++];
    };
    const char low = next();
    char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      high = next();
    }
    if (low <= c && c <= high) matched = true;
  }
  return std::nullopt;
}

}  // namespace

bool part_matches(std::string_view pattern, std::string_view part) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // behind the last '*', to come back to
  std::size_t star_text = 0;
  while (t < part.size()) {
    bool matched = false;
    std::size_t next = p;
    if (p < pattern.size()) {
      const char c = pattern[p];
      if (c == '*') {
        star = ++p;
        star_text = t;
        continue;
      }
      next = p + 1;
      if (c == '?') {
        matched = true;
      } else if (c == '[') {
        const auto in_class = class_matches(pattern, next, part[t]);
        if (!in_class) return false;
        matched = *in_class;
      } else if (c == '\\' && p + 1 < pattern.size()) {
        matched = pattern[p + 1] == part[t];
        next = p + 2;
      } else {
        matched = c == part[t];
      }
    }
    if (matched) {
      p = next;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool parts_match(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  // The same walk as part_matches(), with `**` for `*`: linear but for one remembered place to come back to.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = pattern.size() + 1;
  std::size_t star_path = 0;
  while (t < path.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      star = ++p;
      star_path = t;
    } else if (p < pattern.size() && part_matches(pattern[p], path[t])) {
      ++p;
      ++t;
    } else if (star <= pattern.size()) {
      p = star;
      t = ++star_path;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == "**") ++p;
  return p == pattern.size();
}

base::Result<DockerIgnore> DockerIgnore::parse(std::string_view text) {
  DockerIgnore ignore;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (const auto line : base::lines_of(text)) {
    if (line.starts_with('#')) continue;
    auto written = base::trim(line);
    Pattern pattern;
    pattern.negated = written.starts_with('!');
    if (pattern.negated) written = base::trim(written.substr(1));
    if (pattern.negated && written.empty())
      return base::invalid_input(
          fmt::format("illegal exclusion pattern: \"{}\": expected a name behind the !", line));
    pattern.parts = clean_parts(written);
    if (pattern.parts.empty()) continue;
    if (ignore.patterns_.size() >= kMostPatterns) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format(".dockerignore has more than {} patterns", kMostPatterns));
    }
    ignore.patterns_.push_back(std::move(pattern));
  }
  return ignore;
}

bool DockerIgnore::excludes(std::string_view path) const {
  const auto parts = clean_parts(path);
  bool excluded = false;
  for (const auto& pattern : patterns_) {
    if (pattern.negated != excluded) continue;  // it would change nothing
    // A pattern that matches a folder matches all below it.
    for (std::size_t length = 1; length <= parts.size(); ++length) {
      if (!parts_match(pattern.parts, {parts.begin(), parts.begin() + static_cast<long>(length)})) continue;
      excluded = !pattern.negated;
      break;
    }
  }
  return excluded;
}

bool DockerIgnore::has_exceptions() const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [](const Pattern& pattern) { return pattern.negated; });
}

bool DockerIgnore::excludes_all() const {
  const auto is_star = [](const std::string& part) { return part == "*" || part == "**"; };
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
    return !pattern.negated && std::all_of(pattern.parts.begin(), pattern.parts.end(), is_star) &&
           parts_match(pattern.parts, {"anything"});
  });
}

bool DockerIgnore::may_include_below(std::string_view folder) const {
  const auto parts = clean_parts(folder);
  for (const auto& pattern : patterns_) {
    if (!pattern.negated) continue;
    bool possible = true;
    for (std::size_t i = 0; i < parts.size() && i < pattern.parts.size() && possible; ++i) {
      if (pattern.parts[i] == "**") break;
      possible = part_matches(pattern.parts[i], parts[i]);
    }
    if (possible) return true;
  }
  return false;
}

}  // namespace ecr
