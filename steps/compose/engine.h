#pragma once
// The docker commands that Compose's verbs are made of, asked of the job's DockerService. Output of theirs
// goes to stderr, as Compose's own progress does.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "steps/docker_client.h"

namespace steps::compose {

inline constexpr const char* kProjectLabel = "com.docker.compose.project";
inline constexpr const char* kServiceLabel = "com.docker.compose.service";
inline constexpr const char* kDigestLabel = "com.docker.compose.config-hash";
inline constexpr const char* kOneOffLabel = "com.docker.compose.oneoff";

/// A container of the project, as it is now.
struct Container {
  std::string id;
  std::string name;
  std::string service;
  std::string digest;  ///< of what it was made from
  std::string status;  ///< created, running, exited
  std::string health;  ///< empty: no check
  int exit_code = 0;
  bool one_off = false;  ///< by run

  [[nodiscard]] bool runs() const { return status == "running"; }
};

struct Asked {
  std::vector<std::string> arguments;
  base::Json more = base::Json::object();  ///< members of the request over what the arguments say
};

/// The exit code. Without `output` both streams go to stderr.
base::Result<int> ask(const Asked& asked, const DockerOutput& output = nullptr);
/// An exit code other than 0 is an Error with what it said on stderr; else its stdout.
base::Result<std::string> output_of(const Asked& asked);
/// Sorted by name.
base::Result<std::vector<Container>> containers_of(const std::string& project);

}  // namespace steps::compose
