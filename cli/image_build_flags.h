#pragma once
// What `pipeline image build` is told: docker buildx build's options under their names.

#include <string>
#include <vector>

namespace cli {

struct ImageBuildFlags {
  std::vector<std::string> tags;
  std::string file;
  std::string target;
  std::vector<std::string> arguments;  ///< NAME=VALUE
  std::vector<std::string> labels;
  std::vector<std::string> annotations;
  std::vector<std::string> secrets;   ///< id=…,src=…|env=…
  std::vector<std::string> agents;    ///< default, or id=socket
  std::vector<std::string> contexts;  ///< name=folder or name=docker-image://…
  std::vector<std::string> platforms;
  std::vector<std::string> cache_from;
  std::vector<std::string> cache_to;
  std::string network = "default";
  std::string image_id_file;
  std::string provenance;
  std::string sbom;
  bool no_cache = false;
  bool pull = false;
  bool quiet = false;
};

}  // namespace cli
