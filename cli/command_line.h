#pragma once
// What the user typed, as plain data. The one place that knows flags and their help texts.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/deploy_flags.h"
#include "cli/history_flags.h"
#include "cli/image_build_flags.h"
#include "cli/oidc_documents.h"
#include "cli/secret_flags.h"
#include "cli/serve_flags.h"

namespace cli {

/// Flags that every verb has.
struct CommonFlags {
  std::string state_folder;  ///< absolute
  bool verbose = false;
};

/// How a run is shown; automatic is live on a terminal and pretty elsewhere.
enum class LogFormat { automatic, live, pretty, plain, github, json, quiet };
enum class DryRun { no, plan, sandbox };

/// The event that workflows are held against, and what comes with it.
struct EventFlags {
  std::vector<std::string> workflows;  ///< empty: what .github/workflows offers for the event
  std::string event = "push";
  std::string event_file;
  std::vector<std::string> inputs;   ///< k=v
  std::vector<std::string> secrets;  ///< K=v, or K: taken from the environment
  std::string secret_file;
  std::vector<std::string> variables;  ///< k=v
  std::string variable_file;
  std::vector<std::string> environment;  ///< K=V
  std::string job;
  std::string repository_name;  ///< owner/name; empty: as the checkout's remote has it
  std::string actor;
  bool stored_secrets = false;  ///< and variables, as `pipeline secret` keeps them
};

/// Where actions and workflows of other repositories come from.
struct ActionFlags {
  std::string server;  ///< empty: what .pipeline.yml or GITHUB_SERVER_URL says, or github.com
  bool offline = false;
  std::vector<std::string> replacements;  ///< owner/repo[@ref]=folder
  std::vector<std::string> secrets;       ///< GITHUB_TOKEN[=value], for verbs that run nothing
};

struct LockFlags {
  ActionFlags actions;
  std::vector<std::string> update;  ///< owner/repo
  bool check = false;
};

struct RunFlags : EventFlags {
  ActionFlags actions;
  bool emulator = false;
  std::string seed;
  std::string probe;  ///< URL; empty: the emulator's load balancer
  DryRun dry_run = DryRun::no;
  LogFormat log_format = LogFormat::automatic;
  std::string sandbox = "namespaces";  ///< or none
  std::string network;                 ///< none, host, audit or allow=…; empty: as configured
  std::string docker = "builtin";      ///< or host
  std::string memory;                  ///< limit of each job, "2g"
  std::string cpus;                    ///< … in cores, "1.5"
  std::string disk;                    ///< … of its folders, "10g"
  std::string time_limit;              ///< … in wall time, "30m"
  unsigned processes = 0;              ///< … 0: as configured
  unsigned open_files = 0;
  unsigned jobs_at_once = 64;           ///< 0 is as many as are ready
  bool keep = false;                    ///< keeps job folders
  bool shell_on_failure = false;        ///< at the terminal
  bool no_snapshots = false;            ///< keeps no workspaces of jobs that fail
  bool no_input = false;                ///< nobody is asked for anything
  std::vector<std::string> no_builtin;  ///< built-in actions that are fetched instead
  std::string summary;                  ///< a file for the steps' summaries, - for standard output
  bool watch = false;                   ///< runs again what a changed file affects
  std::vector<std::string> arguments;   ///< all of the call, as typed, without the program
};

/// This machine as a runner of a Gitea or Forgejo.
struct RunnerFlags {
  std::string verb;        ///< register, run
  std::string instance;    ///< the forge's address
  std::string token;       ///< of registration
  std::string token_file;  ///< … - is standard input
  std::string name;        ///< empty: the machine's
  std::vector<std::string> labels;
  bool ephemeral = false;
  std::size_t capacity = 1;
  bool once = false;
  std::string drain_timeout = "3h";
  RunFlags job;  ///< what its jobs run in
};

/// What a build box knows, in a folder.
struct BackupFlags {
  std::string verb;  ///< backup, restore
  std::string folder;
  bool with_master_key = false;
};

enum class CheckFormat { text, json, sarif, github };

struct CheckFlags {
  ActionFlags actions;
  bool fetch = false;              ///< reads actions and called workflows of other repositories
  std::vector<std::string> files;  ///< empty: all workflows and local actions of the repository
  CheckFormat format = CheckFormat::text;
  bool strict = false;  ///< warnings count as errors do
  bool rules = false;   ///< lists the rules instead
  std::string schema;   ///< workflow or action: prints that JSON Schema instead
};

struct EvalFlags {
  std::string expression;
  std::string contexts;  ///< a JSON file, - for standard input; empty: none
};

struct ExplainFlags : EventFlags {
  std::vector<std::string> assumptions;  ///< JOB=RESULT
  bool json = false;
};

enum class GraphFormat { text, mermaid, svg };

struct GraphFlags {
  std::string workflow;  ///< empty: those of .github/workflows
  GraphFormat format = GraphFormat::text;
  std::string output;  ///< empty: standard output
};

struct EmulatorFlags {
  std::string verb;  ///< up, down, status, audit, reset, serve, fault
  std::string seed;
  unsigned port = 0;      ///< 0: the one used before, or a free one
  double time_scale = 0;  ///< 0: as the seed says
  bool json = false;
  bool endpoint_only = false;      ///< status
  bool page = false;               ///< status: the address of the live page, with the owner's token
  bool until_input_ends = false;   ///< serve: end with whoever holds the other end
  std::vector<std::string> fault;  ///< list, clear [ID], or a kind and NAME=VALUE…
};

struct ImageFlags {
  std::string verb;  ///< build, import, load, save, ls, inspect, rm, tag, push, pull, fsck, prune, unpack,
                     ///< tags, referrers, delete, history, diff
  std::vector<std::string> arguments;
  ImageBuildFlags build;
  std::vector<std::string> environment;
  std::vector<std::string> command;
  std::string output;
  bool repair = false;
  bool json = false;
  std::string platform;
  std::string compression;
  std::string artifact_type;
  bool all_platforms = false;
  bool unpack = false;
  bool keep_setuid = false;
  bool prune_cache = false;
  bool dry_run = false;
  double older_than_hours = 0;
};

struct DoctorFlags {
  bool json = false;
};

struct ArtifactFlags {
  std::string verb;
  std::int64_t run = 0;            ///< 0: the newest that has artifacts
  std::vector<std::string> names;  ///< empty: all
  std::string output;              ///< a folder
  bool json = false;
};

struct CacheFlags {
  std::string verb;
  std::vector<std::string> keys;  ///< keys, or ids as `cache ls` shows them
  bool all = false;
  bool json = false;
};

struct CommandLine {
  CommonFlags common;
  std::variant<std::monostate, RunFlags, CheckFlags, EvalFlags, EmulatorFlags, ImageFlags, RunsFlags,
               ExplainFlags, GraphFlags, LockFlags, ShowFlags, LogsFlags, RerunFlags, CancelFlags, GcFlags,
               DecideFlags, ShellFlags, ArtifactFlags, CacheFlags, DoctorFlags, DeployFlags, RollbackFlags,
               StatusFlags, RehearseFlags, EcrFlags, ServeFlags, RunnerFlags, SecretVerbFlags, VariableFlags,
               OidcFlags, BackupFlags, DispatchFlags>
      verb;
  /// Set when there is nothing to carry out (help, version, a wrong flag): the text is printed already.
  std::optional<int> exit_code;
};

/// Prints help, version and errors itself. Exit code 2 for a wrong flag.
CommandLine parse_command_line(int argc, char** argv);

}  // namespace cli
