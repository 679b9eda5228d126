#pragma once
// What AWS and the targets themselves say of the target groups of a service, for a pre-flight. Not for
// judging it (preflight_network).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/result.h"
#include "ecs/ecs_client.h"

namespace ecs {

struct TargetGroup {
  std::string name;
  std::string type;  ///< ip, instance, lambda
  std::string vpc;
  std::string health_path;
  std::string matcher;  ///< 200, 200-299, 200,302
  std::string health_protocol = "HTTP";
  std::string health_port = "traffic-port";
  int interval = 30, timeout = 5, healthy_threshold = 5, unhealthy_threshold = 2;
  int deregistration_delay = 300;
  int load_balancers = 0;
};

struct TargetGroupFact {
  LoadBalancer attachment;
  base::Result<TargetGroup> group;
  base::Result<std::vector<TargetHealth>> targets;
  base::Result<std::vector<std::string>> other_services =
      std::vector<std::string>();  ///< that it is attached to
  /// The status that a running task gave to the health check's request; absent: nobody had to be asked.
  std::optional<base::Result<int>> answer;
};

/// Which services of a cluster have which target group, by its ARN.
using Attachments = std::map<std::string, std::vector<std::string>>;
base::Result<Attachments> find_attachments(aws::Client& client, const std::string& cluster);

/// A task is asked only where the load balancer's own checks tell nothing yet.
TargetGroupFact find_target_group(aws::Client& client, const LoadBalancer& attachment);

/// Whether a status is one of a matcher's.
bool fits_matcher(int status, const std::string& matcher);

}  // namespace ecs
