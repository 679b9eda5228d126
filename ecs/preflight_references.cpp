// What a task definition refers to: images, roles, secrets, log groups.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "ecs/preflight.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

/// linux/amd64 of X86_64 and LINUX, which are the defaults.
std::string wanted_platform(const Json& definition) {
  const Json& platform = json_member(definition, "runtimePlatform");
  const auto family = json_string(platform, "operatingSystemFamily", "LINUX");
  const auto architecture = json_string(platform, "cpuArchitecture", "X86_64");
  return fmt::format("{}/{}", family.starts_with("WINDOWS") ? "windows" : "linux",
                     architecture == "ARM64" ? "arm64" : "amd64");
}

Check judge_image(const ImageFact& fact, const std::string& platform) {
  const std::string subject = fmt::format("image of {}", fact.container);
  if (!fact.found && fact.found.error().kind == base::ErrorKind::not_found) {
    return leaf(
        subject, Verdict::problem,
        fmt::format("{} does not exist ({}): push it first", fact.reference, fact.found.error().message));
  }
  if (!fact.found && fact.found.error().code == "RepositoryNotFoundException") {
    return leaf(subject, Verdict::problem, fmt::format("{}: its repository does not exist", fact.reference));
  }
  if (!fact.found) return unknown(subject, fact.found.error());
  const auto& image = *fact.found;
  const auto& platforms = image.platforms;
  if (!platforms.empty() && std::find(platforms.begin(), platforms.end(), platform) == platforms.end()) {
    return leaf(
        subject, Verdict::problem,
        fmt::format("{} is for {}, and the tasks run on {}: build it for that, or set runtimePlatform",
                    fact.reference, base::join(platforms, ", "), platform));
  }
  if (platforms.empty()) {
    return leaf(
        subject, Verdict::unknown,
        fmt::format("{} is {}; which platforms it is for could not be seen", fact.reference, image.digest));
  }
  const bool moves = fact.reference.find('@') == std::string::npos && image.mutability.starts_with("MUTABLE");
  return leaf(
      subject, Verdict::ok,
      fmt::format("{} is {} for {}{}", fact.reference, image.digest, platform,
                  moves ? "; its tag may move, and the first task decides which digest is deployed" : ""));
}

/// An image that was built here, whose name means another one in the repository.
Check judge_built_image(const ImageFact& fact) {
  const auto& image = *fact.found;
  const std::string subject = fmt::format("built image of {}", fact.container);
  const bool is_same =
      image.digest == fact.built_digest ||
      std::find(image.members.begin(), image.members.end(), fact.built_digest) != image.members.end();
  if (is_same) return leaf(subject, Verdict::ok, "what this machine has under that name is what is deployed");
  if (image.mutability.starts_with("IMMUTABLE")) {
    return leaf(
        subject, Verdict::problem,
        fmt::format("{} is {} for good, since its tag is immutable, and this machine built {} under that "
                    "name, whose push is refused: give it another tag",
                    fact.reference, image.digest, fact.built_digest));
  }
  return leaf(subject, Verdict::unknown,
              fmt::format("{} is {}, and this machine has {} under that name: was it pushed?", fact.reference,
                          image.digest, fact.built_digest));
}

/// Principal.Service may be one text or a list.
bool trusts_tasks(const Json& policy) {
  const Json& statements = json_member(policy, "Statement");
  const auto list = statements.is_array() ? std::vector<Json>(statements.begin(), statements.end())
                                          : std::vector<Json>{statements};
  for (const auto& statement : list) {
    if (json_string(statement, "Effect") != "Allow") continue;
    const Json& service = json_member(json_member(statement, "Principal"), "Service");
    const auto services =
        service.is_array() ? std::vector<Json>(service.begin(), service.end()) : std::vector<Json>{service};
    for (const auto& name : services) {
      if (name == "ecs-tasks.amazonaws.com") return true;
    }
  }
  return false;
}

Check judge_trust(const RoleFact& fact) {
  const std::string subject = "trust";
  if (!fact.trust_policy && fact.trust_policy.error().code == "NoSuchEntity") {
    return leaf(subject, Verdict::problem,
                fmt::format("{} does not exist: create it, or correct its name", fact.arn));
  }
  if (!fact.trust_policy) return unknown(subject, fact.trust_policy.error());
  if (trusts_tasks(*fact.trust_policy))
    return leaf(subject, Verdict::ok, "ecs-tasks.amazonaws.com may assume it");
  return leaf(subject, Verdict::problem,
              fmt::format("{} does not trust ecs-tasks.amazonaws.com: add it as a Service principal with "
                          "sts:AssumeRole",
                          fact.arn));
}

Check judge_passing(const RoleFact& fact) {
  if (!fact.may_be_passed) return unknown("iam:PassRole", fact.may_be_passed.error());
  if (*fact.may_be_passed) return leaf("iam:PassRole", Verdict::ok, "whoever deploys may pass it");
  return leaf("iam:PassRole", Verdict::problem,
              fmt::format("whoever deploys may not pass {}: allow iam:PassRole for it", fact.arn));
}

Check judge_secret(const SecretFact& fact) {
  const std::string subject = fmt::format("{} of {}", fact.variable, fact.container);
  if (!fact.found && fact.found.error().kind == base::ErrorKind::not_found) {
    return leaf(subject, Verdict::problem,
                fmt::format("{}: {}; no task would start", fact.value_from, fact.found.error().message));
  }
  if (fact.may_be_read && !*fact.may_be_read) {
    return leaf(subject, Verdict::problem,
                fmt::format("the execution role may not read {}: allow it to", fact.value_from));
  }
  if (!fact.found) return unknown(subject, fact.found.error());
  if (!fact.may_be_read) return unknown(subject, fact.may_be_read.error());
  return leaf(subject, Verdict::ok, fact.value_from + " is there, and the execution role may read it");
}

}  // namespace

Check judge_images(const PreflightFacts& facts) {
  std::vector<Check> parts;
  for (const auto& fact : facts.images) {
    parts.push_back(judge_image(fact, wanted_platform(facts.definition)));
    if (fact.found && !fact.built_digest.empty()) parts.push_back(judge_built_image(fact));
  }
  for (const auto& fact : facts.rollback_images) {
    const std::string subject = "image for a rollback";
    if (!fact.expiring_rule) {
      parts.push_back(unknown(subject, fact.expiring_rule.error()));
    } else if (*fact.expiring_rule != 0) {
      parts.push_back(
          leaf(subject, Verdict::problem,
               fmt::format("rule {} of the repository's lifecycle policy will expire {}: keep more "
                           "images, or no rollback can start",
                           *fact.expiring_rule, fact.reference)));
    } else {
      parts.push_back(leaf(subject, Verdict::ok, fact.reference + " is kept"));
    }
  }
  return branch("images", std::move(parts));
}

Check judge_roles(const PreflightFacts& facts) {
  std::vector<Check> parts;
  for (const auto& fact : facts.roles)
    parts.push_back(branch(fact.use, {judge_trust(fact), judge_passing(fact)}));
  const bool has_execution_role =
      std::any_of(facts.roles.begin(), facts.roles.end(),
                  [](const RoleFact& fact) { return fact.use == "execution role"; });
  const bool needs_one = facts.service.launch_type == "FARGATE" || !facts.secrets.empty();
  if (!has_execution_role && needs_one && (!facts.secrets.empty() || !facts.log_groups.empty())) {
    parts.push_back(
        leaf("execution role", Verdict::problem,
             "the task definition names none, and its secrets or logs need one: set executionRoleArn"));
  }
  return branch("roles", std::move(parts));
}

Check judge_secrets(const PreflightFacts& facts) {
  std::vector<Check> parts;
  for (const auto& fact : facts.secrets) parts.push_back(judge_secret(fact));
  return branch("secrets", std::move(parts));
}

Check judge_logs(const PreflightFacts& facts) {
  std::vector<Check> parts;
  for (const auto& fact : facts.log_groups) {
    const std::string subject = fmt::format("log group of {}", fact.container);
    if (!fact.exists) {
      parts.push_back(unknown(subject, fact.exists.error()));
    } else if (*fact.exists || fact.task_creates_it) {
      parts.push_back(leaf(subject, Verdict::ok,
                           fact.group + (*fact.exists ? " is there" : " will be created by the first task")));
    } else {
      parts.push_back(leaf(
          subject, Verdict::problem,
          fmt::format("{} does not exist: create it, or set awslogs-create-group to \"true\"", fact.group)));
    }
  }
  return branch("logs", std::move(parts));
}

}  // namespace ecs
