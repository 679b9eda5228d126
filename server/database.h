#pragma once
// server.db in the state folder: what the daemon knows and must not lose. Tables and statements are such as
// PostgreSQL takes, too. Not for the history of runs (runner/run_store), which each run writes itself.

#include "base/files.h"
#include "base/result.h"
#include "runner/sqlite.h"

namespace server {

/// Opens it, made when missing and brought to this version's tables. What is committed is on disk. Each
/// thread that writes has a connection of its own.
base::Result<runner::Sqlite> open_database(const base::Path& state_folder);
/// An Error when its pages contradict each other.
base::Result<void> check_database(runner::Sqlite& database);
/// In a copy: the processes that it names carry out the runs of another state folder, and are none of ours.
base::Result<void> disown_processes(const base::Path& state_folder);

}  // namespace server
