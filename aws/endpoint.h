#pragma once
// Which address a service of AWS has in a region, and which one stands in for it. Knows the services that are
// called from here, no others.

#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/result.h"

namespace aws {

/// A service as the wire names it in its several places.
struct ServiceName {
  std::string_view variable;  ///< AWS_ENDPOINT_URL_<variable>
  std::string_view host;      ///< <host>.<region>.amazonaws.com
  std::string_view signing;   ///< in the scope of a signature
};

inline constexpr ServiceName kSts{"STS", "sts", "sts"};
inline constexpr ServiceName kEcr{"ECR", "api.ecr", "ecr"};
inline constexpr ServiceName kEcrPublic{"ECR_PUBLIC", "api.ecr-public", "ecr-public"};
inline constexpr ServiceName kEcs{"ECS", "ecs", "ecs"};
inline constexpr ServiceName kElasticLoadBalancing{"ELASTIC_LOAD_BALANCING_V2", "elasticloadbalancing",
                                                   "elasticloadbalancing"};
inline constexpr ServiceName kCloudWatchLogs{"CLOUDWATCH_LOGS", "logs", "logs"};

/// amazonaws.com, or amazonaws.com.cn for the regions of China.
std::string_view dns_suffix_of(std::string_view region);
/// aws, aws-cn or aws-us-gov, as in an ARN.
std::string_view partition_of(std::string_view region);
/// AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL (neither when AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is
/// true), else AWS's own; without a slash at its end. A region that is no host label is invalid_input.
base::Result<std::string> endpoint_of(const ServiceName& service, const std::string& region,
                                      const Environment& environment);

}  // namespace aws
