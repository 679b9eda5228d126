#include "aws/endpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace aws {
namespace {

bool is_region(std::string_view region) {
  return !region.empty() && region.size() < 64 && std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
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

}  // namespace

std::string_view partition_of(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  if (region.starts_with("us-gov-")) return "aws-us-gov";
  return "aws";
}

std::string_view dns_suffix_of(std::string_view region) {
  return partition_of(region) == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
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
  const bool ignored =
      base::equals_ignoring_case(variable_of(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true");
  if (!ignored) {
    for (const std::string& variable :
         {fmt::format("AWS_ENDPOINT_URL_{}", service.variable), std::string("AWS_ENDPOINT_URL")}) {
      if (std::string url = variable_of(environment, variable); !url.empty())
        return configured(variable, url);
    }
  }
  return fmt::format("https://{}.{}.{}", service.host, region, dns_suffix_of(region));
}

}  // namespace aws
