// `pipeline restore`: a backup becomes a state folder, whole or not at all.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "cli/backup_files.h"
#include "cli/commands.h"
#include "server/database.h"

namespace cli {

namespace {

using base::Path;
using base::Result;

/// Held by the daemon of the state folder.
constexpr const char* kOwnerLock = "server.lock";
constexpr std::string_view kUnfinished = "restoring-";

template <std::size_t Count>
bool is_one_of(const std::array<const char*, Count>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Digests by name of all that the backup holds.
Result<base::Json> read_marker(const Path& source) {
  const Path marker = source / kBackupMarker;
  if (!base::exists(marker)) {
    return base::invalid_input(
        fmt::format("{} is no whole backup: expected {} in it", source.string(), kBackupMarker));
  }
  TRY(const auto text, base::read_file(marker));
  TRY(const auto json, base::parse_json(text).while_doing("reading " + marker.string()));
  auto digests = base::json_member(json, "sha256");
  if (!digests.is_object() || digests.empty()) {
    return base::invalid_input(
        fmt::format("{}: expected the digests of a backup under \"sha256\"", marker.string()));
  }
  for (const auto& [name, digest] : digests.items()) {
    if (!is_one_of(kBackupDatabases, name) && !is_one_of(kBackupFolders, name) && name != kBackupMasterKey)
      return base::invalid_input(fmt::format("{}: \"{}\" is no part of a backup", marker.string(), name));
  }
  return digests;
}

// What a restore that was killed left counts for nothing.
Result<void> expect_empty(const Path& state) {
  if (!base::exists(state)) return {};
  TRY(const auto names, base::list_directory(state));
  for (const auto& name : names) {
    if (name == kOwnerLock || name.starts_with(kUnfinished)) continue;
    return base::invalid_input(
        fmt::format("the state folder {} is not empty; move it away, or name another one with --state-dir",
                    state.string()));
  }
  return {};
}

Result<base::FileLock> own(const Path& state) {
  TRY(auto lock, base::FileLock::try_acquire(state / kOwnerLock));
  if (lock) return *std::move(lock);
  return base::invalid_input(
      fmt::format("a daemon runs on the state folder {}: stop it, move the folder away, and restore then",
                  state.string()));
}

Result<void> copy_part(const Path& from, const Path& to, const std::string& digest) {
  if (!base::exists(from)) return base::invalid_input(from.string() + " is missing from the backup");
  TRY(base::copy_tree(from, to));
  TRY(const auto found, digest_of_tree(to));
  if (found == digest) return {};
  return base::make_error(
      base::ErrorKind::internal,
      fmt::format("{} is damaged: expected content of SHA-256 {}, found {}; nothing was restored",
                  from.string(), digest, found));
}

/// All of it or nothing: copied and checked beside, then put in place.
Result<void> put_in_place(const Path& source, const Path& state, const base::Json& digests) {
  TRY(const auto names, base::list_directory(state));
  for (const auto& name : names) {
    if (name.starts_with(kUnfinished)) TRY(base::remove_tree(state / name));
  }
  TRY(const auto beside, base::TempDir::create_in(state, kUnfinished.substr(0, kUnfinished.size() - 1)));
  for (const auto& [name, digest] : digests.items()) {
    TRY(copy_part(source / name, beside.path() / name, digest.is_string() ? digest.get<std::string>() : ""));
    if (is_one_of(kBackupDatabases, name)) TRY(check_database_file(beside.path() / name));
  }
  if (digests.contains("server.db")) TRY(server::disown_processes(beside.path()));
  TRY(const auto parts, base::list_directory(beside.path()));
  for (const auto& name : parts) {
    std::error_code error;
    std::filesystem::rename(beside.path() / name, state / name, error);
    if (error) return base::system_error("cannot move " + name + " to " + state.string(), error.value());
  }
  return {};
}

Result<void> restore(const CommonFlags& common, const BackupFlags& flags) {
  const Path state = common.state_folder;
  const Path source = flags.folder;
  TRY(const auto digests, read_marker(source));
  const bool is_new = !base::exists(state);
  if (base::exists(state / kOwnerLock)) TRY(own(state));
  TRY(expect_empty(state));
  TRY(base::make_directories(state, 0700));
  auto done = [&]() -> Result<void> {
    TRY(const auto lock, own(state));
    return put_in_place(source, state, digests);
  }();
  if (!done && is_new) {
    (void)::unlink((state / kOwnerLock).c_str());
    (void)::rmdir(state.c_str());
  }
  TRY(std::move(done));
  fmt::print("{}\n", state.string());
  return {};
}

}  // namespace

int restore_command(const CommonFlags& common, const BackupFlags& flags) {
  const auto done = restore(common, flags);
  return done ? kPassed : complain(done.error());
}

}  // namespace cli
