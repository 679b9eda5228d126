#include "aws/endpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace aws {
namespace {

struct Partition {
  std::string_view name;
  std::string_view prefix;  ///< of its regions
  std::string_view suffix;
  std::string_view dual_stack_suffix;
  std::string_view iam_host;
  std::string_view iam_region;
};
// The last one takes all that no other does.
constexpr Partition kPartitions[] = {
    {"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "iam.cn-north-1.amazonaws.com.cn",
     "cn-north-1"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", "iam.us-gov.amazonaws.com", "us-gov-west-1"},
    {"aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu", "iam.eusc-de-east-1.amazonaws.eu",
     "eusc-de-east-1"},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud", "iam.us-isob-east-1.sc2s.sgov.gov",
     "us-isob-east-1"},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "iam.eu-isoe-west-1.cloud.adc-e.uk",
     "eu-isoe-west-1"},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "iam.us-isof-south-1.csp.hci.ic.gov",
     "us-isof-south-1"},
    {"aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov", "iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"},
    {"aws", "", "amazonaws.com", "api.aws", "iam.amazonaws.com", "us-east-1"},
};

const Partition& partition(std::string_view region) {
  return *std::find_if(std::begin(kPartitions), std::end(kPartitions),
                       [&](const Partition& known) { return region.starts_with(known.prefix); });
}

bool is_region(std::string_view region) {
  return !region.empty() && region.size() < 64 && std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_on(const Environment& environment, const char* variable) {
  return base::equals_ignoring_case(variable_of(environment, variable), "true");
}

base::Result<std::string> configured(const std::string& variable, std::string url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("{} is '{}': expected a URL that starts with http:// or https://", variable, url));
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string own_host(const ServiceName& service, const std::string& region, const Environment& environment) {
  const Partition& of = partition(region);
  const bool fips = is_on(environment, "AWS_USE_FIPS_ENDPOINT");
  const bool dual_stack = is_on(environment, "AWS_USE_DUALSTACK_ENDPOINT");
  if (service.host == kIam.host) {
    if (fips && of.name == "aws") return "iam-fips.amazonaws.com";
    return std::string(of.iam_host);
  }
  // Secrets Manager answers by both families under its usual name.
  const bool of_its_own = dual_stack && service.host != kSecretsManager.host;
  const bool gov_as_usual =
      !of_its_own && of.name == "aws-us-gov" && service.gov_cloud == GovCloudFips::usual_host;
  return fmt::format("{}{}.{}.{}", of_its_own ? service.dual_stack : service.host,
                     fips && !gov_as_usual ? "-fips" : "", region,
                     of_its_own ? of.dual_stack_suffix : of.suffix);
}

}  // namespace

std::string_view partition_of(std::string_view region) {
  return partition(region).name;
}

std::string_view dns_suffix_of(std::string_view region) {
  return partition(region).suffix;
}

std::string signing_region(const ServiceName& service, const std::string& region) {
  return service.host == kIam.host ? std::string(partition(region).iam_region) : region;
}

base::Result<std::string> endpoint_of(const ServiceName& service, const std::string& region,
                                      const Environment& environment) {
  if (!is_region(region)) {
    return base::make_error(base::ErrorKind::invalid_input,
                            region.empty()
                                ? "no AWS region is set: set AWS_REGION, or the aws-region input of "
                                  "configure-aws-credentials"
                                : "Region is not valid: " + region);
  }
  if (!is_on(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) {
    for (const std::string& variable :
         {fmt::format("AWS_ENDPOINT_URL_{}", service.variable), std::string("AWS_ENDPOINT_URL")}) {
      if (std::string url = variable_of(environment, variable); !url.empty())
        return configured(variable, url);
    }
  }
  return "https://" + own_host(service, region, environment);
}

}  // namespace aws
