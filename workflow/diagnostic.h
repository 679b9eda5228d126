#pragma once
// A problem of a file, with its place.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace workflow {

enum class Severity { error, warning };

struct Diagnostic {
  base::Location location;
  std::string message;
  std::string_view rule = "syntax";  ///< the id of the rule that it breaks; text that never goes away
  Severity severity = Severity::error;
  std::string hint = {};  ///< ours, beside GitHub's words: what was meant perhaps; may be empty
  bool operator==(const Diagnostic&) const = default;
};
using Diagnostics = std::vector<Diagnostic>;

/// file:line:col: message
std::string to_string(const Diagnostic& diagnostic);
/// As GitHub shows it: path (Line: L, Col: C): message
std::string to_github_string(const Diagnostic& diagnostic);

}  // namespace workflow
