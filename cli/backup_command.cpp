// `pipeline backup`: what a build box knows, in a folder, taken while it works.

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "cli/backup_files.h"
#include "cli/commands.h"
#include "cli/version.h"
#include "runner/sqlite.h"

namespace cli {

namespace {

using base::Path;
using base::Result;

/// As of one moment, whoever writes to it meanwhile.
Result<void> copy_database(const Path& from, const Path& to) {
  TRY(auto database, runner::Sqlite::open(from, "", from.filename().string()));
  TRY(database.run("copying it", "VACUUM INTO ?", {to.string()}));
  return check_database_file(to);
}

// The workspaces of jobs that run now.
bool is_workspace(const Path& below) {
  return below.filename() == "jobs" && std::distance(below.begin(), below.end()) == 2;
}

Result<void> check_places(const Path& state, const Path& target) {
  if (!base::exists(state / "history.db") && !base::exists(state / "server.db")) {
    return base::invalid_input(
        fmt::format("there is nothing to back up in {}: expected the history.db or server.db of a state "
                    "folder; name another one with --state-dir",
                    state.string()));
  }
  std::error_code error;
  const auto from = std::filesystem::weakly_canonical(state, error);
  const auto to = std::filesystem::weakly_canonical(target, error);
  if (std::mismatch(from.begin(), from.end(), to.begin(), to.end()).first == from.end()) {
    return base::invalid_input(fmt::format("expected a folder outside of the state folder {}, found {}",
                                           state.string(), target.string()));
  }
  if (!base::exists(target)) return {};
  TRY(const auto names, base::list_directory(target));
  if (names.empty()) return {};
  return base::invalid_input(fmt::format("expected a new or empty folder, found {}", target.string()));
}

Result<void> back_up(const CommonFlags& common, const BackupFlags& flags) {
  const Path state = common.state_folder;
  const Path target = flags.folder;
  TRY(check_places(state, target));
  TRY(base::make_directories(target, 0700));
  auto digests = base::Json::object();
  const auto keep = [&](const char* name, const auto& copy) -> Result<void> {
    if (!base::exists(state / name)) return {};
    TRY(copy(state / name, target / name));
    TRY(digests[name], digest_of_tree(target / name));
    return {};
  };
  const auto copy_files = [](const Path& from, const Path& to) {
    return copy_living_tree(from, to, is_workspace);
  };
  // Databases first: what they name is there by then, as runs are written before they are named.
  for (const char* name : kBackupDatabases) TRY(keep(name, copy_database));
  for (const char* name : kBackupFolders) TRY(keep(name, copy_files));
  if (flags.with_master_key) TRY(keep(kBackupMasterKey, copy_files));
  // Last: a backup that was cut off is none.
  const auto marker = base::to_text({{"version", kVersion}, {"sha256", std::move(digests)}}, 2);
  TRY(base::write_file(target / kBackupMarker, marker + "\n", 0600));
  fmt::print("{}\n", target.string());
  if (!flags.with_master_key && base::exists(state / "secrets.db"))
    fmt::print(stderr, "the master key is not in it: without a copy of it the secrets do not open\n");
  return {};
}

}  // namespace

int backup_command(const CommonFlags& common, const BackupFlags& flags) {
  const auto done = back_up(common, flags);
  return done ? kPassed : complain(done.error());
}

}  // namespace cli
