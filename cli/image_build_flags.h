#pragma once
// What `pipeline image build` is told: docker buildx build's options under their names.

#include <string>
#include <vector>

#include "ecr/build_settings.h"

namespace cli {

struct ImageBuildFlags {
  std::vector<std::string> tags;
  std::string file;
  std::string target;
  std::vector<std::string> arguments;  ///< NAME=VALUE
  std::vector<std::string> labels;
  std::vector<std::string> secrets;   ///< id=…,src=…|env=…
  std::vector<std::string> agents;    ///< default, or id=socket
  std::vector<std::string> contexts;  ///< name=folder or name=docker-image://…
  ecr::BuildSettings settings;
  std::string image_id_file;
  std::string metadata_file;
  bool check = false;
  bool no_cache = false;
  bool pull = false;
  bool push = false;
  bool quiet = false;
};

}  // namespace cli
