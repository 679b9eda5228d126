#include "cli/check_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"

namespace cli {

using workflow::Diagnostic;
using workflow::Severity;

namespace {

std::string_view word_of(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string checked_files(const CheckReport& report) {
  std::vector<std::string> kinds;
  if (report.workflows > 0 || report.actions == 0)
    kinds.push_back(counted(report.workflows, "workflow file"));
  if (report.actions > 0) kinds.push_back(counted(report.actions, "action file"));
  return base::join(kinds, " and ");
}

/// Lines of a text by their numbers, found once.
class Lines {
 public:
  explicit Lines(const std::map<std::string, std::string>& texts) {
    for (const auto& [file, text] : texts) lines_[file] = base::lines_of(text);
  }
  [[nodiscard]] const std::string_view* find(const base::Location& place) const {
    const auto file = lines_.find(place.file);
    if (file == lines_.end() || place.line < 1 || static_cast<std::size_t>(place.line) > file->second.size())
      return nullptr;
    return &file->second[static_cast<std::size_t>(place.line) - 1];
  }

 private:
  std::map<std::string, std::vector<std::string_view>> lines_;
};

std::string place_of(const base::Location& place) {
  if (place.line == 0) return place.file;
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

std::string text_of(const Diagnostic& problem, const Lines& lines, Colours colours) {
  const bool coloured = colours == Colours::yes;
  const auto* severity_colour = !coloured                             ? ""
                                : problem.severity == Severity::error ? "\x1b[1;31m"
                                                                      : "\x1b[1;33m";
  const auto* bold = coloured ? "\x1b[1m" : "";
  const auto* grey = coloured ? "\x1b[90m" : "";
  const auto* plain = coloured ? "\x1b[0m" : "";
  auto text = fmt::format("{}{}:{} {}{}:{} {} {}[{}]{}\n", bold, printable(place_of(problem.location)), plain,
                          severity_colour, word_of(problem.severity), plain, printable(problem.message), grey,
                          problem.rule, plain);
  if (const auto* line = lines.find(problem.location); line != nullptr)
    text += source_excerpt(*line, problem.location.line, problem.location.column, colours);
  return text;
}

const std::string& path_of(const CheckReport& report, const std::string& file) {
  const auto found = report.paths.find(file);
  return found == report.paths.end() ? file : found->second;
}

std::string escaped(std::string_view text) {
  auto result = base::replace_all(text, "%", "%25");
  result = base::replace_all(result, "\r", "%0D");
  return base::replace_all(result, "\n", "%0A");
}

std::string escaped_property(std::string_view text) {
  auto result = base::replace_all(escaped(text), ":", "%3A");
  return base::replace_all(result, ",", "%2C");
}

}  // namespace

std::size_t count_of(const CheckReport& report, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(report.problems.begin(), report.problems.end(),
                    [&](const Diagnostic& problem) { return problem.severity == severity; }));
}

std::string text_report(const CheckReport& report, Colours colours) {
  const Lines lines(report.texts);
  std::string text;
  for (const auto& problem : report.problems) text += text_of(problem, lines, colours);
  if (report.problems.empty()) return fmt::format("{}, no problem\n", checked_files(report));
  return text + fmt::format("{}: {}, {}\n", checked_files(report),
                            counted(count_of(report, Severity::error), "error"),
                            counted(count_of(report, Severity::warning), "warning"));
}

std::string json_report(const CheckReport& report) {
  base::Json problems = base::Json::array();
  for (const auto& problem : report.problems) {
    problems.push_back({{"file", problem.location.file},
                        {"line", problem.location.line},
                        {"column", problem.location.column},
                        {"message", problem.message},
                        {"rule", std::string(problem.rule)},
                        {"severity", std::string(word_of(problem.severity))}});
  }
  return base::to_text(problems, 2) + "\n";
}

std::string github_report(const CheckReport& report) {
  std::string text;
  for (const auto& problem : report.problems) {
    const auto& place = problem.location;
    text +=
        fmt::format("::{} file={}", word_of(problem.severity), escaped_property(path_of(report, place.file)));
    if (place.line > 0) text += fmt::format(",line={}", place.line);
    if (place.column > 0) text += fmt::format(",col={}", place.column);
    text += fmt::format(",title={}::{}\n", escaped_property(problem.rule), escaped(problem.message));
  }
  return text;
}

}  // namespace cli
