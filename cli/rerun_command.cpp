#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/run_again.h"
#include "cli/run_one.h"
#include "cli/step_place.h"
#include "runner/run_owner.h"

namespace cli {

namespace {

base::Result<int> rerun(const CommonFlags& common, RerunFlags flags) {
  TRY(auto again, prepare_again(common, flags.run, flags, flags.no_input ? MayAsk::no : MayAsk::yes));
  RunStart start{.again = again->run};
  if (!flags.from.empty()) {
    TRY(auto place, place_in_job(*again->loaded.workflow, common, again->run, flags.job, *again->store));
    TRY(place.step, step_number(*place.job, flags.from));
    flags.job = place.key;
    start.visit.resume = runner::ResumePoint{.job = place.key, .step = place.step, .folder = place.snapshots};
  }
  TRY(start.kept, results_to_keep(flags, again->run, *again->store));
  auto& run_flags = again->request.flags;
  run_flags.no_input = run_flags.no_input || flags.no_input;
  if (flags.json) run_flags.log_format = LogFormat::json;
  watch_for_interrupts();
  TRY(open_state(again->session));
  TRY(attach_emulator(common, run_flags, again->session));
  return run_one(*again->loaded.workflow, run_flags, again->session, start);
}

}  // namespace

int rerun_command(const CommonFlags& common, const RerunFlags& flags) {
  const auto code = rerun(common, flags);
  return code ? *code : complain(code.error());
}

}  // namespace cli
