#include "aws/service.h"

#include <fmt/format.h>

namespace aws {

namespace {

std::string_view domain_of(std::string_view region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

}  // namespace

std::string endpoint_url(const Service& service, const std::string& region, const Environment& environment) {
  auto url = variable(environment, fmt::format("AWS_ENDPOINT_URL_{}", service.variable_suffix));
  if (url.empty()) url = variable(environment, "AWS_ENDPOINT_URL");
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty()) return url;
  return fmt::format("https://{}.{}.{}", service.endpoint_prefix, region, domain_of(region));
}

}  // namespace aws
