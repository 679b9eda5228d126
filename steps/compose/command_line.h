#pragma once
// The command line of `docker compose`, as a plain struct. Pure.

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace steps::compose {

enum class Verb {
  build,
  config,
  down,
  exec,
  kill,
  logs,
  port,
  ps,
  pull,
  restart,
  rm,
  run,
  start,
  stop,
  up,
  version
};

struct CommandLine {
  Verb verb = Verb::version;
  // before the verb
  std::vector<std::string> files;
  std::vector<std::string> environment_files;
  std::vector<std::string> profiles;
  std::string project;
  std::string directory;
  // behind it
  std::vector<std::string> services;  ///< of exec, run and port the first alone
  std::vector<std::string> command;   ///< of exec and run; the port of port
  bool detach = false;
  bool wait = false;
  bool build = false;
  bool no_build = false;
  bool no_start = false;
  bool no_dependencies = false;
  bool recreate = false;
  bool keep = false;  ///< --no-recreate
  bool remove_orphans = false;
  bool abort_on_exit = false;
  bool abort_on_failure = false;
  bool no_prefix = false;
  bool follow = false;
  bool all = false;
  bool quiet = false;
  bool volumes = false;
  bool remove = false;         ///< --rm of run
  bool stop_first = false;     ///< -s of rm
  bool service_ports = false;  ///< of run
  bool names_only = false;     ///< --services
  bool images_only = false;    ///< --images
  std::string remove_images;   ///< --rmi
  std::string exit_code_from;
  std::string pull;
  std::string tail;
  std::string seconds;  ///< -t: patience before a container is killed
  std::string wait_seconds;
  std::string format;
  std::string signal;
  std::string name;
  std::vector<std::string> statuses;
  std::vector<std::string> passed;  ///< options for docker run, exec or build, as they are
};

/// `arguments` behind `docker compose`. The error names what is not supported.
base::Result<CommandLine> read_command_line(const std::vector<std::string>& arguments);

}  // namespace steps::compose
