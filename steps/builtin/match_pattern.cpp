#include "steps/builtin/match_pattern.h"

#include <fmt/format.h>

#include <cctype>

namespace steps::builtin {
namespace {

/// `[Aa]` for each letter: the engine knows no flags.
std::string ignoring_case(std::string_view expression) {
  std::string result;
  bool in_set = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\' && i + 1 < expression.size()) {
      result += expression.substr(i++, 2);
      continue;
    }
    if (c == '[') in_set = true;
    if (c == ']') in_set = false;
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalpha(byte) == 0) {
      result += c;
      continue;
    }
    const char other = static_cast<char>(std::islower(byte) != 0 ? std::toupper(byte) : std::tolower(byte));
    const bool range = in_set && i + 2 < expression.size() && expression[i + 1] == '-' &&
                       std::isalpha(static_cast<unsigned char>(expression[i + 2])) != 0;
    if (range) {
      const auto end = static_cast<unsigned char>(expression[i + 2]);
      const char other_end =
          static_cast<char>(std::islower(end) != 0 ? std::toupper(end) : std::tolower(end));
      result += fmt::format("{}-{}{}-{}", c, expression[i + 2], other, other_end);
      i += 2;
    } else {
      result += in_set ? fmt::format("{}{}", c, other) : fmt::format("[{}{}]", c, other);
    }
  }
  return result;
}

}  // namespace

base::Result<MatchPattern> compile_match_pattern(const std::string& written) {
  const std::size_t end = written.rfind('/');
  MatchPattern pattern;
  if (!written.starts_with('/') || end < 2) {
    TRY(pattern.expression, TextPattern::compile(written));
    return pattern;
  }
  const std::string flags = written.substr(end + 1);
  // Of a version, which is one line, m and s change nothing; u and d nothing of what a tag may hold.
  if (flags.find_first_not_of("dgimsu") != std::string::npos) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("the flags '{}' of the pattern {} are not supported; g, i, m, s, u and d are", flags,
                    written));
  }
  const std::string expression = written.substr(1, end - 1);
  pattern.global = flags.find('g') != std::string::npos;
  TRY(pattern.expression,
      TextPattern::compile(flags.find('i') == std::string::npos ? expression : ignoring_case(expression)));
  return pattern;
}

}  // namespace steps::builtin
