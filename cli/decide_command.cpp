#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdio>

#include "cli/approval_prompt.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "runner/approvals.h"

namespace cli {

std::string user_name() {
  const passwd* user = ::getpwuid(::getuid());
  return user == nullptr ? std::to_string(::getuid()) : user->pw_name;
}

int decide_command(const CommonFlags& common, const DecideFlags& flags) {
  auto store = open_history(common);
  if (!store) return complain(store.error());
  const auto run = find_running(common, **store, flags.run);
  if (!run) return complain(run.error());
  auto approvals = runner::Approvals::open(common.state_folder);
  if (!approvals) return complain(approvals.error());
  const auto decision = flags.approve ? runner::Decision::approved : runner::Decision::rejected;
  const auto decided = approvals->decide(run->id, flags.environment, decision, user_name(), flags.comment);
  if (!decided) return complain(decided.error());
  for (const auto& approval : *decided) {
    fmt::print("run {}: environment '{}' is {}\n", run->id, approval.environment,
               flags.approve ? "approved" : "rejected");
  }
  return kPassed;
}

}  // namespace cli
