#include <fmt/format.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/run_again.h"
#include "cli/run_contexts.h"
#include "cli/run_environments.h"
#include "cli/step_place.h"
#include "runner/scheduler.h"
#include "steps/run_steps.h"

namespace cli {

namespace {

/// Which step's environment, and before which step's workspace.
struct ShellPlace {
  StepPlace place;
  int workspace_step = 0;
};

base::Result<ShellPlace> shell_place(const CommonFlags& common, const ShellFlags& flags, RunAgain& again) {
  ShellPlace shell;
  TRY(shell.place, place_in_job(*again.loaded.workflow, common, again.run, flags.job, *again.store));
  const auto& job = *shell.place.job;
  int& step = shell.place.step;
  if (!flags.before.empty()) {
    TRY(step, step_number(job, flags.before));
    shell.workspace_step = step;
    return shell;
  }
  if (!flags.after.empty()) {
    TRY(step, step_number(job, flags.after));
  } else {
    TRY(step, failed_step(common, again.run, shell.place.key));
    if (step == 0)
      return base::invalid_input(
          fmt::format("no step of job '{}' failed in run {}; name one with --before or --after",
                      shell.place.key, again.run.id));
  }
  int number = 1;
  for (const auto& candidate : job.steps) {
    const int next = number + steps::numbers_of(candidate);
    if (number <= step && step < next) {
      step = number;  // of a group, the whole of it
      shell.workspace_step = next;
    }
    number = next;
  }
  if (shell.workspace_step == 0)
    return base::invalid_input(fmt::format("job '{}' has no step {} any more", shell.place.key, step));
  return shell;
}

/// Everything that the run came to, but for this job: what it sees of the others is what it saw.
base::Result<std::map<std::string, runner::KeptResult>> all_but(const std::string& key,
                                                                const runner::RunRecord& run,
                                                                runner::RunStore& store) {
  std::map<std::string, runner::KeptResult> kept;
  TRY(const auto jobs, store.jobs_of(run.id, run.attempt));
  for (const auto& job : jobs) {
    const auto conclusion = steps::parse_conclusion(job.conclusion);
    if (job.job != key && conclusion) kept[job.job] = {*conclusion, job.outputs, job.attempt};
  }
  return kept;
}

base::Result<int> open_shell(const CommonFlags& common, const ShellFlags& flags) {
  TRY(auto again, prepare_again(common, flags.run, flags, MayAsk::yes));
  TRY(const auto shell, shell_place(common, flags, *again));
  const auto& workflow = *again->loaded.workflow;
  auto& session = again->session;
  TRY(const auto kept, all_but(shell.place.key, again->run, *again->store));
  watch_for_interrupts();
  TRY(open_state(session));
  TRY(attach_emulator(common, again->request.flags, session));
  TRY(const auto contexts, outer_contexts(session.options, workflow, again->run));
  TRY(auto plan, workflow::make_plan(workflow, contexts, chosen_job(again->request.flags)));
  TRY(const auto folders,
      runner::RunFolders::create(session.options.state_folder, again->run.id, runner::KeepFolders::no));
  runner::EventStream events;
  events.add_reader([](const runner::RunEvent& event) {
    if (event.type == "line" || event.type == "annotation") fmt::print(stderr, "{}\n", event.text);
  });
  const runner::RunSurroundings surroundings{workflow,
                                             session.options,
                                             folders,
                                             events,
                                             session.masker,
                                             nullptr,
                                             nullptr,
                                             {.resume = runner::ResumePoint{.job = shell.place.key,
                                                                            .step = shell.workspace_step,
                                                                            .folder = shell.place.snapshots},
                                              .shell = runner::ShellUse::instead,
                                              .shell_step = shell.place.step,
                                              .take_snapshots = false}};
  bool opened = false;
  const auto outcome = runner::run_plan(
      std::move(plan), contexts, {.stop = interrupt_token(), .kept = kept},
      [&](const workflow::PlannedJob& leg, const workflow::Contexts& leg_contexts,
          const std::stop_token& stop) {
        if (leg.key != shell.place.key) return runner::JobResult{.conclusion = steps::Conclusion::skipped};
        opened = true;
        const auto slot = runner::IdSlot::take(session.options.state_folder);
        const auto seen = contexts_in_environment(leg, leg_contexts, session);
        if (!slot || !seen) {
          const auto& error = slot ? seen.error() : slot.error();
          return runner::JobResult{.conclusion = steps::Conclusion::failure, .failure = error.to_string()};
        }
        return runner::run_job(leg, *seen, surroundings, slot->number(), stop);
      },
      events);
  if (!opened) return base::invalid_input(fmt::format("job '{}' would not run now", shell.place.key));
  return outcome.runner_failed ? kRunnerFailed : kPassed;
}

}  // namespace

int shell_command(const CommonFlags& common, const ShellFlags& flags) {
  const auto code = open_shell(common, flags);
  return code ? *code : complain(code.error());
}

}  // namespace cli
