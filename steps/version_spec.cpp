#include "steps/version_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/strings.h"

namespace steps {
namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// `3`, `3.x`, `v3.11.2`: the parts that are given, the rest is open.
struct Partial {
  Version version;
  int given = 0;
};

std::optional<Partial> parse_partial(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('=')) text.remove_prefix(1);
  // A pre-release or build part says nothing about a released tool.
  text = text.substr(0, text.find_first_of("-+"));
  Partial partial;
  bool open = false;
  const std::vector<std::string> parts = base::split(text, '.');
  if (text.empty() || parts.size() > 3) return std::nullopt;
  for (const std::string& part : parts) {
    if (part == "x" || part == "X" || part == "*") {
      open = true;
      continue;
    }
    const auto number = base::parse_integer(part);
    if (open || !number || *number < 0 || *number > 100'000) return std::nullopt;
    partial.version.parts[partial.given++] = static_cast<int>(*number);
  }
  return partial;
}

/// The first version after all that begin with the first `count` parts.
Version after(Version version, int count) {
  ++version.parts[count - 1];
  for (std::size_t i = static_cast<std::size_t>(count); i < version.parts.size(); ++i) version.parts[i] = 0;
  return version;
}

}  // namespace

std::optional<Version> find_version(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    if (!is_digit(text[begin]) || (begin > 0 && is_digit(text[begin - 1]))) continue;
    std::size_t end = begin;
    int dots = 0;
    while (end < text.size() && (is_digit(text[end]) || (text[end] == '.' && dots < 2 &&
                                                         end + 1 < text.size() && is_digit(text[end + 1])))) {
      dots += text[end] == '.' ? 1 : 0;
      ++end;
    }
    if (dots == 0) continue;
    auto partial = parse_partial(text.substr(begin, end - begin));
    if (partial) return partial->version;
  }
  return std::nullopt;
}

std::string to_string(const Version& version) {
  return fmt::format("{}.{}.{}", version.parts[0], version.parts[1], version.parts[2]);
}

base::Result<VersionSpec> VersionSpec::parse(std::string_view text) {
  VersionSpec spec;
  std::string rest = base::replace_all(text, "||", "\n");
  for (const std::string& part : base::split(rest, '\n')) {
    TRY(Bounds bounds, parse_bounds(base::trim(part)));
    spec.alternatives_.push_back(std::move(bounds));
  }
  return spec;
}

base::Result<VersionSpec::Bounds> VersionSpec::parse_bounds(std::string_view text) {
  const auto fault = [&] {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("'{}' is not a version or range; use for example 3.11, 3.x, >=3.9 <3.13", text));
  };
  Bounds bounds;
  if (const std::size_t dash = text.find(" - "); dash != std::string_view::npos) {
    const auto from = parse_partial(base::trim(text.substr(0, dash)));
    const auto to = parse_partial(base::trim(text.substr(dash + 3)));
    if (!from || !to) return fault();
    bounds.push_back({Relation::at_least, from->version});
    if (to->given > 0) bounds.push_back({Relation::less, after(to->version, to->given)});
    return bounds;
  }
  // ">= 3.9, < 4" is written with spaces and commas too.
  std::string joined;
  for (char c : text) {
    if (c == ',' || std::isspace(static_cast<unsigned char>(c)) != 0) {
      if (!joined.empty() && std::string_view("<>=^~ ").find(joined.back()) == std::string_view::npos)
        joined += ' ';
    } else {
      joined += c;
    }
  }
  if (base::trim(joined).empty()) return bounds;
  for (const std::string& one : base::split(base::trim(joined), ' ')) {
    if (!add_comparison(one, bounds)) return fault();
  }
  return bounds;
}

bool VersionSpec::add_comparison(std::string_view text, Bounds& bounds) {
  const std::size_t begin = std::min(text.find_first_not_of("<>=^~!"), text.size());
  const std::string_view op = text.substr(0, begin);
  const auto partial = parse_partial(text.substr(begin));
  if (!partial) return false;
  const Version& version = partial->version;
  const int given = partial->given;
  const auto at_least = [&](const Version& v) { bounds.push_back({Relation::at_least, v}); };
  const auto less = [&](const Version& v) { bounds.push_back({Relation::less, v}); };
  if (op.empty() || op == "=" || op == "==") {
    at_least(version);
    if (given > 0) less(after(version, given));
  } else if (op == ">=") {
    at_least(version);
  } else if (op == ">") {
    at_least(given > 0 ? after(version, given) : version);
  } else if (op == "<") {
    less(version);
  } else if (op == "<=") {
    if (given > 0) less(after(version, given));
  } else if (op == "^") {
    // Up to the next change of the leftmost part that is not zero.
    int kept = 1;
    while (kept < given && version.parts[kept - 1] == 0) ++kept;
    at_least(version);
    if (given > 0) less(after(version, kept));
  } else if (op == "~" || op == "~=" || op == "~>") {
    const int kept = op == "~" ? std::min(given, 2) : std::max(given - 1, 1);
    at_least(version);
    if (given > 0) less(after(version, kept));
  } else {
    return false;
  }
  return true;
}

bool VersionSpec::allows(const Version& version) const {
  return std::any_of(alternatives_.begin(), alternatives_.end(), [&](const Bounds& bounds) {
    return std::all_of(bounds.begin(), bounds.end(), [&](const Bound& bound) {
      return bound.relation == Relation::less ? version < bound.version : version >= bound.version;
    });
  });
}

}  // namespace steps
