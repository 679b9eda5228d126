#include "workflow/diagnostic.h"

#include <fmt/format.h>

namespace workflow {

namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::string github_place(const base::Location& location) {
  if (location.line == 0) return location.file;
  return fmt::format("{} (Line: {}, Col: {})", location.file, location.line, location.column);
}

std::string named_by_github(const Diagnostic& diagnostic) {
  switch (diagnostic.named_by_github) {
    case NamedByGithub::nothing:
      return "";
    case NamedByGithub::file:
      return diagnostic.location.file;
    case NamedByGithub::place:
      break;
  }
  return github_place(diagnostic.location);
}

std::string plain_place(const base::Location& location) {
  if (location.line == 0) return location.file;
  return fmt::format("{}:{}:{}", location.file, location.line, location.column);
}

}  // namespace

std::string cut_message(std::string message) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < message.size(); ++at) {
    if (is_continuation(message[at])) continue;
    if (++characters > kMaxMessage) return message.substr(0, at) + "[...]";
  }
  return message;
}

std::string to_string(const Diagnostic& diagnostic) {
  const auto place = plain_place(diagnostic.location);
  auto text = place.empty() ? diagnostic.message : fmt::format("{}: {}", place, diagnostic.message);
  if (!diagnostic.hint.empty()) text += "; " + diagnostic.hint;
  if (diagnostic.called_from) text += "; called from " + plain_place(*diagnostic.called_from);
  return text;
}

std::string to_github_string(const Diagnostic& diagnostic) {
  const auto place = named_by_github(diagnostic);
  auto text =
      cut_message(place.empty() ? diagnostic.message : fmt::format("{}: {}", place, diagnostic.message));
  if (!diagnostic.called_from) return text;
  return fmt::format("In {}: Error from called workflow {}", github_place(*diagnostic.called_from), text);
}

}  // namespace workflow
