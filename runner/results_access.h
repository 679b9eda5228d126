#pragma once
// Whose artifacts and caches a job reaches, by what the run is about.

#include <string>

#include "steps/running_job.h"
#include "workflow/expression/value.h"

namespace runner {

/// Caches are saved for the run's ref and looked for there, then at a pull request's base, then at the
/// default branch (GitHub docs "Dependency caching reference").
steps::ResultsAccess results_access(const workflow::expression::Value& github,
                                    const workflow::PlannedJob& planned, steps::BlobStore* store);

/// Says which mode the job has, and warns where it lets whoever may not push fill the default branch's
/// caches.
void say_cache_mode(const workflow::expression::Value& github, const workflow::PlannedJob& planned,
                    steps::LogSink& log);

}  // namespace runner
