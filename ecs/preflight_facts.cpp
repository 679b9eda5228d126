#include "ecs/preflight_facts.h"

#include <fmt/format.h>

#include "aws/sts.h"
#include "base/strings.h"
#include "ecs/secret_facts.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

constexpr const char* kIamVersion = "2010-05-08";
constexpr const char* kLoadBalancing = "2015-12-01";
constexpr const char* kEc2Version = "2016-11-15";

/// Members of a Query answer's list, which is "" when it is empty.
std::vector<Json> entries_of(const Json& answer, std::string_view key) {
  const Json& list = json_member(answer, key);
  if (list.is_array()) return {list.begin(), list.end()};
  return list.is_object() ? std::vector<Json>{list} : std::vector<Json>{};
}

int whole(const Json& object, std::string_view key, int fallback) {
  return static_cast<int>(base::parse_integer(json_string(object, key)).value_or(fallback));
}

/// arn:aws:sts::1:assumed-role/R/session → arn:aws:iam::1:role/R, which policies are about.
std::string principal_of(const std::string& arn) {
  constexpr std::string_view kAssumed = ":assumed-role/";
  const auto at = arn.find(kAssumed);
  if (at == std::string::npos) return arn;
  const auto parts = base::split(arn, ':');
  const auto name = arn.substr(at + kAssumed.size());
  return fmt::format("arn:{}:iam::{}:role/{}", parts[1], parts.size() > 4 ? parts[4] : "",
                     name.substr(0, name.find('/')));
}

struct Permission {
  std::string principal;
  std::string action;
  std::string resource;
};

base::Result<bool> may(aws::Client& client, const Permission& permission) {
  TRY(const Json answer, client.call_query(aws::kIam, kIamVersion, "SimulatePrincipalPolicy",
                                           {{"PolicySourceArn", permission.principal},
                                            {"ActionNames.member.1", permission.action},
                                            {"ResourceArns.member.1", permission.resource}}));
  for (const auto& result : entries_of(answer, "EvaluationResults"))
    return json_string(result, "EvalDecision") == "allowed";
  return base::make_error(base::ErrorKind::remote, "SimulatePrincipalPolicy answered without a decision");
}

base::Result<Json> trust_policy(aws::Client& client, const std::string& role_arn) {
  const std::string name = role_arn.substr(role_arn.rfind('/') + 1);
  TRY(const Json answer, client.call_query(aws::kIam, kIamVersion, "GetRole", {{"RoleName", name}}));
  const auto text = json_string(json_member(answer, "Role"), "AssumeRolePolicyDocument");
  return base::parse_json(base::percent_decode(text)).while_doing("reading the trust policy of " + name);
}

class FactGatherer {
 public:
  FactGatherer(aws::Client& client, PreflightRequest request) : client_(client) {
    facts_.plan = std::move(request.plan);
    facts_.service = std::move(request.service);
    facts_.definition = std::move(request.definition);
    facts_.patience = request.patience;
    execution_role_ = json_string(facts_.definition, "executionRoleArn");
  }

  PreflightFacts gather() {
    for (const auto& container : json_member(facts_.definition, "containerDefinitions")) {
      add_image(container);
      add_secrets(container);
      add_log_group(container);
    }
    add_roles();
    add_target_groups();
    if (!facts_.service.subnets.empty()) facts_.subnets = describe_subnets();
    add_revisions();
    add_credentials();
    return std::move(facts_);
  }

 private:
  void add_image(const Json& container) {
    ImageFact fact{json_string(container, "name"), json_string(container, "image"), EcrImageFact()};
    const auto reference = ecr_reference(client_, fact.reference);
    if (reference) {
      fact.found = find_ecr_image(client_, *reference);
    } else {
      fact.found = base::invalid_input("it is in no ECR repository, and other registries are not asked");
    }
    facts_.images.push_back(std::move(fact));
  }

  void add_secrets(const Json& container) {
    for (const auto& entry : json_member(container, "secrets")) {
      SecretFact fact{json_string(container, "name"),
                      json_string(entry, "name"),
                      json_string(entry, "valueFrom"),
                      {},
                      true};
      fact.found = look_for_secret(client_, fact.value_from);
      fact.may_be_read = may(client_, {execution_role_, action_for_secret(fact.value_from),
                                       secret_arn(client_, fact.value_from, execution_role_)});
      facts_.secrets.push_back(std::move(fact));
    }
  }

  void add_log_group(const Json& container) {
    const auto& configuration = json_member(container, "logConfiguration");
    if (json_string(configuration, "logDriver") != "awslogs") return;
    const auto& options = json_member(configuration, "options");
    LogGroupFact fact{json_string(container, "name"), json_string(options, "awslogs-group"),
                      json_string(options, "awslogs-create-group") == "true", false};
    auto answer = client_.call_json(aws::kCloudWatchLogs, "Logs_20140328.DescribeLogGroups",
                                    {{"logGroupNamePrefix", fact.group}});
    if (!answer) {
      fact.exists = std::move(answer).error();
    } else {
      for (const auto& group : json_member(*answer, "logGroups")) {
        if (json_string(group, "logGroupName") == fact.group) fact.exists = true;
      }
    }
    facts_.log_groups.push_back(std::move(fact));
  }

  void add_roles() {
    const auto caller = aws::get_caller_identity(client_);
    for (const auto& [use, key] :
         {std::pair("execution role", "executionRoleArn"), std::pair("task role", "taskRoleArn")}) {
      const auto arn = json_string(facts_.definition, key);
      if (arn.empty()) continue;
      RoleFact fact{use, arn, trust_policy(client_, arn), true};
      if (caller) {
        fact.may_be_passed = may(client_, {principal_of(caller->arn), "iam:PassRole", arn});
      } else {
        fact.may_be_passed = caller.error();
      }
      facts_.roles.push_back(std::move(fact));
    }
  }

  base::Result<TargetGroup> describe_target_group(const std::string& arn) {
    TRY(const Json answer, client_.call_query(aws::kElasticLoadBalancing, kLoadBalancing,
                                              "DescribeTargetGroups", {{"TargetGroupArns.member.1", arn}}));
    const auto groups = entries_of(answer, "TargetGroups");
    if (groups.empty()) return base::make_error(base::ErrorKind::not_found, "no such target group");
    const Json& json = groups.front();
    TargetGroup group{json_string(json, "TargetGroupName"), json_string(json, "TargetType", "instance"),
                      json_string(json, "VpcId"), json_string(json, "HealthCheckPath"),
                      json_string(json_member(json, "Matcher"), "HttpCode")};
    group.interval = whole(json, "HealthCheckIntervalSeconds", group.interval);
    group.timeout = whole(json, "HealthCheckTimeoutSeconds", group.timeout);
    group.healthy_threshold = whole(json, "HealthyThresholdCount", group.healthy_threshold);
    group.unhealthy_threshold = whole(json, "UnhealthyThresholdCount", group.unhealthy_threshold);
    const Json& balancers = json_member(json, "LoadBalancerArns");
    group.load_balancers = balancers.is_array() ? static_cast<int>(balancers.size()) : 0;
    const auto attributes = client_.call_query(aws::kElasticLoadBalancing, kLoadBalancing,
                                               "DescribeTargetGroupAttributes", {{"TargetGroupArn", arn}});
    if (attributes) {
      for (const auto& entry : entries_of(*attributes, "Attributes")) {
        if (json_string(entry, "Key") == "deregistration_delay.timeout_seconds")
          group.deregistration_delay = whole(entry, "Value", group.deregistration_delay);
      }
    }
    return group;
  }

  void add_target_groups() {
    for (const auto& attachment : facts_.service.load_balancers) {
      facts_.target_groups.push_back({attachment, describe_target_group(attachment.target_group),
                                      target_health(client_, attachment.target_group)});
    }
  }

  base::Result<std::vector<Subnet>> describe_subnets() {
    std::map<std::string, std::string> parameters;
    for (std::size_t i = 0; i < facts_.service.subnets.size(); ++i)
      parameters[fmt::format("SubnetId.{}", i + 1)] = facts_.service.subnets[i];
    TRY(const auto answer, client_.call_query(aws::kEc2, kEc2Version, "DescribeSubnets", parameters));
    std::vector<Subnet> subnets;
    for (const auto& entry : entries_of(json_member(answer, "subnetSet"), "item")) {
      subnets.push_back({json_string(entry, "subnetId"), json_string(entry, "vpcId"),
                         whole(entry, "availableIpAddressCount", 0)});
    }
    return subnets;
  }

  void add_revisions() {
    auto latest = describe_task_definition(client_, json_string(facts_.definition, "family"));
    if (latest || latest.error().code != "ClientException") facts_.latest = std::move(latest);
    if (facts_.plan.replaces.empty()) return;
    facts_.running = describe_task_definition(client_, facts_.plan.replaces);
    if (!*facts_.running) return;
    for (const auto& container : json_member(**facts_.running, "containerDefinitions")) {
      const auto image = json_string(container, "image");
      if (ecr_reference(client_, image))
        facts_.rollback_images.push_back(find_rollback_image(client_, image));
    }
  }

  void add_credentials() {
    auto source = client_.options().credentials;
    if (!source || source->renews()) return;
    base::Clock& clock = *client_.options().clock;
    const auto held = source->current(clock);
    if (held && held->expires)
      facts_.credentials_left =
          std::chrono::duration_cast<std::chrono::seconds>(*held->expires - clock.now());
  }

  aws::Client& client_;
  PreflightFacts facts_;
  std::string execution_role_;
};

}  // namespace

PreflightFacts gather_facts(aws::Client& client, PreflightRequest request) {
  return FactGatherer(client, std::move(request)).gather();
}

}  // namespace ecs
