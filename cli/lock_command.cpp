#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/http_client.h"
#include "base/strings.h"
#include "cli/action_options.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/project.h"
#include "runner/lock_actions.h"

namespace cli {

namespace {

using workflow::ActionsLock;

struct Locking {
  std::unique_ptr<base::HttpClient> http = base::make_curl_http_client();
  std::shared_ptr<Project> project;
  ActionsLock old;
  std::unique_ptr<runner::ActionStore> store;
  steps::ActionFetch fetch;
};

base::Result<Locking> open_locking(const CommonFlags& common, const LockFlags& flags) {
  Locking locking;
  const auto root = Project::root_of(std::filesystem::current_path() / ".");
  TRY(locking.project, Project::open(root));
  TRY(auto store, action_store_options(common, flags.actions, root, *locking.http));
  locking.old = store.lock.value_or(ActionsLock());
  store.lock.reset();
  locking.store = std::make_unique<runner::ActionStore>(std::move(store));
  locking.fetch = {.stop = interrupt_token(),
                   .say = [](const std::string& line) { fmt::print(stderr, "pipeline: {}\n", line); }};
  return locking;
}

/// The commits that stay as the lock has them: all but those of the repositories to update.
base::Result<std::map<std::string, std::string>> commits_that_stay(const ActionsLock& old,
                                                                   const std::vector<std::string>& update) {
  std::map<std::string, std::string> known;
  for (const auto& [pin, action] : old.dependencies) known[pin] = action.commit;
  for (const auto& repository : update) {
    const auto wanted = base::to_lower(repository);
    const auto removed = std::erase_if(known, [&](const auto& entry) {
      return entry.first == wanted || entry.first.substr(0, entry.first.find('@')) == wanted;
    });
    if (removed == 0) {
      return base::make_error(
          base::ErrorKind::not_found,
          fmt::format("--update {}: {} locks nothing of it", repository, workflow::kActionsLockFile));
    }
  }
  return known;
}

base::Result<ActionsLock> make_lock(Locking& locking, const std::vector<std::string>& update) {
  TRY(auto known, commits_that_stay(locking.old, update));
  return runner::lock_actions({.work_tree = locking.project->root(),
                               .workflows = locking.project->workflows(),
                               .known = std::move(known)},
                              *locking.store, locking.fetch);
}

void add_differences(const std::vector<std::string>& from, const std::vector<std::string>& to,
                     const std::string& what, std::vector<std::string>& problems) {
  for (const auto& pin : from) {
    if (std::find(to.begin(), to.end(), pin) == to.end())
      problems.push_back(fmt::format(fmt::runtime(what), pin));
  }
}

/// What the lock lacks, has too much, and what its refs are by now.
base::Result<std::vector<std::string>> problems_of_lock(Locking& locking) {
  TRY(const auto fresh, make_lock(locking, {}));
  const auto& old = locking.old;
  std::vector<std::string> problems;
  for (const auto& [path, pins] : fresh.workflows) {
    const auto listed = old.workflows.find(path);
    const auto& known = listed == old.workflows.end() ? std::vector<std::string>() : listed->second;
    if (listed == old.workflows.end()) problems.push_back(fmt::format("missing  {}", path));
    add_differences(pins, known, "missing  {} of " + path, problems);
    add_differences(known, pins, "unused   {} of " + path, problems);
  }
  for (const auto& [path, pins] : old.workflows) {
    if (!fresh.workflows.contains(path)) problems.push_back(fmt::format("unused   {}", path));
  }
  for (const auto& [pin, action] : fresh.dependencies) {
    const auto known = old.dependencies.find(pin);
    if (known == old.dependencies.end()) {
      problems.push_back(fmt::format("missing  {} ({})", pin, action.commit));
      continue;
    }
    add_differences(action.uses, known->second.uses, "missing  {} of " + pin, problems);
    TRY(const auto now, runner::commit_of_pin(pin, *locking.store, locking.fetch));
    if (now != action.commit)
      problems.push_back(fmt::format("moved    {} from {} to {}", pin, action.commit, now));
  }
  for (const auto& [pin, action] : old.dependencies) {
    if (!fresh.dependencies.contains(pin)) problems.push_back(fmt::format("unused   {}", pin));
  }
  return problems;
}

base::Result<int> check_lock(Locking& locking) {
  TRY(const auto problems, problems_of_lock(locking));
  for (const auto& problem : problems) fmt::print("{}\n", problem);
  if (!problems.empty()) {
    fmt::print(stderr,
               "pipeline: {} is not what the workflows use now; `pipeline lock` adds and removes, "
               "--update OWNER/REPO takes what moved\n",
               workflow::kActionsLockFile);
    return kJobFailed;
  }
  fmt::print("{} is up to date: {} actions of {} workflows\n", workflow::kActionsLockFile,
             locking.old.dependencies.size(), locking.old.workflows.size());
  return kPassed;
}

base::Result<int> write_lock(Locking& locking, const std::vector<std::string>& update) {
  TRY(const auto lock, make_lock(locking, update));
  for (const auto& [pin, action] : lock.dependencies) {
    const auto known = locking.old.dependencies.find(pin);
    if (known == locking.old.dependencies.end()) {
      fmt::print("added    {} at {}\n", pin, action.commit);
    } else if (known->second.commit != action.commit) {
      fmt::print("updated  {} from {} to {}\n", pin, known->second.commit, action.commit);
    }
  }
  for (const auto& [pin, action] : locking.old.dependencies) {
    if (!lock.dependencies.contains(pin)) fmt::print("removed  {}\n", pin);
  }
  const auto file = locking.project->root() / workflow::kActionsLockFile;
  TRY(base::write_file(file, workflow::to_text(lock)));
  fmt::print("{}: {} actions of {} workflows\n", path_from_here(file), lock.dependencies.size(),
             lock.workflows.size());
  return kPassed;
}

}  // namespace

int lock_command(const CommonFlags& common, const LockFlags& flags) {
  auto locking = open_locking(common, flags);
  if (!locking) return complain(locking.error());
  const auto done = flags.check ? check_lock(*locking) : write_lock(*locking, flags.update);
  return done ? *done : complain(done.error());
}

}  // namespace cli
