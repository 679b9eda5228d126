#include "workflow/lint/suppressions.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "workflow/lint/rule_ids.h"

namespace workflow::lint {

namespace {

constexpr std::string_view kMarker = "pipeline-ignore";
// More than anybody writes by hand; without a limit a file could hold a million of them.
constexpr std::size_t kMostIds = 10'000;

/// Where the marker stands in a comment, if it does: after a `#` that begins the line or follows a space.
std::optional<std::size_t> find_marker(std::string_view line) {
  for (auto hash = line.find('#'); hash != std::string_view::npos; hash = line.find('#', hash + 1)) {
    if (hash > 0 && line[hash - 1] != ' ' && line[hash - 1] != '\t') continue;
    const auto start = line.find_first_not_of("# \t", hash);
    if (start != std::string_view::npos && line.substr(start).starts_with(kMarker)) return start;
  }
  return std::nullopt;
}

bool has_content(std::string_view line) {
  const auto trimmed = base::trim(line);
  return !trimmed.empty() && !trimmed.starts_with('#') && trimmed != "---" && !trimmed.starts_with('%');
}

class CommentReader {
 public:
  CommentReader(const std::string& path, Diagnostics& problems) : path_(path), problems_(problems) {}

  Suppressions run(std::string_view text) {
    for (const auto line : base::lines_of(text)) {
      ++number_;
      const bool content = has_content(line);
      if (const auto marker = find_marker(line); marker && !content) {
        auto ids = ids_of(line, *marker);
        auto& target = seen_content_ ? waiting_ : found_.everywhere;
        target.insert(target.end(), ids.begin(), ids.end());
      } else if (marker) {
        add(ids_of(line, *marker));
      }
      if (!content) continue;
      seen_content_ = true;
      if (!waiting_.empty()) add(std::exchange(waiting_, {}));
    }
    return std::move(found_);
  }

 private:
  std::vector<std::string> ids_of(std::string_view line, std::size_t marker) {
    auto rest = line.substr(marker + kMarker.size());
    std::vector<std::string> ids;
    if (!rest.starts_with(':')) {
      report(line, marker, "expected `# pipeline-ignore: RULE[, RULE]`, found no colon after the word");
      return ids;
    }
    rest.remove_prefix(1);
    rest = rest.substr(0, std::min(rest.find(" --"), rest.find(" #")));
    for (const auto& part : base::split(rest, ',')) {
      const std::string id(base::trim(part));
      if (++ids_read_ > kMostIds) break;
      if (const auto wrong = why_not_disabled(id); !wrong.empty()) {
        report(line, marker, wrong);
      } else {
        ids.push_back(id);
      }
    }
    return ids;
  }

  void add(const std::vector<std::string>& ids) {
    auto& line = found_.lines[number_];
    line.insert(line.end(), ids.begin(), ids.end());
  }

  void report(std::string_view line, std::size_t offset, std::string message) {
    // Columns count characters.
    const auto column =
        1 + std::count_if(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(offset),
                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    problems_.push_back(
        {{path_, number_, static_cast<int>(column)}, std::move(message), kIgnoreComment, Severity::warning});
  }

  const std::string& path_;
  Diagnostics& problems_;
  Suppressions found_;
  std::vector<std::string> waiting_;  ///< of comment lines above the next line with content
  int number_ = 0;
  std::size_t ids_read_ = 0;
  bool seen_content_ = false;
};

bool names_rule(const std::vector<std::string>& ids, std::string_view rule) {
  return std::find(ids.begin(), ids.end(), rule) != ids.end();
}

}  // namespace

Suppressions read_suppressions(const std::string& path, std::string_view text, Diagnostics& problems) {
  if (text.find(kMarker) == std::string_view::npos) return {};
  return CommentReader(path, problems).run(text);
}

void remove_suppressed(const Suppressions& suppressions, const std::string& path, Diagnostics& problems) {
  if (suppressions.everywhere.empty() && suppressions.lines.empty()) return;
  std::erase_if(problems, [&](const Diagnostic& problem) {
    if (problem.location.file != path || !can_be_disabled(problem.rule)) return false;
    if (names_rule(suppressions.everywhere, problem.rule)) return true;
    const auto line = suppressions.lines.find(problem.location.line);
    return line != suppressions.lines.end() && names_rule(line->second, problem.rule);
  });
}

}  // namespace workflow::lint
