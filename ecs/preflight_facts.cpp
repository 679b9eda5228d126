#include "ecs/preflight_facts.h"

#include <fmt/format.h>

#include "aws/sts.h"
#include "base/strings.h"
#include "ecs/query_answer.h"
#include "ecs/secret_facts.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

constexpr const char* kIamVersion = "2010-05-08";
constexpr const char* kEc2Version = "2016-11-15";

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
    find_built_image_ = std::move(request.find_built_image);
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
    ImageFact fact{json_string(container, "name"), json_string(container, "image"), EcrImageFact(), ""};
    const auto reference = ecr_reference(client_, fact.reference);
    if (reference) {
      fact.found = find_ecr_image(client_, *reference);
    } else {
      fact.found = base::invalid_input("it is in no ECR repository, and other registries are not asked");
    }
    if (fact.found && find_built_image_) fact.built_digest = find_built_image_(fact.reference);
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

  void add_target_groups() {
    const auto& service = facts_.service;
    if (service.load_balancers.empty()) return;
    const auto attachments = find_attachments(client_, facts_.plan.request.cluster);
    for (const auto& attachment : service.load_balancers) {
      auto fact = find_target_group(client_, attachment);
      if (!attachments) {
        fact.other_services = attachments.error();
      } else if (const auto found = attachments->find(attachment.target_group); found != attachments->end()) {
        fact.other_services = found->second;
        std::erase(fact.other_services.value(), service.name);
      }
      facts_.target_groups.push_back(std::move(fact));
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
  FindBuiltImage find_built_image_;
};

}  // namespace

PreflightFacts gather_facts(aws::Client& client, PreflightRequest request) {
  return FactGatherer(client, std::move(request)).gather();
}

}  // namespace ecs
