#include "ecs/target_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "ecs/query_answer.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

constexpr const char* kLoadBalancing = "2015-12-01";
constexpr std::size_t kMostServices = 100;  // that are looked at for one pre-flight
constexpr std::size_t kServicesPerCall = 10;
constexpr std::chrono::seconds kLongestAnswer{5};

base::Result<TargetGroup> describe_target_group(aws::Client& client, const std::string& arn) {
  TRY(const Json answer, client.call_query(aws::kElasticLoadBalancing, kLoadBalancing, "DescribeTargetGroups",
                                           {{"TargetGroupArns.member.1", arn}}));
  const auto groups = entries_of(answer, "TargetGroups");
  if (groups.empty()) return base::make_error(base::ErrorKind::not_found, "no such target group");
  const Json& json = groups.front();
  TargetGroup group{json_string(json, "TargetGroupName"), json_string(json, "TargetType", "instance"),
                    json_string(json, "VpcId"), json_string(json, "HealthCheckPath"),
                    json_string(json_member(json, "Matcher"), "HttpCode")};
  group.health_protocol = json_string(json, "HealthCheckProtocol", group.health_protocol);
  group.health_port = json_string(json, "HealthCheckPort", group.health_port);
  group.interval = whole(json, "HealthCheckIntervalSeconds", group.interval);
  group.timeout = whole(json, "HealthCheckTimeoutSeconds", group.timeout);
  group.healthy_threshold = whole(json, "HealthyThresholdCount", group.healthy_threshold);
  group.unhealthy_threshold = whole(json, "UnhealthyThresholdCount", group.unhealthy_threshold);
  const Json& balancers = json_member(json, "LoadBalancerArns");
  group.load_balancers = balancers.is_array() ? static_cast<int>(balancers.size()) : 0;
  const auto attributes = client.call_query(aws::kElasticLoadBalancing, kLoadBalancing,
                                            "DescribeTargetGroupAttributes", {{"TargetGroupArn", arn}});
  if (attributes) {
    for (const auto& entry : entries_of(*attributes, "Attributes")) {
      if (json_string(entry, "Key") == "deregistration_delay.timeout_seconds")
        group.deregistration_delay = whole(entry, "Value", group.deregistration_delay);
    }
  }
  return group;
}

/// The load balancer's request, from here.
base::Result<int> ask_target(const aws::Client& client, const TargetGroup& group, const std::string& target) {
  const auto host = target.substr(0, target.rfind(':'));
  base::HttpRequest request;
  request.url = fmt::format("http://{}{}",
                            group.health_port == "traffic-port" ? target : host + ":" + group.health_port,
                            group.health_path);
  request.proxy = "";
  request.connect_timeout = kLongestAnswer;
  request.timeout = kLongestAnswer;
  request.max_response_bytes = 1U << 16;
  request.stop = client.options().stop;
  TRY(const auto response, client.options().http->send(request).while_doing("asking " + request.url));
  return response.status;
}

bool tells_health(const TargetHealth& target) {
  return target.state == "healthy" || target.state == "unhealthy";
}

}  // namespace

base::Result<Attachments> find_attachments(aws::Client& client, const std::string& cluster) {
  TRY(const auto names, list_services(client, cluster));
  if (names.size() > kMostServices) {
    return base::invalid_input(fmt::format("cluster {} has {} services, and no more than {} are looked at",
                                           cluster, names.size(), kMostServices));
  }
  Attachments attachments;
  for (std::size_t begin = 0; begin < names.size(); begin += kServicesPerCall) {
    const std::vector<std::string> part(
        names.begin() + static_cast<std::ptrdiff_t>(begin),
        names.begin() + static_cast<std::ptrdiff_t>(std::min(begin + kServicesPerCall, names.size())));
    TRY(const auto services, describe_services(client, cluster, part));
    for (const auto& service : services) {
      for (const auto& balancer : service.load_balancers)
        attachments[balancer.target_group].push_back(service.name);
    }
  }
  return attachments;
}

TargetGroupFact find_target_group(aws::Client& client, const LoadBalancer& attachment) {
  TargetGroupFact fact{attachment, describe_target_group(client, attachment.target_group),
                       target_health(client, attachment.target_group)};
  if (!fact.group || !fact.targets || fact.targets->empty()) return fact;
  const bool is_told = std::any_of(fact.targets->begin(), fact.targets->end(), tells_health);
  if (!is_told && fact.group->health_protocol == "HTTP" && fact.group->health_path.starts_with('/'))
    fact.answer = ask_target(client, *fact.group, fact.targets->front().target);
  return fact;
}

bool fits_matcher(int status, const std::string& matcher) {
  for (const auto& part : base::split(matcher, ',')) {
    const auto dash = part.find('-');
    const auto least = base::parse_integer(base::trim(std::string_view(part).substr(0, dash)));
    const auto most =
        dash == std::string::npos ? least : base::parse_integer(base::trim(part.substr(dash + 1)));
    if (least && most && status >= *least && status <= *most) return true;
  }
  return false;
}

}  // namespace ecs
