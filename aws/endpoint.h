#pragma once
// Which address a service of AWS has in a region, and which one stands in for it. Knows the services that are
// called from here, no others; the hosts are those of the rule sets that AWS's SDKs share.

#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/result.h"

namespace aws {

/// How a service's FIPS host differs in GovCloud, where some are FIPS as they are.
enum class GovCloudFips { own_host, usual_host };

/// A service as the wire names it in its several places.
struct ServiceName {
  std::string_view variable;    ///< AWS_ENDPOINT_URL_<variable>
  std::string_view host;        ///< <host>.<region>.amazonaws.com
  std::string_view signing;     ///< in the scope of a signature
  std::string_view dual_stack;  ///< <dual_stack>.<region>.api.aws
  GovCloudFips gov_cloud = GovCloudFips::own_host;
};

inline constexpr ServiceName kSts{"STS", "sts", "sts", "sts", GovCloudFips::usual_host};
inline constexpr ServiceName kEcr{"ECR", "api.ecr", "ecr", "ecr"};
inline constexpr ServiceName kEcrPublic{"ECR_PUBLIC", "api.ecr-public", "ecr-public", "ecr-public"};
inline constexpr ServiceName kEcs{"ECS", "ecs", "ecs", "ecs"};
inline constexpr ServiceName kElasticLoadBalancing{"ELASTIC_LOAD_BALANCING_V2", "elasticloadbalancing",
                                                   "elasticloadbalancing", "elasticloadbalancing",
                                                   GovCloudFips::usual_host};
inline constexpr ServiceName kCloudWatchLogs{"CLOUDWATCH_LOGS", "logs", "logs", "logs",
                                             GovCloudFips::usual_host};
inline constexpr ServiceName kCloudWatch{"CLOUDWATCH", "monitoring", "monitoring", "monitoring",
                                         GovCloudFips::usual_host};
inline constexpr ServiceName kCodeDeploy{"CODEDEPLOY", "codedeploy", "codedeploy", "codedeploy"};
inline constexpr ServiceName kSecretsManager{"SECRETS_MANAGER", "secretsmanager", "secretsmanager",
                                             "secretsmanager"};
inline constexpr ServiceName kSsm{"SSM", "ssm", "ssm", "ssm", GovCloudFips::usual_host};
inline constexpr ServiceName kEc2{"EC2", "ec2", "ec2", "ec2", GovCloudFips::usual_host};
inline constexpr ServiceName kSso{"SSO", "portal.sso", "awsssoportal", "portal.sso",
                                  GovCloudFips::usual_host};
inline constexpr ServiceName kSsoOidc{"SSO_OIDC", "oidc", "sso-oauth", "oidc", GovCloudFips::usual_host};
/// One address for all regions of a partition.
inline constexpr ServiceName kIam{"IAM", "iam", "iam", "iam", GovCloudFips::usual_host};

/// aws, aws-cn, aws-us-gov, aws-eusc or one of aws-iso…, as in an ARN.
std::string_view partition_of(std::string_view region);
/// amazonaws.com, or the partition's own.
std::string_view dns_suffix_of(std::string_view region);
/// The region in whose name a call is signed: that of the partition for global services.
std::string signing_region(const ServiceName& service, const std::string& region);
/// AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL (neither when AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is
/// true), else AWS's own, that of FIPS or dual stack when AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT
/// is true; without a slash at its end. A region that is no host label is invalid_input.
base::Result<std::string> endpoint_of(const ServiceName& service, const std::string& region,
                                      const Environment& environment);

}  // namespace aws
