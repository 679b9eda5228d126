#include "emulator/access.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "emulator/managed_policies.h"

namespace emulator {

namespace {

constexpr int kAccessForbidden = 403;

/// Where IAM's prefix of actions is not the name that requests are signed for.
std::string action_of(const std::string& service, const std::string& operation) {
  return fmt::format("{}:{}", service == "monitoring" ? "cloudwatch" : service, operation);
}

/// Operation by operation which member names the resource, and its ARN around it; {} is the member's value.
struct ResourceRule {
  const char* service;
  const char* member;
  const char* arn;  ///< after arn:aws:SERVICE:REGION:ACCOUNT:
};
constexpr ResourceRule kResources[] = {
    {"ecr", "repositoryName", "repository/{}"},
    {"logs", "logGroupName", "log-group:{}:*"},
    {"ssm", "Name", "parameter/{}"},
    {"secretsmanager", "SecretId", "secret:{}"},
    {"monitoring", "AlarmName", "alarm:{}"},
    {"iam", "RoleName", "role/{}"},
};
constexpr const char* kArnMembers[] = {"RoleArn",     "serviceDeploymentArn", "TargetGroupArn",
                                       "ListenerArn", "LoadBalancerArn",      "RuleArn",
                                       "resourceArn"};

std::string ecs_resource(const ApiCall& call, const std::string& prefix) {
  const auto& input = call.input;
  const auto text = [&](const char* member) { return base::json_string(input, member); };
  const auto last = [](const std::string& name) { return name.substr(name.rfind('/') + 1); };
  const auto cluster = last(base::json_string(input, "cluster", "default"));
  if (const auto service = call.operation == "CreateService" ? text("serviceName") : text("service");
      !service.empty() && call.operation != "ListTasks")
    return fmt::format("{}service/{}/{}", prefix, cluster, last(service));
  if (call.operation == "DescribeServices") {
    const auto& services = base::json_member(input, "services");
    if (services.is_array() && !services.empty() && services[0].is_string())
      return fmt::format("{}service/{}/{}", prefix, cluster, last(services[0].get<std::string>()));
  }
  if (call.operation == "RegisterTaskDefinition")
    return fmt::format("{}task-definition/{}:*", prefix, text("family"));
  if (call.operation == "RunTask")
    return fmt::format("{}task-definition/{}", prefix, last(text("taskDefinition")));
  if (const auto task = text("task"); !task.empty())
    return fmt::format("{}task/{}/{}", prefix, cluster, last(task));
  return "*";
}

std::string sentence(const std::string& user, const AccessQuestion& question, const std::string& why) {
  return fmt::format("User: {} is not authorized to perform: {} on resource: {} {}", user, question.action,
                     question.resource, why);
}

}  // namespace

std::vector<base::Json> policies_of(const Role& role) {
  std::vector<base::Json> documents;
  for (const auto& [name, document] : role.policies) documents.push_back(document);
  for (const auto& arn : role.attached) {
    if (const auto* document = managed_policy(arn)) documents.push_back(*document);
  }
  return documents;
}

std::string resource_of(const std::string& service, const ApiCall& call, const std::string& account) {
  const auto prefix = fmt::format("arn:aws:{}:{}:{}:", service == "monitoring" ? "cloudwatch" : service,
                                  service == "iam" ? "" : call.region, account);
  if (service == "ecs") {
    const auto arn = base::json_string(call.input, "serviceDeploymentArn");
    return arn.empty() ? ecs_resource(call, prefix) : arn;
  }
  for (const auto& rule : kResources) {
    auto value = base::json_string(call.input, rule.member);
    if (service != rule.service || value.empty()) continue;
    if (value.starts_with("arn:")) return value;
    if (service == "ssm" && value.starts_with('/')) value.erase(0, 1);
    return prefix + base::replace_all(rule.arn, "{}", value);
  }
  for (const char* member : kArnMembers) {
    if (auto arn = base::json_string(call.input, member); !arn.empty()) return arn;
  }
  return "*";
}

std::optional<std::string> AccessControl::refusal(const std::string& role_arn, const std::string& user_arn,
                                                  const AccessQuestion& question) const {
  const auto by_resource =
      evaluate_resource_policy(policy_of_(question.resource), {user_arn, role_arn}, question);
  const auto role = identity_.find_role(role_arn);
  const auto by_role =
      role && role->is_limited() ? evaluate_access(policies_of(*role), question) : Access::allowed;
  std::string why;
  if (by_resource == Access::explicitly_denied) {
    why = "with an explicit deny in a resource-based policy";
  } else if (by_role == Access::explicitly_denied) {
    why = "with an explicit deny in an identity-based policy";
  } else if (by_role == Access::implicitly_denied && by_resource != Access::allowed) {
    why = fmt::format("because no identity-based policy allows the {} action", question.action);
  } else {
    return std::nullopt;
  }
  auto refused = sentence(user_arn, question, why);
  audit_.write(refused);
  return refused;
}

std::vector<std::string> AccessControl::passed_roles(const ApiCall& call) const {
  std::vector<std::string> roles;
  const auto add = [&](const base::Json& from) {
    for (const char* member : {"taskRoleArn", "executionRoleArn"}) {
      if (auto arn = base::json_string(from, member); !arn.empty()) roles.push_back(std::move(arn));
    }
  };
  const auto& operation = call.operation;
  if (operation == "RegisterTaskDefinition") add(call.input);
  if (operation == "RunTask") add(base::json_member(call.input, "overrides"));
  const auto definition = base::json_string(call.input, "taskDefinition");
  const bool starts = operation == "RunTask" || operation == "CreateService" || operation == "UpdateService";
  if (starts && !definition.empty()) {
    for (auto& arn : roles_of_(definition)) roles.push_back(std::move(arn));
  }
  return roles;
}

std::optional<ApiFailure> AccessControl::check(const ServiceTable& service, const ApiCall& call) const {
  const auto& caller = call.principal;
  if (caller.arn.empty() || call.operation == "GetCallerIdentity") return std::nullopt;
  const auto refused = [&](const std::string& message) {
    return service.protocol == Protocol::query ? ApiFailure{"AccessDenied", message, kAccessForbidden}
                                               : ApiFailure{"AccessDeniedException", message};
  };
  const AccessQuestion question{
      action_of(service.name, call.operation),
      resource_of(service.name, call, caller.account),
      {{"aws:PrincipalArn", {caller.role_arn.empty() ? caller.arn : caller.role_arn}},
       {"aws:RequestedRegion", {call.region}}}};
  if (const auto why = refusal(caller.role_arn, caller.arn, question)) return refused(*why);
  if (service.name != "ecs") return std::nullopt;
  for (const auto& role : passed_roles(call)) {
    const auto arn = role.starts_with("arn:") ? role : identity_.role_arn("/", role);
    const AccessQuestion pass{"iam:PassRole", arn, {{"iam:PassedToService", {"ecs-tasks.amazonaws.com"}}}};
    if (const auto why = refusal(caller.role_arn, caller.arn, pass)) return refused(*why);
  }
  return std::nullopt;
}

}  // namespace emulator
