#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/plan_text.h"
#include "cli/run_contexts.h"
#include "cli/run_display.h"
#include "cli/run_one.h"
#include "cli/run_session.h"
#include "cli/watch.h"
#include "cli/workflow_files.h"
#include "runner/container_plans.h"
#include "runner/job_sandbox.h"

namespace cli {

namespace {

/// The workflows to run: those named, or those that the event triggers.
base::Result<std::vector<workflow::Workflow>> choose_workflows(const RunFlags& flags, const Session& session,
                                                               bool& invalid) {
  const auto& event = session.options.event;
  const CalledWorkflows called{session.options.repository.work_tree, session.options.actions};
  auto files = flags.workflows;
  if (files.empty()) {
    TRY(files, list_workflow_files("."));
  }
  if (const auto why = workflow::starts_nothing(event); why && !flags.event_file.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("no workflow runs on this '{}': {}", event.name, *why));
  }
  std::vector<workflow::Workflow> chosen;
  std::string reasons;
  for (const auto& file : files) {
    TRY(auto loaded, load_workflow_file(file, called));
    print_diagnostics(loaded.diagnostics);
    invalid = invalid || !loaded.workflow;
    if (!loaded.workflow) continue;
    const auto verdict = workflow::matches(*loaded.workflow, event);
    // A workflow that is named runs on the event it is given, but not on one that it does not know.
    if (verdict.fires) {
      chosen.push_back(std::move(*loaded.workflow));
    } else {
      reasons += fmt::format("\n  {}: {}", file, verdict.reason);
    }
  }
  if (chosen.empty() && !invalid) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("no workflow runs on '{}' of {}:{}", event.name, event.ref, reasons));
  }
  return chosen;
}

base::Result<int> print_plan(const workflow::Workflow& workflow, const RunFlags& flags,
                             const Session& session) {
  const runner::RunRecord record{.id = 1, .number = 1};
  TRY(const auto contexts, outer_contexts(session.options, workflow, record));
  TRY(const auto plan, workflow::make_plan(workflow, contexts, chosen_job(flags)));
  if (flags.dry_run == DryRun::plan) {
    if (flags.log_format == LogFormat::json) {
      fmt::print("{}\n", base::to_text(workflow::to_json(plan), 2));
    } else {
      fmt::print("{}", plan_text(plan));
    }
    return kPassed;
  }
  const auto folders = runner::named_folders(session.options.repository_name, steps::JobRoot::host);
  fmt::print("{}\n", base::to_text(
                         sandbox::to_json(runner::job_sandbox_plan("JOB", folders, session.options, 1)), 2));
  for (const auto& group : plan.groups) {
    for (const auto& leg : group.legs) {
      TRY(const auto containers, runner::container_plans(leg, contexts, session.options));
      if (!containers.is_null()) fmt::print("{}\n", base::to_text(containers, 2));
    }
  }
  return kPassed;
}

/// Those of the flags that can be read now.
base::Result<std::vector<workflow::Workflow>> load_again(const RunFlags& flags, const Session& session) {
  const CalledWorkflows called{session.options.repository.work_tree, session.options.actions};
  auto files = flags.workflows;
  if (files.empty()) {
    TRY(files, list_workflow_files("."));
  }
  std::vector<workflow::Workflow> loaded;
  for (const auto& file : files) {
    auto one = load_workflow_file(file, called);
    if (!one) {
      complain(one.error());
      continue;
    }
    print_diagnostics(one->diagnostics);
    if (one->workflow) loaded.push_back(std::move(*one->workflow));
  }
  return loaded;
}

base::Result<int> keep_watching(const CommonFlags& common, const RunFlags& flags, Session& session,
                                const std::vector<workflow::Workflow>& workflows, int code) {
  const WatchedRuns runs{.repository = session.options.repository.work_tree,
                         .state_folder = session.options.state_folder,
                         .no_builtin = session.options.no_builtin,
                         .stop = interrupt_token(),
                         .load = [&] { return load_again(flags, session); },
                         .event = [&]() -> base::Result<workflow::Event> {
                           TRY(fill_options(common, flags, session));
                           return session.options.event;
                         },
                         .run =
                             [&](const workflow::Workflow& workflow, const workflow::Event& event) {
                               session.options.event = event;
                               return run_one(workflow, flags, session);
                             }};
  return watch_and_run(workflows, runs, code);
}

}  // namespace

int run_command(const CommonFlags& common, const RunFlags& flags) {
  Session session;
  if (auto possible = check_log_format(flags); !possible) return complain(possible.error());
  if (auto filled = fill_options(common, flags, session); !filled) return complain(filled.error());
  bool invalid = false;
  const auto workflows = choose_workflows(flags, session, invalid);
  if (!workflows) return complain(workflows.error());
  if (invalid) return kUsage;
  if (flags.dry_run != DryRun::no) {
    for (const auto& workflow : *workflows) {
      if (auto printed = print_plan(workflow, flags, session); !printed) return complain(printed.error());
    }
    return kPassed;
  }
  if (flags.shell_on_failure && (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1))
    return complain(
        base::invalid_input("--shell-on-failure needs a terminal; without one, use `pipeline shell`"));
  watch_for_interrupts();
  if (auto opened = open_state(session); !opened) return complain(opened.error());
  if (auto attached = attach_emulator(common, flags, session); !attached) return complain(attached.error());
  int worst = kPassed;
  for (const auto& workflow : *workflows) {
    const auto code = run_one(workflow, flags, session);
    if (!code) return complain(code.error());
    worst = std::max(worst, *code);
    if (interrupted()) break;
  }
  if (!flags.watch || interrupted()) return worst;
  const auto watched = keep_watching(common, flags, session, *workflows, worst);
  return watched ? *watched : complain(watched.error());
}

}  // namespace cli
