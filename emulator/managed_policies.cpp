#include "emulator/managed_policies.h"

#include <map>

#include "base/json.h"

namespace emulator {

namespace {

base::Json allowing(std::initializer_list<const char*> actions) {
  base::Json list = base::Json::array();
  for (const char* action : actions) list.push_back(action);
  return {{"Version", "2012-10-17"},
          {"Statement", {{{"Effect", "Allow"}, {"Action", std::move(list)}, {"Resource", "*"}}}}};
}

}  // namespace

const base::Json* managed_policy(const std::string& arn) {
  static const std::map<std::string, base::Json> kPolicies{
      {"arn:aws:iam::aws:policy/AdministratorAccess", allowing({"*"})},
      {"arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
       allowing({"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer",
                 "ecr:BatchGetImage", "logs:CreateLogStream", "logs:PutLogEvents"})},
      {"arn:aws:iam::aws:policy/AmazonECS_FullAccess",
       allowing({"ecs:*", "elasticloadbalancing:*", "codedeploy:*", "cloudwatch:*", "logs:*",
                 "application-autoscaling:*", "iam:PassRole", "iam:ListRoles"})},
      {"arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryFullAccess", allowing({"ecr:*"})},
      {"arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser",
       allowing({"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer",
                 "ecr:GetRepositoryPolicy", "ecr:DescribeRepositories", "ecr:ListImages",
                 "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetLifecyclePolicy",
                 "ecr:GetLifecyclePolicyPreview", "ecr:ListTagsForResource", "ecr:DescribeImageScanFindings",
                 "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload",
                 "ecr:PutImage"})},
      {"arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
       allowing({"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer",
                 "ecr:GetRepositoryPolicy", "ecr:DescribeRepositories", "ecr:ListImages",
                 "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetLifecyclePolicy",
                 "ecr:GetLifecyclePolicyPreview", "ecr:ListTagsForResource",
                 "ecr:DescribeImageScanFindings"})},
      {"arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess",
       allowing({"cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "logs:Describe*", "logs:Get*",
                 "logs:FilterLogEvents"})},
      {"arn:aws:iam::aws:policy/SecretsManagerReadWrite", allowing({"secretsmanager:*"})},
      {"arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
       allowing({"ssm:Describe*", "ssm:Get*", "ssm:List*"})},
  };
  const auto found = kPolicies.find(arn);
  return found == kPolicies.end() ? nullptr : &found->second;
}

}  // namespace emulator
