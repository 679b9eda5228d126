// `pipeline backup` and `pipeline restore`: what a build box knows, in a folder, taken while it works.

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/version.h"
#include "runner/sqlite.h"

namespace cli {

namespace {

constexpr const char* kMarker = "pipeline-backup.json";
constexpr const char* kMasterKey = "pipeline-master-key";
constexpr std::array<const char*, 3> kDatabases{"history.db", "server.db", "secrets.db"};
/// What cannot be had again. Images, actions and mirrors can.
constexpr std::array<const char*, 4> kKept{"runs", "results", "oidc", "forge-runner.json"};

base::Result<bool> is_empty_folder(const base::Path& folder) {
  if (!base::exists(folder)) return true;
  TRY(const auto names, base::list_directory(folder));
  return names.empty();
}

base::Result<void> check_integrity(const base::Path& file) {
  TRY(auto database, runner::Sqlite::open(file, "", file.filename().string()));
  std::string said;
  TRY(database.each("checking it", "PRAGMA integrity_check(1)", {},
                    [&](const runner::Sqlite::Row& row) { said = row.text(0); }));
  if (said == "ok") return {};
  return base::make_error(base::ErrorKind::internal, fmt::format("{} is damaged: {}", file.string(), said));
}

/// As of one moment, whoever writes to it meanwhile.
base::Result<void> copy_database(const base::Path& from, const base::Path& to) {
  TRY(auto database, runner::Sqlite::open(from, "", from.filename().string()));
  TRY(database.run("copying it", "VACUUM INTO ?", {to.string()}));
  return check_integrity(to);
}

base::Result<void> back_up(const CommonFlags& common, const BackupFlags& flags) {
  const base::Path state = common.state_folder;
  const base::Path target = flags.folder;
  if (!base::is_directory(state))
    return base::invalid_input(fmt::format("there is no state folder {}", state.string()));
  TRY(const bool empty, is_empty_folder(target));
  if (!empty)
    return base::invalid_input(fmt::format("expected a new or empty folder, found {}", target.string()));
  TRY(base::make_directories(target, 0700));
  // Databases first: what they name is there by then, as runs are written before they are named.
  for (const char* name : kDatabases) {
    if (base::exists(state / name)) TRY(copy_database(state / name, target / name));
  }
  for (const char* name : kKept) {
    if (base::exists(state / name)) TRY(base::copy_tree(state / name, target / name));
  }
  if (flags.with_master_key && base::exists(state / kMasterKey))
    TRY(base::copy_tree(state / kMasterKey, target / kMasterKey));
  // Last: a backup that was cut off is none.
  TRY(base::write_file(target / kMarker, base::to_text({{"version", kVersion}}) + "\n", 0600));
  fmt::print("{}\n", target.string());
  if (!flags.with_master_key && base::exists(state / "secrets.db"))
    fmt::print(stderr, "the master key is not in it: without a copy of it the secrets do not open\n");
  return {};
}

base::Result<void> restore(const CommonFlags& common, const BackupFlags& flags) {
  const base::Path state = common.state_folder;
  const base::Path source = flags.folder;
  if (!base::exists(source / kMarker)) {
    return base::invalid_input(
        fmt::format("{} is no whole backup: expected {} in it", source.string(), kMarker));
  }
  TRY(const bool empty, is_empty_folder(state));
  if (!empty) {
    return base::invalid_input(
        fmt::format("the state folder {} is not empty; move it away, or name another one with --state-dir",
                    state.string()));
  }
  for (const char* name : kDatabases) {
    if (base::exists(source / name)) TRY(check_integrity(source / name));
  }
  TRY(base::make_directories(state, 0700));
  TRY(const auto names, base::list_directory(source));
  for (const auto& name : names) {
    if (name != kMarker) TRY(base::copy_tree(source / name, state / name));
  }
  fmt::print("{}\n", state.string());
  return {};
}

}  // namespace

int backup_command(const CommonFlags& common, const BackupFlags& flags) {
  const auto done = flags.verb == "backup" ? back_up(common, flags) : restore(common, flags);
  return done ? kPassed : complain(done.error());
}

}  // namespace cli
