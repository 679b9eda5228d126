#pragma once
// What a backup consists of, how files are copied while runs go on, and how a copy is held against what was
// written down of it.

#include <array>
#include <functional>
#include <string>

#include "base/files.h"

namespace cli {

/// Version and digests; written last.
inline constexpr const char* kBackupMarker = "pipeline-backup.json";
inline constexpr const char* kBackupMasterKey = "pipeline-master-key";
inline constexpr std::array<const char*, 3> kBackupDatabases{"history.db", "server.db", "secrets.db"};
/// What cannot be had again. Images, actions and mirrors can.
inline constexpr std::array<const char*, 4> kBackupFolders{"runs", "results", "oidc", "forge-runner.json"};

/// Copies a file or a folder while others write to it: what is removed meanwhile is left out, as is what
/// `skip` says of a path below `from`.
base::Result<void> copy_living_tree(const base::Path& from, const base::Path& to,
                                    const std::function<bool(const base::Path& below)>& skip);

/// SHA-256 over the names, kinds and contents of a file or of a folder with all in it.
base::Result<std::string> digest_of_tree(const base::Path& root);

/// An Error when its pages contradict each other.
base::Result<void> check_database_file(const base::Path& file);

}  // namespace cli
