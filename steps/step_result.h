#pragma once
// What a step came to. A failed step is data like this, never a base::Error.

#include <initializer_list>
#include <optional>
#include <string_view>

#include "steps/ordered_texts.h"

namespace steps {

/// Spelled as on the wire; runner ADR 0274 has outcome before and conclusion after continue-on-error.
enum class Conclusion { success, failure, cancelled, skipped };

constexpr std::string_view to_string(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::success:
      return "success";
    case Conclusion::failure:
      return "failure";
    case Conclusion::cancelled:
      return "cancelled";
    case Conclusion::skipped:
      return "skipped";
  }
  return "failure";
}

/// Nothing for another text.
constexpr std::optional<Conclusion> parse_conclusion(std::string_view text) {
  for (const auto conclusion :
       {Conclusion::success, Conclusion::failure, Conclusion::cancelled, Conclusion::skipped}) {
    if (to_string(conclusion) == text) return conclusion;
  }
  return std::nullopt;
}

struct StepResult {
  Conclusion outcome = Conclusion::success;
  Conclusion conclusion = Conclusion::success;
  Outputs outputs;
  bool bad_condition = false;  ///< its `if` could not be evaluated
};

}  // namespace steps
