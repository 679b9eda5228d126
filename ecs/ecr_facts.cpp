#include "ecs/ecr_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/sigv4.h"
#include "base/json.h"
#include "base/strings.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

constexpr std::size_t kMostImages = 5000;
constexpr double kDay = 86'400;

base::Result<Json> ask_ecr(aws::Client& client, std::string_view operation, const EcrReference& reference,
                           Json request) {
  request["repositoryName"] = reference.repository;
  if (!reference.account.empty()) request["registryId"] = reference.account;
  return client.call_json(aws::kEcr, fmt::format("AmazonEC2ContainerRegistry_V20150921.{}", operation),
                          request);
}

Json image_id(const EcrReference& reference) {
  if (!reference.digest.empty()) return {{"imageDigest", reference.digest}};
  return {{"imageTag", reference.tag}};
}

/// The images of an index, without attestations; an image's own platform stands in its configuration.
std::vector<std::string> platforms_of(aws::Client& client, const EcrReference& reference,
                                      const Json& manifest) {
  std::vector<std::string> platforms;
  for (const auto& entry : json_member(manifest, "manifests")) {
    const auto& platform = json_member(entry, "platform");
    if (json_string(platform, "os", "unknown") != "unknown")
      platforms.push_back(json_string(platform, "os") + "/" + json_string(platform, "architecture"));
  }
  const auto digest = json_string(json_member(manifest, "config"), "digest");
  if (digest.empty()) return platforms;
  const auto answer = ask_ecr(client, "GetDownloadUrlForLayer", reference, {{"layerDigest", digest}});
  if (!answer) return platforms;
  base::HttpRequest request;
  request.url = json_string(*answer, "downloadUrl");
  request.follow_redirects = true;
  request.stop = client.options().stop;
  const auto blob = client.options().http->send(request);
  if (!blob || blob->status != 200) return platforms;
  const auto config = base::parse_json(blob->body);
  if (config && !json_string(*config, "architecture").empty())
    platforms.push_back(json_string(*config, "os", "linux") + "/" + json_string(*config, "architecture"));
  return platforms;
}

/// `*` stands for anything.
bool fits_pattern(std::string_view text, std::string_view pattern) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const auto rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (fits_pattern(text.substr(at), rest)) return true;
  }
  return false;
}

bool selects(const Json& selection, const KeptImage& image) {
  const auto status = json_string(selection, "tagStatus");
  if (status == "any") return true;
  if (status == "untagged") return image.tags.empty();
  // All patterns, each by some tag, as ECR has it.
  const auto some_tag = [&](const Json& wanted, bool is_prefix) {
    if (!wanted.is_string()) return false;
    const auto pattern = wanted.get<std::string>() + (is_prefix ? "*" : "");
    return std::any_of(image.tags.begin(), image.tags.end(),
                       [&](const std::string& tag) { return fits_pattern(tag, pattern); });
  };
  for (const auto& [list, is_prefix] :
       {std::pair("tagPrefixList", true), std::pair("tagPatternList", false)}) {
    for (const auto& wanted : json_member(selection, list)) {
      if (!some_tag(wanted, is_prefix)) return false;
    }
  }
  return !image.tags.empty();
}

base::Result<std::vector<KeptImage>> list_images(aws::Client& client, const EcrReference& reference) {
  std::vector<KeptImage> images;
  Json request = {{"maxResults", 1000}};
  while (images.size() < kMostImages) {
    TRY(const Json answer, ask_ecr(client, "DescribeImages", reference, request));
    for (const auto& entry : json_member(answer, "imageDetails")) {
      KeptImage image{json_string(entry, "imageDigest"), {}, base::json_number(entry, "imagePushedAt")};
      for (const auto& tag : json_member(entry, "imageTags")) {
        if (tag.is_string()) image.tags.push_back(tag.get<std::string>());
      }
      images.push_back(std::move(image));
    }
    const auto next = json_string(answer, "nextToken");
    if (next.empty()) break;
    request["nextToken"] = next;
  }
  return images;
}

base::Result<int> rule_against(aws::Client& client, const std::string& image) {
  const auto reference = ecr_reference(client, image);
  if (!reference) return 0;
  auto kept = ask_ecr(client, "GetLifecyclePolicy", *reference, Json::object());
  if (!kept && kept.error().code == "LifecyclePolicyNotFoundException") return 0;
  if (!kept) return std::move(kept).error();
  TRY(const Json policy, base::parse_json(json_string(*kept, "lifecyclePolicyText")));
  TRY(const auto images, list_images(client, *reference));
  std::string digest = reference->digest;
  for (const auto& known : images) {
    if (std::find(known.tags.begin(), known.tags.end(), reference->tag) != known.tags.end())
      digest = known.digest;
  }
  return expiring_rule(policy, images, digest, base::to_epoch_seconds(client.options().clock->now()));
}

}  // namespace

std::optional<EcrReference> ecr_reference(const aws::Client& client, const std::string& image) {
  const auto endpoint = aws::endpoint_of(aws::kEcr, client.options().region, client.options().environment);
  return read_ecr_reference(image, endpoint ? *endpoint : "");
}

std::optional<EcrReference> read_ecr_reference(const std::string& image, const std::string& endpoint) {
  const auto slash = image.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto host = base::split(image.substr(0, slash), '.');
  const bool is_ecr = host.size() >= 6 && host[1] == "dkr" && host[2].starts_with("ecr");
  const bool is_stand_in = !endpoint.empty() && aws::host_of_url(endpoint) == image.substr(0, slash);
  if (!is_ecr && !is_stand_in) return std::nullopt;
  EcrReference reference{"", "", image.substr(slash + 1), "", ""};
  if (is_ecr) {
    reference.account = host[0];
    reference.region = host[3];
  }
  auto& name = reference.repository;
  if (const auto at = name.find('@'); at != std::string::npos) {
    reference.digest = name.substr(at + 1);
    name.resize(at);
  }
  if (const auto colon = name.find(':'); colon != std::string::npos) {
    reference.tag = name.substr(colon + 1);
    name.resize(colon);
  }
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
  return reference;
}

base::Result<EcrImageFact> find_ecr_image(aws::Client& client, const EcrReference& reference) {
  TRY(const Json answer,
      ask_ecr(client, "BatchGetImage", reference, {{"imageIds", Json::array({image_id(reference)})}}));
  const auto& images = json_member(answer, "images");
  if (!images.is_array() || images.empty()) {
    const auto& failures = json_member(answer, "failures");
    return base::make_error(base::ErrorKind::not_found,
                            failures.is_array() && !failures.empty()
                                ? json_string(failures[0], "failureReason", "no such image")
                                : "no such image");
  }
  EcrImageFact fact{json_string(json_member(images[0], "imageId"), "imageDigest"), {}, "", {}};
  if (const auto manifest = base::parse_json(json_string(images[0], "imageManifest"))) {
    fact.platforms = platforms_of(client, reference, *manifest);
    for (const auto& entry : json_member(*manifest, "manifests"))
      fact.members.push_back(json_string(entry, "digest"));
  }
  Json request = {{"repositoryNames", Json::array({reference.repository})}};
  if (!reference.account.empty()) request["registryId"] = reference.account;
  const auto repositories =
      client.call_json(aws::kEcr, "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", request);
  if (repositories) {
    for (const auto& repository : json_member(*repositories, "repositories"))
      fact.mutability = json_string(repository, "imageTagMutability");
  }
  return fact;
}

int expiring_rule(const Json& policy, const std::vector<KeptImage>& images, const std::string& digest,
                  double now) {
  std::vector<Json> rules;
  for (const auto& rule : json_member(policy, "rules")) rules.push_back(rule);
  std::sort(rules.begin(), rules.end(), [](const Json& a, const Json& b) {
    return base::json_integer(a, "rulePriority") < base::json_integer(b, "rulePriority");
  });
  std::vector<KeptImage> left = images;
  std::sort(left.begin(), left.end(),
            [](const KeptImage& a, const KeptImage& b) { return a.pushed_at > b.pushed_at; });
  for (const auto& rule : rules) {
    const auto& selection = json_member(rule, "selection");
    const auto limit = base::json_integer(selection, "countNumber");
    const bool by_age = json_string(selection, "countType") == "sinceImagePushed";
    std::vector<KeptImage> others;
    std::int64_t rank = 1;  // the image that is pushed next is the newest
    for (const auto& image : left) {
      if (!selects(selection, image)) {
        others.push_back(image);
        continue;
      }
      const bool expires =
          by_age ? now - image.pushed_at > static_cast<double>(limit) * kDay : ++rank > limit;
      if (expires && image.digest == digest)
        return static_cast<int>(base::json_integer(rule, "rulePriority"));
    }
    left = std::move(others);
  }
  return 0;
}

RollbackImageFact find_rollback_image(aws::Client& client, const std::string& image) {
  return {image, rule_against(client, image)};
}

}  // namespace ecs
