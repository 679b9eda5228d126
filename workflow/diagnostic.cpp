#include "workflow/diagnostic.h"

#include <fmt/format.h>

namespace workflow {

std::string to_string(const Diagnostic& diagnostic) {
  const auto& location = diagnostic.location;
  if (location.line == 0) return fmt::format("{}: {}", location.file, diagnostic.message);
  return fmt::format("{}:{}:{}: {}", location.file, location.line, location.column, diagnostic.message);
}

std::string to_github_string(const Diagnostic& diagnostic) {
  const auto& location = diagnostic.location;
  if (location.line == 0) return fmt::format("{}: {}", location.file, diagnostic.message);
  return fmt::format("{} (Line: {}, Col: {}): {}", location.file, location.line, location.column,
                     diagnostic.message);
}

}  // namespace workflow
