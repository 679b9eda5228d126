#pragma once
// The ELBv2 API over ElbState: Query requests come as JSON with text scalars, answers leave as the output
// shapes. The load balancers themselves are load_balancer.h.

#include "base/clock.h"
#include "emulator/elb_state.h"
#include "emulator/service.h"

namespace emulator {

/// `changed` is called after each change, outside all locks.
ServiceTable elb_service(ElbState& state, base::Clock& clock, const std::function<void()>& changed);

/// The parts, one file each; they add their operations to the table.
struct ElbOperations {
  ElbState& state;
  base::Clock& clock;
  /// Locks the state around the function.
  using Function = std::function<ApiResult(ElbState& state, const base::Json& input)>;
  std::map<std::string, Function> functions;
};
void add_load_balancer_operations(ElbOperations& operations);
void add_target_group_operations(ElbOperations& operations);
void add_listener_operations(ElbOperations& operations);

inline ApiFailure validation(std::string message) {
  return {"ValidationError", std::move(message), 400};
}

/// Members of a Query request; scalars are text there.
std::string text_of(const base::Json& input, std::string_view key, std::string fallback = "");
/// Not a number for what is none.
double number_of(const base::Json& input, std::string_view key, double fallback);
/// -1 for what is no number or far out of any range.
int integer_of(const base::Json& input, std::string_view key, int fallback);
std::vector<std::string> texts_of(const base::Json& input, std::string_view key);
/// Tags of a request, kept under the ARN.
void keep_tags(ElbState& state, const std::string& arn, const base::Json& input);

}  // namespace emulator
