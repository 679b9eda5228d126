#pragma once
// `options:` of a container or service, and what stands before the image of `docker run`: the command-line
// options of `docker create` that make sense without an engine. All others are refused by name. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ecr/image.h"
#include "sandbox/plan.h"
#include "steps/job_images.h"
#include "steps/published_ports.h"

namespace steps {

/// `source:target[:ro|rw]`, or a target alone.
struct VolumeMount {
  std::string source;  ///< a name, a path as the steps see it; empty for a folder of the container's own
  std::string target;
  bool read_only = false;
  bool operator==(const VolumeMount&) const = default;
};
base::Result<VolumeMount> parse_volume(std::string_view text);

struct ContainerOptions {
  std::optional<std::string> user;
  std::optional<std::string> working_dir;
  std::optional<std::string> hostname;
  std::optional<std::string> entrypoint;
  std::map<std::string, std::string> environment;
  std::vector<PublishedPort> ports;
  std::vector<std::uint16_t> exposed;  ///< more TCP ports that others of the network may want
  std::vector<VolumeMount> volumes;
  std::vector<sandbox::Mount> tmpfs;
  std::vector<std::string> hosts;    ///< lines for /etc/hosts
  std::vector<std::string> aliases;  ///< more names in the network
  std::map<std::string, std::string> labels;
  sandbox::Limits limits;    ///< 0 is as the job's
  std::string stop_signal;   ///< empty: the image's
  std::string stop_seconds;  ///< of patience; empty: docker's own
  bool read_only = false;
  bool publish_all = false;  ///< what the image exposes, too, each at a port that is free
  bool no_health_check = false;
  std::vector<std::string> health_command;  ///< as an image has it: CMD-SHELL or CMD first; empty: not given
  ecr::HealthCheck health;                  ///< only what was given is not 0
  PullPolicy pull = PullPolicy::missing;
};

base::Result<ContainerOptions> parse_container_options(std::string_view text);
/// Takes the option that `words` has at `at`, and moves `at` behind it and its value.
base::Result<void> take_container_option(const std::vector<std::string>& words, std::size_t& at,
                                         ContainerOptions& options);

}  // namespace steps
