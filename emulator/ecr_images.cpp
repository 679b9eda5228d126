#include "emulator/ecr_images.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "emulator/api_failure.h"
#include "emulator/registry_listing.h"

namespace emulator {

namespace {

/// What an imageId names: by digest when it has one.
std::string key_of(const base::Json& image_id) {
  const auto digest = base::json_string(image_id, "imageDigest");
  return digest.empty() ? base::json_string(image_id, "imageTag") : digest;
}

std::string name_of(const base::Json& image_id) {
  const auto digest = base::json_string(image_id, "imageDigest");
  const auto tag = base::json_string(image_id, "imageTag");
  return fmt::format("{{imageDigest:'{}', imageTag:'{}'}}", digest.empty() ? "null" : digest,
                     tag.empty() ? "null" : tag);
}

/// The repository of a call with `repositoryName`, or the failure.
std::variant<Repository, ApiFailure> repository_of(const EcrSurroundings& all, const ApiCall& call) {
  const auto name = base::json_string(call.input, "repositoryName");
  if (auto repository = all.repositories.find(name)) return std::move(*repository);
  return failure("RepositoryNotFoundException",
                 fmt::format("The repository with name '{}' does not exist in the registry with id '{}'",
                             name, all.repositories.account()));
}

base::Json tags_of(const Repository& repository, const std::string& digest) {
  base::Json tags = base::Json::array();
  for (const auto& [tag, tagged] : repository.image_tags) {
    if (tagged == digest) tags.push_back(tag);
  }
  return tags;
}

base::Json detail_of(const EcrSurroundings& all, const Repository& repository, const std::string& digest) {
  const auto& manifest = repository.manifests.at(digest);
  base::Json detail = {{"registryId", all.repositories.account()},
                       {"repositoryName", repository.name},
                       {"imageDigest", digest},
                       {"imageSizeInBytes", manifest.size},
                       {"imagePushedAt", manifest.pushed_at},
                       {"imageManifestMediaType", manifest.media_type}};
  if (auto tags = tags_of(repository, digest); !tags.empty()) detail["imageTags"] = std::move(tags);
  return detail;
}

ApiResult describe_images(const EcrSurroundings& all, const ApiCall& call) {
  const auto found = repository_of(all, call);
  if (const auto* failed = std::get_if<ApiFailure>(&found)) return *failed;
  const auto& repository = std::get<Repository>(found);
  base::Json details = base::Json::array();
  const auto& wanted = base::json_member(call.input, "imageIds");
  if (!wanted.is_array() || wanted.empty()) {
    for (const auto& [digest, manifest] : repository.manifests)
      details.push_back(detail_of(all, repository, digest));
    return base::Json{{"imageDetails", std::move(details)}};
  }
  for (const auto& image_id : wanted) {
    const auto digest = all.repositories.resolve(repository.name, key_of(image_id));
    if (!digest || !repository.manifests.contains(*digest)) {
      return failure("ImageNotFoundException",
                     fmt::format("The image with imageId {} does not exist within the repository with name "
                                 "'{}' in the registry with id '{}'",
                                 name_of(image_id), repository.name, all.repositories.account()));
    }
    details.push_back(detail_of(all, repository, *digest));
  }
  return base::Json{{"imageDetails", std::move(details)}};
}

ApiResult list_images(const EcrSurroundings& all, const ApiCall& call) {
  const auto found = repository_of(all, call);
  if (const auto* failed = std::get_if<ApiFailure>(&found)) return *failed;
  const auto& repository = std::get<Repository>(found);
  const auto status = base::json_string(base::json_member(call.input, "filter"), "tagStatus", "ANY");
  base::Json ids = base::Json::array();
  for (const auto& [digest, manifest] : repository.manifests) {
    const auto tags = tags_of(repository, digest);
    if (tags.empty() && status != "TAGGED") ids.push_back({{"imageDigest", digest}});
    if (status == "UNTAGGED") continue;
    for (const auto& tag : tags) ids.push_back({{"imageDigest", digest}, {"imageTag", tag}});
  }
  return base::Json{{"imageIds", std::move(ids)}};
}

base::Json image_failure(const base::Json& image_id) {
  return {{"imageId", image_id},
          {"failureCode", "ImageNotFound"},
          {"failureReason", "Requested image not found"}};
}

ApiResult batch_get_image(const EcrSurroundings& all, const ApiCall& call) {
  const auto found = repository_of(all, call);
  if (const auto* failed = std::get_if<ApiFailure>(&found)) return *failed;
  const auto& repository = std::get<Repository>(found);
  base::Json images = base::Json::array();
  base::Json failures = base::Json::array();
  for (const auto& image_id : base::json_member(call.input, "imageIds")) {
    const auto text = all.repositories.resolve(repository.name, key_of(image_id));
    const auto digest = text ? ecr::Digest::parse(*text) : base::make_error(base::ErrorKind::not_found, "");
    auto manifest =
        digest ? all.repositories.store().read_blob(*digest) : base::Result<std::string>(digest.error());
    if (!manifest || !repository.manifests.contains(*text)) {
      failures.push_back(image_failure(image_id));
      continue;
    }
    base::Json id = {{"imageDigest", *text}};
    if (const auto tag = base::json_string(image_id, "imageTag"); !tag.empty()) id["imageTag"] = tag;
    images.push_back({{"registryId", all.repositories.account()},
                      {"repositoryName", repository.name},
                      {"imageId", std::move(id)},
                      {"imageManifest", std::move(*manifest)},
                      {"imageManifestMediaType", repository.manifests.at(*text).media_type}});
  }
  return base::Json{{"images", std::move(images)}, {"failures", std::move(failures)}};
}

ApiResult batch_delete_image(const EcrSurroundings& all, const ApiCall& call) {
  const auto found = repository_of(all, call);
  if (const auto* failed = std::get_if<ApiFailure>(&found)) return *failed;
  base::Json removed = base::Json::array();
  base::Json failures = base::Json::array();
  for (const auto& image_id : base::json_member(call.input, "imageIds")) {
    const bool done = all.repositories.remove_image(std::get<Repository>(found).name, key_of(image_id));
    if (done) removed.push_back(image_id);
    if (!done) failures.push_back(image_failure(image_id));
  }
  return base::Json{{"imageIds", std::move(removed)}, {"failures", std::move(failures)}};
}

ApiResult put_image(const EcrSurroundings& all, const ApiCall& call) {
  const auto found = repository_of(all, call);
  if (const auto* failed = std::get_if<ApiFailure>(&found)) return *failed;
  const auto& repository = std::get<Repository>(found);
  const auto manifest = base::json_string(call.input, "imageManifest");
  const auto tag = base::json_string(call.input, "imageTag");
  auto type = base::json_string(call.input, "imageManifestMediaType");
  if (type.empty()) {
    const auto document = base::parse_json(manifest);
    type = document ? base::json_string(*document, "mediaType", ecr::media_type::kOciManifest) : "";
  }
  const auto digest = ecr::Digest::of(manifest).to_string();
  // The same manifest under the same tag is refused: aws-actions and SDKs match this code.
  const auto existing = repository.image_tags.find(tag);
  if (existing != repository.image_tags.end() && existing->second == digest) {
    return failure("ImageAlreadyExistsException",
                   fmt::format("Image with digest '{}' and tag '{}' already exists in the repository with "
                               "name '{}' in registry with id '{}'",
                               digest, tag, repository.name, all.repositories.account()));
  }
  const auto put = all.repositories.put_manifest(repository.name, tag, type, manifest);
  switch (put.outcome) {
    case Repositories::PutOutcome::stored:
      break;
    case Repositories::PutOutcome::immutable_tag:
      return failure("ImageTagAlreadyExistsException",
                     fmt::format("The image tag '{}' already exists in the '{}' repository and cannot be "
                                 "overwritten because the tag is immutable.",
                                 tag, repository.name));
    case Repositories::PutOutcome::missing_blob:
      return failure("LayersNotFoundException",
                     fmt::format("The layer {} does not exist in the repository", put.detail));
    case Repositories::PutOutcome::no_repository:
    case Repositories::PutOutcome::invalid:
      return failure("InvalidParameterException", put.detail);
  }
  return base::Json{{"image",
                     {{"registryId", all.repositories.account()},
                      {"repositoryName", repository.name},
                      {"imageId", {{"imageDigest", put.digest}, {"imageTag", tag}}},
                      {"imageManifest", manifest},
                      {"imageManifestMediaType", type}}}};
}

ApiResult list_image_referrers(const EcrSurroundings& all, const ApiCall& call) {
  const auto found = repository_of(all, call);
  if (const auto* failed = std::get_if<ApiFailure>(&found)) return *failed;
  const auto& repository = std::get<Repository>(found);
  const auto subject = base::json_string(base::json_member(call.input, "subjectId"), "imageDigest");
  const auto& types = base::json_member(base::json_member(call.input, "filter"), "artifactTypes");
  if (!ecr::Digest::parse(subject))
    return invalid_parameter(fmt::format(
        "Invalid parameter at 'subjectId' failed to satisfy constraint: '{}' is no digest", subject));
  base::Json list = base::Json::array();
  for (auto& entry : referrers_of(repository, all.repositories.store(), subject)) {
    const auto type = base::json_string(entry, "artifactType");
    if (types.is_array() && !types.empty() && std::find(types.begin(), types.end(), type) == types.end())
      continue;
    list.push_back(std::move(entry));
  }
  for (auto& entry : list) entry["artifactStatus"] = "ACTIVE";
  return base::Json{{"referrers", std::move(list)}};
}

ApiResult check_layers(const EcrSurroundings& all, const ApiCall& call) {
  const auto found = repository_of(all, call);
  if (const auto* failed = std::get_if<ApiFailure>(&found)) return *failed;
  base::Json layers = base::Json::array();
  for (const auto& entry : base::json_member(call.input, "layerDigests")) {
    const auto text = entry.is_string() ? entry.get<std::string>() : "";
    const auto digest = ecr::Digest::parse(text);
    const auto size =
        digest ? all.repositories.store().blob_size(*digest) : base::Result<std::uint64_t>(digest.error());
    base::Json layer = {{"layerDigest", text}, {"layerAvailability", size ? "AVAILABLE" : "UNAVAILABLE"}};
    if (size) layer["layerSize"] = *size;
    layers.push_back(std::move(layer));
  }
  return base::Json{{"layers", std::move(layers)}, {"failures", base::Json::array()}};
}

/// A URL that needs no header: its query has a password of the registry.
ApiResult get_download_url(const EcrSurroundings& all, const ApiCall& call) {
  const auto found = repository_of(all, call);
  if (const auto* failed = std::get_if<ApiFailure>(&found)) return *failed;
  const auto text = base::json_string(call.input, "layerDigest");
  const auto digest = ecr::Digest::parse(text);
  const auto name = base::json_string(call.input, "repositoryName");
  if (!digest || !all.repositories.store().has_blob(*digest))
    return failure(
        "LayersNotFoundException",
        fmt::format("The layer with digest '{}' does not exist in the repository with name '{}' in "
                    "the registry with id '{}'",
                    text, name, all.repositories.account()));
  const auto password = base::percent_encode(all.tokens.issue(call.principal).password);
  return base::Json{{"layerDigest", text},
                    {"downloadUrl", fmt::format("http://{}/v2/{}/blobs/{}?{}={}", all.registry, name, text,
                                                kUrlPassword, password)}};
}

}  // namespace

void add_image_operations(ServiceTable& table, const EcrSurroundings& all) {
  table.operations["DescribeImages"] = [all](const ApiCall& call) { return describe_images(all, call); };
  table.operations["ListImages"] = [all](const ApiCall& call) { return list_images(all, call); };
  table.operations["BatchGetImage"] = [all](const ApiCall& call) { return batch_get_image(all, call); };
  table.operations["BatchDeleteImage"] = [all](const ApiCall& call) { return batch_delete_image(all, call); };
  table.operations["PutImage"] = [all](const ApiCall& call) { return put_image(all, call); };
  table.operations["BatchCheckLayerAvailability"] = [all](const ApiCall& call) {
    return check_layers(all, call);
  };
  table.operations["GetDownloadUrlForLayer"] = [all](const ApiCall& call) {
    return get_download_url(all, call);
  };
  table.operations["ListImageReferrers"] = [all](const ApiCall& call) {
    return list_image_referrers(all, call);
  };
}

}  // namespace emulator
