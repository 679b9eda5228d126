#pragma once
// The inputs of docker/build-push-action as data: what to build, and where it goes. What the builder does not
// do is an Error that names it. Not for building (docker_build_push).

#include <map>
#include <string>
#include <vector>

#include "ecr/build.h"
#include "steps/build_output.h"
#include "steps/builtin_actions.h"

namespace steps::builtin {

struct BuildRequest {
  bool default_context = false;  ///< the repository, as actions/checkout brings it
  std::string context;           ///< a folder of the job, or below the repository for the default context
  std::string file;              ///< empty: Dockerfile in the context
  std::vector<std::string> tags;
  std::map<std::string, std::string> build_args;
  std::map<std::string, std::string> labels;
  std::vector<ecr::Annotation> annotations;
  std::map<std::string, std::string> secrets;
  std::string target;
  std::vector<ecr::Platform> platforms;  ///< empty: this machine's
  std::optional<ecr::ProvenanceOptions> provenance;
  bool sbom = false;
  std::vector<ecr::CachePlace> cache_from;
  std::vector<ecr::CachePlace> cache_to;
  std::map<std::string, std::string> contexts;  ///< named: a folder of the job, or an image
  std::map<std::string, std::string> agents;    ///< sockets of ssh agents by id, as the step sees them
  bool only_check = false;
  bool no_network = false;
  bool no_cache = false;
  bool pull = false;
  std::vector<BuildOutput> outputs;  ///< entries of `outputs`, and what push and load stand for
};

/// Says in the log what has no effect.
base::Result<BuildRequest> read_build_request(const ActionCall& call, RunningJob& job);

}  // namespace steps::builtin
