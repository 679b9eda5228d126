#pragma once
// Flags of the verbs that look at past and running runs, as plain data. Help texts are in
// history_command_line.

#include <cstdint>
#include <string>
#include <vector>

namespace cli {

struct RunsFlags {
  int limit = 20;
  bool json = false;
};

struct ShowFlags {
  std::int64_t run = 0;      ///< 0: the newest
  std::int64_t attempt = 0;  ///< 0: the last one
  bool json = false;
};

struct LogsFlags {
  std::int64_t run = 0;
  std::uint32_t attempt = 0;
  std::string job;
  int step = -1;            ///< -1: all
  std::uint64_t line = 0;   ///< 0: from the start, with all that is no line
  std::uint64_t count = 0;  ///< 0: to the end
  bool follow = false;
  bool json = false;
};

/// Secrets are not stored: whoever runs something again gives them again.
struct SecretFlags {
  std::vector<std::string> secrets;  ///< K=v, or K: taken from the environment
  std::string secret_file;
};

struct RerunFlags : SecretFlags {
  std::int64_t run = 0;
  bool failed = false;  ///< only what did not pass, and what needs it
  std::string job;      ///< only this one, and what needs it
  std::string from;     ///< a step of it, by id, name or number
  bool json = false;
  bool no_input = false;
};

struct ShellFlags : SecretFlags {
  std::int64_t run = 0;
  std::string job;     ///< "": the one that failed
  std::string before;  ///< a step, by id, name or number
  std::string after;
};

struct CancelFlags {
  std::int64_t run = 0;  ///< 0: the newest that runs
  bool force = false;
};

struct GcFlags {
  int keep_days = 90;
  int keep_runs = 1000;
  bool dry_run = false;
  bool json = false;
};

struct DecideFlags {
  bool approve = true;
  std::int64_t run = 0;
  std::string environment;  ///< "": all that the run waits for
  std::string comment;
};

}  // namespace cli
