#include "steps/problem_matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/json.h"
#include "base/strings.h"

namespace steps {
namespace {

constexpr std::size_t kMaximumMatchers = 100;
constexpr int kMaximumExhausted = 3;

/// Colours do not take part in matching (actions/runner OutputManager._colorCodeRegex).
std::string without_escapes(std::string_view line) {
  std::string plain;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b' || i + 1 >= line.size() || line[i + 1] != '[') {
      plain += line[i];
      continue;
    }
    i += 2;
    while (i < line.size() && (line[i] == ';' || (line[i] >= '0' && line[i] <= '9'))) ++i;
    if (i >= line.size() || line[i] != 'm') --i;
  }
  return plain;
}

int to_number(std::string_view text) {
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return 0;
  const auto value = base::parse_integer(text);
  return value && *value > 0 && *value < 1'000'000'000 ? static_cast<int>(*value) : 0;
}

/// Nothing for a severity that there is none of.
std::optional<LineKind> to_level(std::string_view severity) {
  if (severity.empty() || base::equals_ignoring_case(severity, "error")) return LineKind::error;
  if (base::equals_ignoring_case(severity, "warning")) return LineKind::warning;
  if (base::equals_ignoring_case(severity, "notice")) return LineKind::notice;
  return std::nullopt;
}

base::Result<base::Json> list_in(std::string_view json) {
  TRY(auto document, base::parse_json(json));
  const base::Json& list = base::json_member(document, "problemMatcher");
  if (list.is_null()) return base::Json(base::Json::array());
  if (!list.is_array()) return base::invalid_input("expected a list under \"problemMatcher\"");
  return list;
}

}  // namespace

base::Result<void> ProblemMatchers::add(std::string_view json) {
  TRY(const auto list, list_in(json));
  std::vector<Matcher> added;
  for (const base::Json& entry : list) {
    TRY(auto matcher, read_matcher(entry));
    for (const Matcher& other : added) {
      if (base::equals_ignoring_case(other.owner, matcher.owner))
        return base::invalid_input(fmt::format("Duplicate owner name '{}'", matcher.owner));
    }
    added.push_back(std::move(matcher));
  }
  for (Matcher& matcher : added) {
    remove(matcher.owner);
    if (matchers_.size() >= kMaximumMatchers)
      return base::invalid_input("more than 100 problem matchers are in use");
    matchers_.insert(matchers_.begin(), std::move(matcher));
  }
  return {};
}

base::Result<std::vector<std::string>> ProblemMatchers::owners_in(std::string_view json) {
  TRY(const auto list, list_in(json));
  std::vector<std::string> owners;
  for (const base::Json& entry : list) owners.push_back(base::json_string(entry, "owner"));
  return owners;
}

base::Result<ProblemMatchers::Matcher> ProblemMatchers::read_matcher(const base::Json& json) {
  Matcher matcher;
  matcher.owner = base::json_string(json, "owner");
  if (matcher.owner.empty()) return base::invalid_input("Owner must not be empty");
  matcher.severity = base::json_string(json, "severity");
  if (!to_level(matcher.severity)) {
    return base::invalid_input(fmt::format("Matcher '{}' contains unexpected default severity '{}'",
                                           matcher.owner, matcher.severity));
  }
  matcher.from_path = base::json_string(json, "fromPath");
  const base::Json& patterns = base::json_member(json, "pattern");
  if (!patterns.is_array() || patterns.empty())
    return base::invalid_input(fmt::format("Matcher '{}' does not contain any patterns", matcher.owner));
  std::set<std::string> seen;
  for (const base::Json& entry : patterns) {
    TRY(auto pattern, read_pattern(entry, seen));
    matcher.patterns.push_back(std::move(pattern));
  }
  for (std::size_t i = 0; i < matcher.patterns.size(); ++i) {
    if (!matcher.patterns[i].loop) continue;
    if (i == 0 || i + 1 < matcher.patterns.size())
      return base::invalid_input("Only the last pattern in a multiline matcher may set 'loop'");
    if (matcher.patterns[i].message < 0) return base::invalid_input("The loop pattern must set 'message'");
  }
  if (!seen.contains("message")) return base::invalid_input("At least one pattern must set 'message'");
  matcher.progress.resize(matcher.patterns.size());
  return matcher;
}

base::Result<ProblemMatchers::Pattern> ProblemMatchers::read_pattern(const base::Json& json,
                                                                     std::set<std::string>& seen) {
  TRY(auto expression, TextPattern::compile(base::json_string(json, "regexp")));
  Pattern pattern;
  pattern.expression = std::move(expression);
  const std::array<std::pair<const char*, int*>, 7> members = {{{"file", &pattern.file},
                                                                {"line", &pattern.line},
                                                                {"column", &pattern.column},
                                                                {"severity", &pattern.severity},
                                                                {"code", &pattern.code},
                                                                {"message", &pattern.message},
                                                                {"fromPath", &pattern.from_path}}};
  for (const auto& [name, group] : members) {
    const base::Json& value = base::json_member(json, name);
    if (!value.is_number_integer()) continue;
    const std::int64_t number = base::json_integer(json, name);
    if (!seen.insert(name).second)
      return base::invalid_input(fmt::format("The property '{}' is set twice", name));
    if (number < 0 || number >= pattern.expression.group_count()) {
      return base::invalid_input(
          fmt::format("The property '{}' is set to {} which is out of range", name, number));
    }
    *group = static_cast<int>(number);
  }
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
    if (group >= 0) into = match.group(line, group);
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

std::optional<ProblemMatchers::Found> ProblemMatchers::match(std::string_view line) {
  if (matchers_.empty()) return std::nullopt;
  std::string plain = without_escapes(line);
  std::optional<Found> found;
  for (Matcher& matcher : matchers_) {
    const auto problem = apply(matcher, plain);
    if (!problem) continue;
    for (Matcher& other : matchers_) {
      if (&other != &matcher) std::fill(other.progress.begin(), other.progress.end(), std::nullopt);
    }
    const auto level = to_level(problem->severity.empty() ? matcher.severity : problem->severity);
    if (!level || base::trim(problem->message).empty()) continue;
    found.emplace();
    found->annotation.level = *level;
    found->annotation.message = problem->message;
    found->annotation.code = base::trim(problem->code);
    found->annotation.line = to_number(problem->line);
    found->annotation.column = to_number(problem->column);
    found->annotation.file = problem->file;
    found->annotation.log_line = std::move(plain);
    found->from_path = problem->from_path.empty() ? matcher.from_path : problem->from_path;
    break;
  }
  std::erase_if(matchers_, [](const Matcher& m) { return m.exhausted >= kMaximumExhausted; });
  return found;
}

}  // namespace steps
