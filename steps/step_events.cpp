#include "steps/step_events.h"

#include <chrono>
#include <utility>

#include "base/json.h"

namespace steps {

StepEvents::StepEvents(LogSink& log, std::string name, StepOwner owner)
    : log_(log), name_(std::move(name)), owner_(owner), started_(base::system_clock().steady_now()) {
  base::Json details = {{"text", name_}};
  if (owner_ == StepOwner::runner) details["by"] = "runner";
  log_.event("step_started", details);
}

void StepEvents::finished(const StepResult& result) const {
  const auto elapsed =
      std::chrono::duration<double, std::milli>(base::system_clock().steady_now() - started_).count();
  base::Json details = {{"text", name_},
                        {"outcome", to_string(result.outcome)},
                        {"conclusion", to_string(result.conclusion)},
                        {"milliseconds", elapsed}};
  if (owner_ == StepOwner::runner) details["by"] = "runner";
  log_.event("step_finished", details);
}

}  // namespace steps
