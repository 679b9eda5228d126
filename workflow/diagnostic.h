#pragma once
// A problem of a file, with its place.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace workflow {

enum class Severity { error, warning };

/// How much of a place GitHub names; we name all of it.
enum class NamedByGithub { place, file, nothing };

struct Diagnostic {
  base::Location location;
  std::string message;
  std::string_view rule = "syntax";  ///< the id of the rule that it breaks; text that never goes away
  Severity severity = Severity::error;
  std::string hint = {};  ///< ours, beside GitHub's words: what was meant perhaps; may be empty
  NamedByGithub named_by_github = NamedByGithub::place;
  std::optional<base::Location> called_from = {};  ///< the `uses` that called the file at fault
  bool operator==(const Diagnostic&) const = default;
};
using Diagnostics = std::vector<Diagnostic>;

/// GitHub cuts a message behind so many characters.
inline constexpr std::size_t kMaxMessage = 500;
/// At most kMaxMessage characters of it, and a mark where it was cut.
std::string cut_message(std::string message);

/// file:line:col: message; hint
std::string to_string(const Diagnostic& diagnostic);
/// As GitHub shows it: path (Line: L, Col: C): message, at most 500 characters (TemplateValidationErrors).
std::string to_github_string(const Diagnostic& diagnostic);

}  // namespace workflow
