#include "cli/oidc_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/strings.h"

namespace cli {

namespace {

constexpr const char* kAudience = "sts.amazonaws.com";
constexpr const char* kPolicyVersion = "2012-10-17";

base::Json list_of(const std::vector<std::string>& texts) {
  base::Json list = base::Json::array();
  for (const auto& text : texts) list.push_back(text);
  return list;
}

base::Json statement(const char* id, const std::vector<std::string>& actions, base::Json resources) {
  return {{"Sid", id}, {"Effect", "Allow"}, {"Action", list_of(actions)}, {"Resource", std::move(resources)}};
}

/// As runner/github_context writes it into the token.
std::string subject_of(const OidcFlags& flags) {
  const auto who = "repo:" + flags.repository;
  if (!flags.environment.empty())
    return who + ":environment:" + base::replace_all(flags.environment, ":", "%3A");
  return who + ":ref:refs/heads/" + flags.branch;
}

base::Json trust_policy(const std::string& provider_arn, const std::string& host, const OidcFlags& flags) {
  const base::Json condition = {
      {"StringEquals", {{host + ":aud", kAudience}, {host + ":sub", subject_of(flags)}}}};
  base::Json statements = base::Json::array();
  statements.push_back({{"Effect", "Allow"},
                        {"Principal", {{"Federated", provider_arn}}},
                        {"Action", "sts:AssumeRoleWithWebIdentity"},
                        {"Condition", condition}});
  return {{"Version", kPolicyVersion}, {"Statement", std::move(statements)}};
}

/// As little as pushing an image and deploying a service need.
base::Json permissions(const OidcFlags& flags) {
  const auto arn = [&](std::string_view service, const std::string& what) {
    return fmt::format("arn:{}:{}:{}:{}:{}", flags.partition, service, flags.region, flags.account, what);
  };
  base::Json statements = base::Json::array();
  statements.push_back(statement("LogInToEcr", {"ecr:GetAuthorizationToken"}, "*"));
  if (!flags.ecr_repository.empty()) {
    statements.push_back(
        statement("PushTheImage",
                  {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
                   "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload",
                   "ecr:PutImage", "ecr:UploadLayerPart"},
                  arn("ecr", "repository/" + flags.ecr_repository)));
  }
  if (!flags.service.empty()) {
    // Task definitions have no ARN before they are registered.
    statements.push_back(statement("RegisterTaskDefinitions",
                                   {"ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"}, "*"));
    statements.push_back(statement(
        "DeployTheService",
        {"ecs:DescribeServices", "ecs:UpdateService", "ecs:ListServiceDeployments",
         "ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment", "ecs:DescribeServiceRevisions"},
        list_of({arn("ecs", fmt::format("service/{}/{}", flags.cluster, flags.service)),
                 arn("ecs", fmt::format("service-deployment/{}/{}/*", flags.cluster, flags.service)),
                 arn("ecs", fmt::format("service-revision/{}/{}/*", flags.cluster, flags.service))})));
    auto look = statement("LookAtItsTasks", {"ecs:DescribeTasks", "ecs:ListTasks"}, "*");
    look["Condition"] = {{"ArnEquals", {{"ecs:cluster", arn("ecs", "cluster/" + flags.cluster)}}}};
    statements.push_back(std::move(look));
  }
  if (!flags.pass_roles.empty()) {
    auto pass = statement("PassTheRolesOfTheTasks", {"iam:PassRole"}, list_of(flags.pass_roles));
    pass["Condition"] = {{"StringEquals", {{"iam:PassedToService", "ecs-tasks.amazonaws.com"}}}};
    statements.push_back(std::move(pass));
  }
  return {{"Version", kPolicyVersion}, {"Statement", std::move(statements)}};
}

base::Result<void> check_setup(const OidcFlags& flags) {
  const bool is_account =
      flags.account.size() == 12 && std::all_of(flags.account.begin(), flags.account.end(),
                                                [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!is_account)
    return base::invalid_input(
        fmt::format("--account: expected the 12 digits of an account, found '{}'", flags.account));
  if (std::count(flags.repository.begin(), flags.repository.end(), '/') != 1 ||
      flags.repository.find_first_of("*?") != std::string::npos) {
    return base::invalid_input(
        fmt::format("--repository: expected OWNER/NAME, found '{}'", flags.repository));
  }
  if (flags.environment.empty() == flags.branch.empty())
    return base::invalid_input(
        "expected --environment or --branch: a role for every job of a repository is for pull "
        "requests, too");
  if (!flags.service.empty() && flags.cluster.empty())
    return base::invalid_input("--service: expected --cluster with it");
  return {};
}

}  // namespace

base::Result<base::Json> aws_documents(const std::string& issuer, const OidcFlags& flags) {
  TRY(check_setup(flags));
  const auto host = issuer.substr(std::string_view("https://").size());
  const auto provider = fmt::format("arn:{}:iam::{}:oidc-provider/{}", flags.partition, flags.account, host);
  return base::Json{
      {"OpenIDConnectProvider", {{"Url", issuer}, {"ClientIDList", {kAudience}}}},
      {"RoleName", flags.role},
      {"AssumeRolePolicyDocument", trust_policy(provider, host, flags)},
      {"PolicyDocument", permissions(flags)},
      {"commands",
       list_of(
           {fmt::format("aws iam create-open-id-connect-provider --url {} --client-id-list {}", issuer,
                        kAudience),
            fmt::format("aws iam create-role --role-name {} --assume-role-policy-document file://trust.json",
                        flags.role),
            fmt::format("aws iam put-role-policy --role-name {} --policy-name deploy --policy-document "
                        "file://policy.json",
                        flags.role)})}};
}

}  // namespace cli
