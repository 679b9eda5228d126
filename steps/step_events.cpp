#include "steps/step_events.h"

#include <chrono>
#include <utility>

#include "base/json.h"

namespace steps {

StepEvents::StepEvents(LogSink& log, std::string name)
    : log_(log), name_(std::move(name)), started_(base::system_clock().steady_now()) {
  log_.event("step_started", {{"text", name_}});
}

void StepEvents::finished(const StepResult& result) const {
  const auto elapsed =
      std::chrono::duration<double, std::milli>(base::system_clock().steady_now() - started_).count();
  log_.event("step_finished", {{"text", name_},
                               {"outcome", to_string(result.outcome)},
                               {"conclusion", to_string(result.conclusion)},
                               {"milliseconds", elapsed}});
}

}  // namespace steps
