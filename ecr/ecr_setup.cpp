#include "ecr/ecr_setup.h"

#include <fmt/format.h>

#include "base/json.h"

namespace ecr {

namespace {

using base::Json;
using base::json_member;
using base::json_string;
using base::Result;

constexpr int kMostPreviewLooks = 60;
constexpr std::chrono::seconds kBetweenPreviewLooks{2};

Result<Json> call(aws::Client& client, std::string_view operation, const Json& request) {
  return client.call_json(aws::kEcr, fmt::format("AmazonEC2ContainerRegistry_V20150921.{}", operation),
                          request);
}

Result<EcrRepository> create(aws::Client& client, const RepositorySettings& settings) {
  TRY(const Json answer, call(client, "CreateRepository",
                              {{"repositoryName", settings.name},
                               {"imageTagMutability", settings.immutable_tags ? "IMMUTABLE" : "MUTABLE"},
                               {"imageScanningConfiguration", {{"scanOnPush", settings.scan_on_push}}}}));
  const Json& made = json_member(answer, "repository");
  return EcrRepository{json_string(made, "repositoryName"), json_string(made, "repositoryArn"),
                       json_string(made, "repositoryUri"), json_string(made, "registryId"),
                       json_string(made, "imageTagMutability")};
}

ExpiringImage expiring_of(const Json& json) {
  ExpiringImage image{json_string(json, "imageDigest"),
                      {},
                      static_cast<int>(base::json_integer(json, "appliedRulePriority"))};
  for (const Json& tag : json_member(json, "imageTags")) {
    if (tag.is_string()) image.tags.push_back(tag.get<std::string>());
  }
  return image;
}

}  // namespace

Result<EnsuredRepository> ensure_repository(aws::Client& client, const RepositorySettings& settings) {
  TRY(auto found, describe_repository(client, settings.name));
  EnsuredRepository ensured;
  if (found) {
    ensured.repository = std::move(*found);
  } else {
    auto made = create(client, settings);
    // Somebody else was faster.
    const bool exists = !made && made.error().code == "RepositoryAlreadyExistsException";
    if (!made && !exists) return std::move(made).error().while_doing("creating repository " + settings.name);
    ensured.created = made.ok();
    if (made) ensured.repository = std::move(*made);
  }
  if (!settings.policy.empty()) {
    TRY(call(client, "SetRepositoryPolicy",
             {{"repositoryName", settings.name}, {"policyText", settings.policy}})
            .while_doing("setting the policy of " + settings.name));
  }
  if (!settings.lifecycle_policy.empty()) {
    TRY(call(client, "PutLifecyclePolicy",
             {{"repositoryName", settings.name}, {"lifecyclePolicyText", settings.lifecycle_policy}})
            .while_doing("setting the lifecycle policy of " + settings.name));
  }
  return ensured;
}

Result<std::vector<ExpiringImage>> preview_lifecycle(aws::Client& client, const std::string& repository,
                                                     const std::string& policy) {
  Json request = {{"repositoryName", repository}};
  Json start = request;
  if (!policy.empty()) start["lifecyclePolicyText"] = policy;
  auto started = call(client, "StartLifecyclePolicyPreview", start);
  const bool goes_on = !started && started.error().code == "LifecyclePolicyPreviewInProgressException";
  if (!started && !goes_on) return std::move(started).error().while_doing("previewing the lifecycle policy");
  std::vector<ExpiringImage> images;
  for (int look = 0; look < kMostPreviewLooks;) {
    TRY(const Json answer, call(client, "GetLifecyclePolicyPreview", request));
    const auto status = json_string(answer, "status");
    if (status == "COMPLETE") {
      for (const Json& image : json_member(answer, "previewResults")) images.push_back(expiring_of(image));
      const auto next = json_string(answer, "nextToken");
      if (next.empty()) return images;
      request["nextToken"] = next;
      continue;
    }
    if (status != "IN_PROGRESS") {
      return base::make_error(base::ErrorKind::remote,
                              fmt::format("ECR's preview of the lifecycle policy ended as {}", status));
    }
    ++look;
    if (!client.options().clock->sleep_for(kBetweenPreviewLooks, client.options().stop))
      return base::make_error(base::ErrorKind::cancelled, "cancelled while waiting for a preview");
  }
  return base::make_error(base::ErrorKind::unavailable, "ECR's preview of the lifecycle policy did not end");
}

}  // namespace ecr
