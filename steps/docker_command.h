#pragma once
// The command line of the `docker` front, read into a plain struct. Pure; both sides of the socket use it, so
// that the front opens exactly the files that the service expects.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ecr/build_settings.h"
#include "steps/container_options.h"

namespace steps {

enum class DockerVerb {
  build,
  tag,
  push,
  pull,
  login,
  logout,
  images,
  inspect,
  rmi,
  history,
  manifest_inspect,
  imagetools_inspect,
  imagetools_create,
  save,
  load,
  version,
  info,
  help,
  // containers
  run,
  create,
  start,
  exec,
  ps,
  logs,
  stop,
  restart,
  kill,
  rm,
  wait,
  port,
  cp,
  network_create,
  network_rm,
  network_ls,
  network_inspect,
  network_prune,
  volume_create,
  volume_rm,
  volume_ls,
  volume_inspect,
  volume_prune,
  container_prune,
  image_prune,
  system_prune,
};

struct DockerCommand {
  DockerVerb verb = DockerVerb::help;
  bool asks_for_help = false;         ///< about the verb, which is not carried out
  std::vector<std::string> operands;  ///< images, the registry, the build context
  // build
  std::vector<std::string> tags;
  std::string dockerfile;  ///< as given; empty is Dockerfile in the context, "-" is stdin
  std::map<std::string, std::string> build_args;
  std::vector<std::string> build_args_from_environment;  ///< `--build-arg NAME` without a value
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> contexts;  ///< of --build-context: a folder or docker-image://…
  std::string target;
  std::string method;    ///< of --call: build, or check alone
  std::string platform;  ///< of pull
  ecr::BuildSettings build;
  std::vector<std::string> secrets;  ///< id=…,src=… or env=…
  std::vector<std::string> agents;   ///< of --ssh: default, or id=socket
  std::vector<std::string> outputs;  ///< of --output
  bool load = false;
  std::string iidfile;
  std::string metadata_file;
  bool no_cache = false;
  bool pull = false;
  bool push = false;
  bool quiet = false;
  // login
  std::string username;
  std::string password;  ///< given by -p
  bool password_stdin = false;
  // images, inspect, version, info
  std::string format;
  bool all_tags = false;
  bool whole = false;  ///< --no-trunc
  bool digests = false;
  bool raw = false;         ///< of imagetools inspect
  bool only_shown = false;  ///< --dry-run of imagetools create
  // run, create, exec
  ContainerOptions container;
  std::vector<std::string> command;  ///< what follows the image or the container
  std::string name;
  std::vector<std::string> networks;  ///< none: bridge
  std::string cidfile;
  std::string file;          ///< -o of save, -i of load
  bool keep_owners = false;  ///< -a of cp
  bool follow_link = false;  ///< -L of cp
  std::vector<std::string> environment_files;
  std::vector<std::string> environment_of_caller;  ///< `-e NAME` without a value
  bool detach = false;
  bool interactive = false;
  bool remove = false;
  // ps, logs, stop, kill, rm
  bool all = false;
  bool with_volumes = false;  ///< of system prune
  bool force = false;
  bool follow = false;
  std::vector<std::string> filters;
  std::string tail;
  std::string newest;   ///< how many of ps; empty: as many as there are
  std::string seconds;  ///< of patience; empty: the container's
  std::string signal;
  /// What was accepted and does nothing here, to be told.
  std::vector<std::string> ignored;
};

/// `arguments` without argv[0]. The error is a sentence for stderr, naming what is not supported.
base::Result<DockerCommand> parse_docker_command(const std::vector<std::string>& arguments);

/// What `docker --help` prints.
std::string docker_help();
/// About one verb: the options that it takes.
std::string docker_help(DockerVerb verb);

}  // namespace steps
