#include "emulator/ecr_policies.h"

#include <fmt/format.h>

#include "emulator/api_failure.h"
#include "emulator/lifecycle_policy.h"
#include "emulator/policy.h"

namespace emulator {

namespace {

struct PolicySurroundings {
  Repositories& repositories;
  base::Clock& clock;
};

ApiFailure absent(const PolicySurroundings& all, const char* code, const char* what,
                  const std::string& name) {
  return failure(
      code, fmt::format("{} does not exist for the repository with name '{}' in the registry with id '{}'",
                        what, name, all.repositories.account()));
}

/// Runs a function on the repository that a call names; null answers mean that it has no such policy.
using OnRepository = std::function<ApiResult(Repository&)>;
ApiResult with_repository(const PolicySurroundings& all, const ApiCall& call, const OnRepository& function) {
  const auto name = base::json_string(call.input, "repositoryName");
  ApiResult answer =
      failure("RepositoryNotFoundException",
              fmt::format("The repository with name '{}' does not exist in the registry with id '{}'", name,
                          all.repositories.account()));
  all.repositories.change(name, [&](Repository& repository) { answer = function(repository); });
  if (auto* members = std::get_if<base::Json>(&answer)) {
    (*members)["registryId"] = all.repositories.account();
    (*members)["repositoryName"] = name;
  }
  return answer;
}

ApiFailure no_lifecycle(const PolicySurroundings& all, const Repository& repository) {
  return absent(all, "LifecyclePolicyNotFoundException", "Lifecycle policy", repository.name);
}

ApiResult put_lifecycle(const PolicySurroundings& all, const ApiCall& call) {
  return with_repository(all, call, [&](Repository& repository) -> ApiResult {
    const auto text = base::json_string(call.input, "lifecyclePolicyText");
    if (const auto fault = lifecycle_fault(text); !fault.empty())
      return invalid_parameter(fmt::format(
          "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy "
          "validation failure: {}'",
          fault));
    repository.lifecycle_policy = text;
    return base::Json{{"lifecyclePolicyText", text}};
  });
}

ApiResult start_preview(const PolicySurroundings& all, const ApiCall& call) {
  return with_repository(all, call, [&](Repository& repository) -> ApiResult {
    auto text = base::json_string(call.input, "lifecyclePolicyText", repository.lifecycle_policy);
    if (text.empty()) return no_lifecycle(all, repository);
    if (const auto fault = lifecycle_fault(text); !fault.empty())
      return invalid_parameter(fmt::format("Lifecycle policy validation failure: {}", fault));
    repository.previewed_policy = text;
    return base::Json{{"lifecyclePolicyText", std::move(text)}, {"status", "IN_PROGRESS"}};
  });
}

base::Json preview_entry(const Repository& repository, const ExpiringImage& image) {
  base::Json tags = base::Json::array();
  for (const auto& [tag, digest] : repository.image_tags) {
    if (digest == image.digest) tags.push_back(tag);
  }
  return {{"imageTags", std::move(tags)},
          {"imageDigest", image.digest},
          {"imagePushedAt", repository.manifests.at(image.digest).pushed_at},
          {"action", {{"type", "EXPIRE"}}},
          {"appliedRulePriority", image.rule_priority}};
}

ApiResult get_preview(const PolicySurroundings& all, const ApiCall& call) {
  return with_repository(all, call, [&](Repository& repository) -> ApiResult {
    const auto& policy = repository.previewed_policy;
    if (policy.empty())
      return absent(all, "LifecyclePolicyPreviewNotFoundException", "Lifecycle policy preview",
                    repository.name);
    base::Json results = base::Json::array();
    for (const auto& image : expiring_images(policy, repository, base::to_epoch_seconds(all.clock.now())))
      results.push_back(preview_entry(repository, image));
    const auto count = results.size();
    return base::Json{{"lifecyclePolicyText", policy},
                      {"status", "COMPLETE"},
                      {"previewResults", std::move(results)},
                      {"summary", {{"expiringImageTotalCount", count}}}};
  });
}

ApiResult set_repository_policy(const PolicySurroundings& all, const ApiCall& call) {
  return with_repository(all, call, [&](Repository& repository) -> ApiResult {
    const auto text = base::json_string(call.input, "policyText");
    const auto document = base::parse_json(text);
    const auto fault = document ? policy_fault(*document) : document.error().message;
    if (!fault.empty())
      return invalid_parameter(fmt::format(
          "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy "
          "provided': {}",
          fault));
    repository.policy = text;
    return base::Json{{"policyText", text}};
  });
}

/// Tells of a policy, or takes it away: both answer with what it was.
enum class Afterwards { kept, removed };
ApiResult repository_policy(const PolicySurroundings& all, const ApiCall& call, Afterwards afterwards) {
  return with_repository(all, call, [&](Repository& repository) -> ApiResult {
    if (repository.policy.empty())
      return absent(all, "RepositoryPolicyNotFoundException", "Repository policy", repository.name);
    base::Json answer = {{"policyText", repository.policy}};
    if (afterwards == Afterwards::removed) repository.policy.clear();
    return answer;
  });
}

ApiResult lifecycle_policy(const PolicySurroundings& all, const ApiCall& call, Afterwards afterwards) {
  return with_repository(all, call, [&](Repository& repository) -> ApiResult {
    if (repository.lifecycle_policy.empty()) return no_lifecycle(all, repository);
    base::Json answer = {{"lifecyclePolicyText", repository.lifecycle_policy}};
    if (afterwards == Afterwards::removed) repository.lifecycle_policy.clear();
    return answer;
  });
}

}  // namespace

void add_policy_operations(ServiceTable& table, Repositories& repositories, base::Clock& clock) {
  const PolicySurroundings all{repositories, clock};
  auto& operations = table.operations;
  operations["PutLifecyclePolicy"] = [all](const ApiCall& call) { return put_lifecycle(all, call); };
  operations["GetLifecyclePolicy"] = [all](const ApiCall& call) {
    return lifecycle_policy(all, call, Afterwards::kept);
  };
  operations["DeleteLifecyclePolicy"] = [all](const ApiCall& call) {
    return lifecycle_policy(all, call, Afterwards::removed);
  };
  operations["StartLifecyclePolicyPreview"] = [all](const ApiCall& call) { return start_preview(all, call); };
  operations["GetLifecyclePolicyPreview"] = [all](const ApiCall& call) { return get_preview(all, call); };
  operations["SetRepositoryPolicy"] = [all](const ApiCall& call) { return set_repository_policy(all, call); };
  operations["GetRepositoryPolicy"] = [all](const ApiCall& call) {
    return repository_policy(all, call, Afterwards::kept);
  };
  operations["DeleteRepositoryPolicy"] = [all](const ApiCall& call) {
    return repository_policy(all, call, Afterwards::removed);
  };
}

}  // namespace emulator
