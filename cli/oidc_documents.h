#pragma once
// What IAM has to know so that jobs take a role by their ID tokens: the provider, who may take the role, and
// what it may do. Pure. A custom issuer's tokens are told apart by `aud` and `sub` alone (IAM user guide,
// "Available keys for AWS OIDC federation").

#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"

namespace cli {

struct OidcFlags {
  std::string verb;    ///< publish, check, aws-setup
  std::string target;  ///< of publish: a folder or s3://BUCKET[/PREFIX]
  std::string issuer;  ///< https://…; empty: the one that was published
  std::string account;
  std::string partition = "aws";
  std::string region;
  std::string role = "pipeline-deploy";
  std::string repository;   ///< owner/name
  std::string environment;  ///< jobs of it alone
  std::string branch;       ///< … or of this branch alone
  std::string ecr_repository;
  std::string cluster;
  std::string service;
  std::vector<std::string> pass_roles;  ///< ARNs that task definitions name
};

/// {"OpenIDConnectProvider", "AssumeRolePolicyDocument", "PolicyDocument", "commands"}
base::Result<base::Json> aws_documents(const std::string& issuer, const OidcFlags& flags);

}  // namespace cli
