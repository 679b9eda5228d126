// What can be said of one attempt without the queue.

#include <fmt/format.h>

#include "server/attempt_queue.h"

namespace server {

bool has_ended(const Attempt& attempt) {
  return attempt.state == AttemptState::done || attempt.state == AttemptState::unknown;
}

Order rerun_of(const Attempt& attempt, std::string_view which) {
  Order again = attempt;
  again.again_of = attempt.meaning;
  again.meaning = fmt::format("{} rerun {}", attempt.meaning, which);
  again.state = AttemptState::queued;
  again.reason.clear();
  return again;
}

std::string_view to_string(Trust trust) {
  return trust == Trust::fork ? "fork" : "trusted";
}

std::string_view to_string(AttemptState state) {
  switch (state) {
    case AttemptState::held:
      return "held";
    case AttemptState::queued:
      return "queued";
    case AttemptState::running:
      return "running";
    case AttemptState::done:
      return "done";
    case AttemptState::unknown:
      return "unknown";
  }
  return "unknown";
}

std::optional<AttemptState> parse_attempt_state(std::string_view name) {
  for (const auto state : {AttemptState::held, AttemptState::queued, AttemptState::running,
                           AttemptState::done, AttemptState::unknown}) {
    if (name == to_string(state)) return state;
  }
  return std::nullopt;
}

}  // namespace server
