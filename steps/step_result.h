#pragma once
// What a step came to. A failed step is data like this, never a base::Error.

#include <map>
#include <string>
#include <string_view>

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

struct StepResult {
  Conclusion outcome = Conclusion::success;
  Conclusion conclusion = Conclusion::success;
  std::map<std::string, std::string> outputs;
};

}  // namespace steps
