#include "steps/workflow_commands.h"

#include <algorithm>
#include <array>
#include <utility>

namespace steps {
namespace {

constexpr std::array<std::string_view, 15> kCommands = {
    "add-mask",       "add-matcher", "add-path", "debug",      "echo",
    "endgroup",       "error",       "group",    "notice",     "warning",
    "remove-matcher", "save-state",  "set-env",  "set-output", "stop-commands",
};

using Escapes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// `%25` is last, so that "%250A" is the text "%0A" and not a newline.
std::string unescape(std::string_view text, Escapes escapes) {
  std::string result(text);
  for (const auto& [escaped, plain] : escapes) result = base::replace_all(result, escaped, plain);
  return base::replace_all(result, "%25", "%");
}

std::string unescape_data(std::string_view text) {
  return unescape(text, {{"%0D", "\r"}, {"%0A", "\n"}});
}

std::string unescape_property(std::string_view text) {
  return unescape(text, {{"%0D", "\r"}, {"%0A", "\n"}, {"%3A", ":"}, {"%2C", ","}});
}

std::string unescape_bracketed(std::string_view text) {
  return unescape(text, {{"%3B", ";"}, {"%0D", "\r"}, {"%0A", "\n"}, {"%5D", "]"}});
}

using Unescape = std::string (*)(std::string_view);

std::optional<WorkflowCommand> read_command(std::string_view head, std::string_view data, char separator,
                                            std::string_view resume_token, Unescape property,
                                            Unescape value) {
  const std::size_t space = head.find(' ');
  WorkflowCommand command;
  command.name = base::to_lower(head.substr(0, space));
  const bool resumes = !resume_token.empty() && base::equals_ignoring_case(command.name, resume_token);
  if (!resumes && !is_workflow_command(command.name)) return std::nullopt;
  if (space != std::string_view::npos) {
    for (const std::string& pair : base::split(base::trim(head.substr(space + 1)), separator)) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size()) continue;
      command.properties[pair.substr(0, equals)] = property(std::string_view(pair).substr(equals + 1));
    }
  }
  command.data = value(data);
  return command;
}

std::string_view without_leading_space(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\v\f");
  return first == std::string_view::npos ? std::string_view() : line.substr(first);
}

}  // namespace

std::string WorkflowCommand::property(std::string_view key) const {
  auto found = properties.find(key);
  return found == properties.end() ? std::string() : found->second;
}

bool is_workflow_command(std::string_view name) {
  return std::any_of(kCommands.begin(), kCommands.end(),
                     [&](std::string_view known) { return base::equals_ignoring_case(known, name); });
}

std::optional<WorkflowCommand> parse_workflow_command(std::string_view line, std::string_view resume_token) {
  std::string_view text = without_leading_space(line);
  if (text.starts_with("::")) {
    const std::size_t end = text.find("::", 2);
    if (end != std::string_view::npos) {
      auto command = read_command(text.substr(2, end - 2), text.substr(end + 2), ',', resume_token,
                                  unescape_property, unescape_data);
      if (command) return command;
    }
  }
  const std::size_t begin = line.find("##[");
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = line.find(']', begin);
  if (end == std::string_view::npos) return std::nullopt;
  return read_command(line.substr(begin + 3, end - begin - 3), line.substr(end + 1), ';', resume_token,
                      unescape_bracketed, unescape_bracketed);
}

Annotation to_annotation(const WorkflowCommand& command) {
  constexpr std::size_t kMaximumMessage = 4096;
  auto number = [&](std::string_view key) -> int {
    auto value = base::parse_integer(base::trim(command.property(key)));
    return value && *value > 0 && *value < 1'000'000'000 ? static_cast<int>(*value) : 0;
  };
  Annotation annotation;
  annotation.level = command.name == "notice"    ? LineKind::notice
                     : command.name == "warning" ? LineKind::warning
                                                 : LineKind::error;
  annotation.message = command.data.substr(0, kMaximumMessage);
  annotation.title = command.property("title");
  annotation.file = command.property("file");
  annotation.line = number("line");
  annotation.end_line = number("endLine");
  annotation.column = number("col");
  annotation.end_column = number("endColumn");
  if (annotation.line == 0) annotation.line = annotation.end_line;
  if (annotation.end_line != 0 && annotation.end_line < annotation.line) annotation.end_line = 0;
  const bool spans_lines = annotation.end_line != 0 && annotation.end_line != annotation.line;
  if (annotation.line == 0 || spans_lines) annotation.column = annotation.end_column = 0;
  if (annotation.column == 0) annotation.column = annotation.end_column;
  if (annotation.end_column < annotation.column) annotation.end_column = 0;
  return annotation;
}

}  // namespace steps
