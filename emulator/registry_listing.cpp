#include "emulator/registry_listing.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "ecr/image.h"
#include "emulator/registry_answers.h"

namespace emulator {

namespace {

constexpr std::size_t kMostTagsOnAPage = 1000;

base::Json referrer_entry(const std::string& digest, const StoredManifest& stored, const std::string& text) {
  base::Json entry = {{"mediaType", stored.media_type}, {"digest", digest}, {"size", text.size()}};
  const auto manifest = base::parse_json(text);
  if (!manifest) return entry;
  auto type = base::json_string(*manifest, "artifactType");
  if (type.empty()) type = base::json_string(base::json_member(*manifest, "config"), "mediaType");
  if (!type.empty()) entry["artifactType"] = type;
  if (const auto& annotations = base::json_member(*manifest, "annotations"); annotations.is_object())
    entry["annotations"] = annotations;
  return entry;
}

}  // namespace

std::string subject_of(const std::string& manifest) {
  const auto json = base::parse_json(manifest);
  return json ? base::json_string(base::json_member(*json, "subject"), "digest") : "";
}

base::ServerResponse list_tags(const Repository& repository, const base::ServerRequest& request) {
  const auto asked = request.query_value("n");
  const auto number = asked ? base::parse_integer(*asked) : std::nullopt;
  if (asked && (!number || *number < 0))
    return registry_failure(400, "PAGINATION_NUMBER_INVALID", "n must be a number from 0 on");
  const auto most =
      number ? std::min<std::size_t>(static_cast<std::size_t>(*number), kMostTagsOnAPage) : kMostTagsOnAPage;
  const auto last = request.query_value("last").value_or("");
  base::Json tags = base::Json::array();
  auto tag = last.empty() ? repository.image_tags.begin() : repository.image_tags.upper_bound(last);
  std::string newest;
  for (; tag != repository.image_tags.end() && tags.size() < most; ++tag) {
    newest = tag->first;
    tags.push_back(tag->first);
  }
  base::ServerResponse response;
  response.headers.emplace("Content-Type", "application/json");
  if (tag != repository.image_tags.end() && most > 0) {
    response.headers.emplace("Link", fmt::format("</v2/{}/tags/list?n={}&last={}>; rel=\"next\"",
                                                 repository.name, most, base::percent_encode(newest)));
  }
  response.body = base::to_text({{"name", repository.name}, {"tags", std::move(tags)}});
  return response;
}

base::Json referrers_of(const Repository& repository, const ecr::ImageStore& store,
                        const std::string& digest) {
  base::Json entries = base::Json::array();
  for (const auto& [referrer, stored] : repository.manifests) {
    const auto parsed = ecr::Digest::parse(referrer);
    const auto text = parsed ? store.read_blob(*parsed) : base::Result<std::string>(parsed.error());
    if (text && subject_of(*text) == digest) entries.push_back(referrer_entry(referrer, stored, *text));
  }
  return entries;
}

base::ServerResponse list_referrers(const Repository& repository, const ecr::ImageStore& store,
                                    const std::string& digest, const base::ServerRequest& request) {
  if (const auto parsed = ecr::Digest::parse(digest); !parsed)
    return registry_failure(400, "DIGEST_INVALID", parsed.error().message);
  const auto type = request.query_value("artifactType").value_or("");
  base::Json entries = base::Json::array();
  for (auto& entry : referrers_of(repository, store, digest)) {
    if (type.empty() || base::json_string(entry, "artifactType") == type) entries.push_back(std::move(entry));
  }
  base::ServerResponse response;
  response.headers.emplace("Content-Type", ecr::media_type::kOciIndex);
  if (!type.empty()) response.headers.emplace("OCI-Filters-Applied", "artifactType");
  response.body = base::to_text(
      {{"schemaVersion", 2}, {"mediaType", ecr::media_type::kOciIndex}, {"manifests", std::move(entries)}});
  return response;
}

}  // namespace emulator
