#include "steps/glob_pattern.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "steps/glob_segment.h"

namespace steps {

namespace {

using Names = std::vector<std::string>;

bool ends_with_any_number(const GlobPattern& pattern) {
  return !pattern.segments.empty() && pattern.segments.back().kind == GlobSegment::Kind::any_number;
}

GlobSegment literal_segment(std::string name) {
  return {.kind = GlobSegment::Kind::literal, .text = std::move(name)};
}

/// One line, already trimmed.
class LineReader {
 public:
  LineReader(std::string_view line, const Names& workspace, const Names& home)
      : line_(line), workspace_(workspace), home_(home) {}

  base::Result<GlobPattern> read() {
    auto text = line_;
    while (text.starts_with('!')) {
      pattern_.excludes = !pattern_.excludes;
      text = base::trim(text.substr(1));
    }
    if (text.empty()) return refused("it names nothing");
    const bool rooted = text.starts_with('/');
    const auto written = names_of(text);
    for (std::size_t i = 0; i < written.size(); ++i) {
      const auto literal = literal_of(written[i]);
      if (literal == ".." || (literal == "." && (i > 0 || rooted)))
        return refused("'.' and '..' are not allowed in it");
    }
    std::size_t first = 0;
    if (!rooted && (written[0] == "." || written[0] == "~")) first = 1;
    if (!rooted) add_base(written[0] == "~" ? home_ : workspace_);
    for (std::size_t i = first; i < written.size(); ++i) add(written[i]);
    pattern_.directories_only = text.size() > 1 && text.ends_with('/');
    return std::move(pattern_);
  }

 private:
  void add_base(const Names& names) {
    for (const auto& name : names) pattern_.segments.push_back(literal_segment(name));
    pattern_.search_path = names;
  }

  void add(const std::string& written) {
    const auto literal = literal_of(written);
    searching_ = searching_ && !literal.empty();
    if (searching_) pattern_.search_path.push_back(literal);
    auto segment = parse_glob_segment(written);
    // Two of them in a row are one.
    if (segment.kind == GlobSegment::Kind::any_number && ends_with_any_number(pattern_)) return;
    pattern_.segments.push_back(std::move(segment));
  }

  base::Error refused(std::string_view why) const {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("hashFiles: the pattern '{}' is invalid: {}", line_, why));
  }

  std::string_view line_;
  const Names& workspace_;
  const Names& home_;
  GlobPattern pattern_;
  bool searching_ = true;
};

bool same_start(const std::vector<GlobSegment>& segments, std::size_t from, const Names& names,
                std::size_t at, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!segment_matches(segments[from + i], names[at + i])) return false;
  }
  return true;
}

// The parts between two `**` are found one after another, each at its first place; what ends the pattern
// stands at the end of the path. A `**` at the end wants something to stand for.
bool matches(const std::vector<GlobSegment>& segments, const Names& names) {
  const auto is_gap = [](const GlobSegment& segment) {
    return segment.kind == GlobSegment::Kind::any_number;
  };
  const auto first_gap =
      static_cast<std::size_t>(std::find_if(segments.begin(), segments.end(), is_gap) - segments.begin());
  if (first_gap == segments.size())
    return segments.size() == names.size() && same_start(segments, 0, names, 0, names.size());
  if (names.size() < first_gap || !same_start(segments, 0, names, 0, first_gap)) return false;
  std::size_t at = first_gap;
  for (std::size_t gap = first_gap;;) {
    std::size_t next = gap + 1;
    while (next < segments.size() && !is_gap(segments[next])) ++next;
    const std::size_t count = next - gap - 1;
    if (next == segments.size()) {
      if (count == 0) return at < names.size();
      return at + count <= names.size() && same_start(segments, gap + 1, names, names.size() - count, count);
    }
    while (at + count <= names.size() && !same_start(segments, gap + 1, names, at, count)) ++at;
    if (at + count > names.size()) return false;
    at += count;
    gap = next;
  }
}

bool matches_in_part(const GlobPattern& pattern, const Names& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == pattern.segments.size()) return false;
    if (pattern.segments[i].kind == GlobSegment::Kind::any_number) return true;
    if (!segment_matches(pattern.segments[i], names[i])) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> names_of(std::string_view path) {
  Names names;
  for (auto& name : base::split(path, '/')) {
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

base::Result<std::vector<GlobPattern>> parse_glob_patterns(std::string_view text,
                                                           const std::string& workspace,
                                                           const std::string& home) {
  const auto workspace_names = names_of(workspace);
  const auto home_names = names_of(home);
  std::vector<GlobPattern> patterns;
  for (auto line : base::lines_of(text)) {
    line = base::trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    TRY(auto pattern, LineReader(line, workspace_names, home_names).read());
    const bool implies = pattern.directories_only || !ends_with_any_number(pattern);
    patterns.push_back(pattern);
    if (!implies) continue;
    pattern.directories_only = false;
    pattern.implied = true;
    if (!ends_with_any_number(pattern)) pattern.segments.push_back({.kind = GlobSegment::Kind::any_number});
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

std::vector<std::vector<std::string>> search_paths_of(const std::vector<GlobPattern>& patterns) {
  std::vector<Names> all;
  for (const auto& pattern : patterns) {
    if (!pattern.excludes) all.push_back(pattern.search_path);
  }
  const auto is_below = [](const Names& path, const Names& other) {
    return other.size() < path.size() && std::equal(other.begin(), other.end(), path.begin());
  };
  std::vector<Names> paths;
  for (const auto& path : all) {
    if (std::any_of(all.begin(), all.end(), [&](const Names& other) { return is_below(path, other); }))
      continue;
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  return paths;
}

GlobVerdict match_globs(const std::vector<GlobPattern>& patterns, const std::vector<std::string>& names) {
  GlobVerdict verdict;
  // `a/**` is held against `a/`, so that it takes `a` itself.
  auto with_end = names;
  with_end.emplace_back();
  for (const auto& pattern : patterns) {
    if (!matches(pattern.segments, ends_with_any_number(pattern) && !pattern.implied ? with_end : names))
      continue;
    verdict.as_directory = !pattern.excludes;
    if (!pattern.directories_only) verdict.as_file = !pattern.excludes;
  }
  return verdict;
}

bool may_match_below(const std::vector<GlobPattern>& patterns, const std::vector<std::string>& names) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const GlobPattern& pattern) {
    return !pattern.excludes && matches_in_part(pattern, names);
  });
}

}  // namespace steps
