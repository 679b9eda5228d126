#include <fmt/format.h>

#include <cstdio>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "runner/printable_text.h"
#include "runner/run_log.h"
#include "runner/run_owner.h"

namespace cli {

namespace {

std::string duration_text(double started, double finished) {
  return base::format_duration_ms(static_cast<std::int64_t>((finished - started) * 1000));
}

base::Json job_json(const runner::JobRecord& job) {
  base::Json outputs = base::Json::object();
  for (const auto& [name, value] : job.outputs) outputs[name] = value;
  return {{"job", job.job},       {"name", job.name},       {"conclusion", job.conclusion},
          {"reason", job.reason}, {"started", job.started}, {"finished", job.finished},
          {"outputs", outputs}};
}

void print_run(const CommonFlags& common, const runner::RunRecord& run, std::int64_t attempt,
               const std::vector<runner::JobRecord>& jobs) {
  fmt::print("run {}  {}  {}\n", run.id, runner::printable(run.name), status_of(common, run));
  fmt::print("  workflow  {} #{}, attempt {} of {}\n", run.workflow, run.number, attempt, run.attempt);
  fmt::print("  event     {} of {} at {:.7} by {}\n", run.event, run.ref, run.sha,
             runner::printable(run.actor));
  fmt::print("  started   {}{}\n", base::format_iso8601(base::from_epoch_seconds(run.started)),
             run.finished > 0 ? ", took " + duration_text(run.started, run.finished) : "");
  if (!run.sandbox.empty() && run.sandbox != "namespaces")
    fmt::print("  sandbox   {}\n", run.sandbox == "none" ? "none" : run.sandbox + " alone");
  for (const auto& job : jobs) {
    fmt::print("  {:<10} {:<36} {:>8}{}\n", job.conclusion, runner::printable(job.job),
               job.conclusion == "skipped" ? "-" : duration_text(job.started, job.finished),
               job.reason.empty() ? "" : "  " + runner::printable(job.reason));
    for (const auto& [name, value] : job.outputs)
      fmt::print("    {} = {}\n", runner::printable(name), runner::printable(value));
  }
  const auto folder = runner::run_folder(common.state_folder, run.id);
  if (base::exists(folder / runner::kEventsFile)) {
    fmt::print("  log       pipeline logs {}  ({})\n", run.id, (folder / runner::kEventsFile).string());
  }
}

}  // namespace

int show_command(const CommonFlags& common, const ShowFlags& flags) {
  auto store = open_history(common);
  if (!store) return complain(store.error());
  const auto run = find_run(**store, flags.run);
  if (!run) return complain(run.error());
  const auto attempt = flags.attempt > 0 ? flags.attempt : run->attempt;
  if (attempt > run->attempt) {
    return complain(
        base::invalid_input(fmt::format("run {} has {} attempts, no {}", run->id, run->attempt, attempt)));
  }
  const auto jobs = (*store)->jobs_of(run->id, attempt);
  if (!jobs) return complain(jobs.error());
  if (!flags.json) {
    print_run(common, *run, attempt, *jobs);
    return kPassed;
  }
  auto json = to_json(common, *run);
  json["jobs"] = base::Json::array();
  for (const auto& job : *jobs) json["jobs"].push_back(job_json(job));
  fmt::print("{}\n", base::to_text(json, 2));
  return kPassed;
}

}  // namespace cli
