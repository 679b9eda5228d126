#pragma once
// The services that are called: how each is signed for, reached and spoken to. Source: the service models of
// botocore.

#include <string>
#include <string_view>

#include "aws/credentials.h"

namespace aws {

struct Service {
  std::string_view signing_name;
  std::string_view endpoint_prefix;
  std::string_view variable_suffix;  ///< of AWS_ENDPOINT_URL_…
  std::string_view target_prefix;    ///< of X-Amz-Target, for JSON services
  std::string_view version;          ///< for Query services
};

inline constexpr Service kSts{"sts", "sts", "STS", "", "2011-06-15"};
inline constexpr Service kEcr{"ecr", "api.ecr", "ECR", "AmazonEC2ContainerRegistry_V20150921", ""};
inline constexpr Service kEcs{"ecs", "ecs", "ECS", "AmazonEC2ContainerServiceV20141113", ""};
inline constexpr Service kLogs{"logs", "logs", "CLOUDWATCH_LOGS", "Logs_20140328", ""};
inline constexpr Service kLoadBalancing{"elasticloadbalancing", "elasticloadbalancing",
                                        "ELASTIC_LOAD_BALANCING_V2", "", "2015-12-01"};

/// AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL, else the region's own; without a trailing slash.
std::string endpoint_url(const Service& service, const std::string& region, const Environment& environment);

}  // namespace aws
