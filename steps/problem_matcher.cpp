#include "steps/problem_matcher.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"

namespace steps {
namespace {

constexpr std::size_t kMaximumMatchers = 100;
constexpr int kMaximumExhausted = 3;

/// Colours do not take part in matching.
std::string without_escapes(std::string_view line) {
  std::string plain;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b' || i + 1 >= line.size() || line[i + 1] != '[') {
      plain += line[i];
      continue;
    }
    i += 2;
    while (i < line.size() && (line[i] < '@' || line[i] > '~')) ++i;
  }
  return plain;
}

int to_number(std::string_view text) {
  const auto value = base::parse_integer(base::trim(text));
  return value && *value > 0 && *value < 1'000'000'000 ? static_cast<int>(*value) : 0;
}

LineKind to_level(std::string_view severity) {
  const std::string lower = base::to_lower(severity);
  if (lower.starts_with("warn")) return LineKind::warning;
  if (lower == "notice" || lower == "info") return LineKind::notice;
  return LineKind::error;
}

}  // namespace

base::Result<void> ProblemMatchers::add(std::string_view json) {
  TRY(auto document, base::parse_json(json));
  const base::Json& list = base::json_member(document, "problemMatcher");
  if (!list.is_array() || list.empty())
    return base::invalid_input("expected a list under \"problemMatcher\"");
  for (const base::Json& entry : list) {
    TRY(auto matcher, read_matcher(entry));
    remove(matcher.owner);
    if (matchers_.size() >= kMaximumMatchers)
      return base::invalid_input("more than 100 problem matchers are in use");
    matchers_.insert(matchers_.begin(), std::move(matcher));
  }
  return {};
}

base::Result<ProblemMatchers::Matcher> ProblemMatchers::read_matcher(const base::Json& json) {
  Matcher matcher;
  matcher.owner = base::json_string(json, "owner");
  if (matcher.owner.empty()) return base::invalid_input("a problem matcher needs an \"owner\"");
  matcher.severity = base::json_string(json, "severity");
  const base::Json& patterns = base::json_member(json, "pattern");
  if (!patterns.is_array() || patterns.empty()) {
    return base::invalid_input(
        fmt::format("problem matcher '{}' needs a list under \"pattern\"", matcher.owner));
  }
  for (const base::Json& entry : patterns) {
    TRY(auto pattern,
        read_pattern(entry).while_doing(fmt::format("reading problem matcher '{}'", matcher.owner)));
    matcher.patterns.push_back(std::move(pattern));
  }
  for (std::size_t i = 0; i < matcher.patterns.size(); ++i) {
    if (matcher.patterns[i].loop && (i == 0 || i + 1 < matcher.patterns.size())) {
      return base::invalid_input(
          fmt::format("problem matcher '{}': only the last of several patterns may loop", matcher.owner));
    }
  }
  if (std::none_of(matcher.patterns.begin(), matcher.patterns.end(),
                   [](const Pattern& p) { return p.message > 0; })) {
    return base::invalid_input(
        fmt::format("problem matcher '{}': no pattern says which group is the \"message\"", matcher.owner));
  }
  matcher.progress.resize(matcher.patterns.size());
  return matcher;
}

base::Result<ProblemMatchers::Pattern> ProblemMatchers::read_pattern(const base::Json& json) {
  TRY(auto expression, TextPattern::compile(base::json_string(json, "regexp")));
  Pattern pattern;
  pattern.expression = std::move(expression);
  const auto group = [&](const char* key) {
    return static_cast<int>(std::clamp<std::int64_t>(base::json_integer(json, key), 0, 1000));
  };
  pattern.file = group("file");
  pattern.from_path = group("fromPath");
  pattern.line = group("line");
  pattern.column = group("column");
  pattern.severity = group("severity");
  pattern.code = group("code");
  pattern.message = group("message");
  pattern.loop = base::json_bool(json, "loop");
  return pattern;
}

void ProblemMatchers::remove(std::string_view owner) {
  std::erase_if(matchers_, [&](const Matcher& m) { return base::equals_ignoring_case(m.owner, owner); });
}

void ProblemMatchers::begin_step() {
  for (Matcher& matcher : matchers_)
    std::fill(matcher.progress.begin(), matcher.progress.end(), std::nullopt);
}

void ProblemMatchers::take_groups(const Pattern& pattern, const TextPattern::Match& match,
                                  std::string_view line, Problem& problem) {
  const auto take = [&](int group, std::string& into) {
    if (group > 0) into = match.group(line, group);
  };
  take(pattern.file, problem.file);
  take(pattern.from_path, problem.from_path);
  take(pattern.line, problem.line);
  take(pattern.column, problem.column);
  take(pattern.severity, problem.severity);
  take(pattern.code, problem.code);
  take(pattern.message, problem.message);
}

std::optional<ProblemMatchers::Problem> ProblemMatchers::apply(Matcher& matcher, std::string_view line) {
  const std::size_t last = matcher.patterns.size() - 1;
  for (std::size_t i = last + 1; i-- > 0;) {
    const std::optional<Problem> running = i > 0 ? matcher.progress[i - 1] : std::nullopt;
    if (i > 0 && !running) continue;
    const auto outcome = matcher.patterns[i].expression.search(line);
    if (outcome.exhausted) ++matcher.exhausted;
    if (!outcome.match) {
      if (i == last && i > 0) matcher.progress[i - 1].reset();
      if (i != last) matcher.progress[i].reset();
      continue;
    }
    Problem problem = running.value_or(Problem{});
    take_groups(matcher.patterns[i], *outcome.match, line, problem);
    if (i != last) {
      matcher.progress[i] = std::move(problem);
      continue;
    }
    std::fill(matcher.progress.begin(), matcher.progress.end(), std::nullopt);
    if (matcher.patterns[i].loop) matcher.progress[i - 1] = running;
    return problem;
  }
  return std::nullopt;
}

std::optional<Annotation> ProblemMatchers::match(std::string_view line) {
  if (matchers_.empty()) return std::nullopt;
  const std::string plain = without_escapes(line);
  std::optional<Annotation> found;
  for (Matcher& matcher : matchers_) {
    const auto problem = apply(matcher, plain);
    if (!problem || base::trim(problem->message).empty()) continue;
    found.emplace();
    found->level = to_level(problem->severity.empty() ? matcher.severity : problem->severity);
    found->message =
        problem->code.empty() ? problem->message : fmt::format("{}: {}", problem->code, problem->message);
    found->file = problem->file;
    found->line = to_number(problem->line);
    found->column = found->line > 0 ? to_number(problem->column) : 0;
    for (Matcher& other : matchers_) {
      if (&other != &matcher) std::fill(other.progress.begin(), other.progress.end(), std::nullopt);
    }
    break;
  }
  std::erase_if(matchers_, [](const Matcher& m) { return m.exhausted >= kMaximumExhausted; });
  return found;
}

}  // namespace steps
