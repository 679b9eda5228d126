#include "cli/step_place.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "runner/job_snapshots.h"
#include "runner/run_log.h"
#include "runner/run_owner.h"
#include "steps/run_steps.h"

namespace cli {

namespace {

/// `id`, `id (a, 1)` and `caller / id` of the workflow.
const workflow::Job* job_of_key(const workflow::Workflow& workflow, std::string_view key) {
  const auto slash = key.find(" / ");
  const auto first = key.substr(0, slash);
  const auto* job = workflow.find_job(first.substr(0, first.find(" (")));
  if (job == nullptr || slash == std::string_view::npos) return job;
  return job->called ? job_of_key(*job->called, key.substr(slash + 3)) : nullptr;
}

std::string title_of(const workflow::Step& step) {
  if (step.name) return step.name->text;
  if (step.run) return "Run " + std::string(step.run->text.substr(0, step.run->text.find('\n')));
  return step.uses ? "Run " + step.uses->text : step.id;
}

}  // namespace

base::Result<StepPlace> place_in_job(const workflow::Workflow& workflow, const CommonFlags& common,
                                     const runner::RunRecord& run, const std::string& key,
                                     runner::RunStore& store) {
  StepPlace place{.key = key};
  TRY(const auto jobs, store.jobs_of(run.id, run.attempt));
  for (const auto& job : jobs) {
    if (place.key.empty() && job.conclusion == "failure") place.key = job.job;
  }
  if (place.key.empty())
    return base::invalid_input(fmt::format("no job of run {} failed; name one with --job", run.id));
  place.job = job_of_key(workflow, place.key);
  if (place.job == nullptr || place.job->steps.empty()) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("run {} has no job '{}' with steps", run.id, place.key));
  }
  place.snapshots = runner::snapshots_folder(runner::run_folder(common.state_folder, run.id), place.key);
  if (!runner::has_snapshots(place.snapshots)) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format(
            "what job '{}' of run {} left was not kept: that is done for jobs that fail, unless the run "
            "had --no-snapshots or was killed",
            place.key, run.id));
  }
  return place;
}

base::Result<int> step_number(const workflow::Job& job, const std::string& step) {
  const auto wanted = base::parse_integer(step);
  std::string list;
  int number = 1;
  for (const auto& candidate : job.steps) {
    const auto title = title_of(candidate);
    if (wanted ? *wanted == number : (candidate.has_own_id && candidate.id == step) || title == step)
      return number;
    list += fmt::format("\n  {} {}{}", number, title,
                        candidate.has_own_id ? fmt::format(" (id {})", candidate.id) : "");
    number += steps::numbers_of(candidate);
  }
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("job '{}' has no step '{}'; it has:{}", job.id, step, list));
}

base::Result<int> failed_step(const CommonFlags& common, const runner::RunRecord& run,
                              const std::string& key) {
  TRY(auto log, runner::LogCursor::open(runner::run_folder(common.state_folder, run.id), {.job = key}));
  while (true) {
    TRY(const auto entry, log.next());
    if (!entry) return 0;
    const auto& event = entry->event;
    if (event.type == "step_finished" && event.details &&
        base::json_string(*event.details, "outcome", base::json_string(*event.details, "conclusion")) ==
            "failure")
      return event.step;
  }
}

}  // namespace cli
