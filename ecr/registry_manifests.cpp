// Manifests, tags, and what refers to a manifest.
#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"
#include "ecr/registry_exchange.h"

namespace ecr {

using base::ErrorKind;
using base::HttpRequest;
using base::Json;
using base::make_error;
using base::Result;

namespace {

constexpr const char* kAcceptManifests =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::size_t kMostTags = 100'000;
constexpr std::size_t kMostPages = 1000;
constexpr std::size_t kMostListBytes = 16U << 20;

/// distribution-spec: Referrers Tag Schema.
std::string fallback_tag(const Digest& digest) {
  return "sha256-" + digest.hex();
}

/// The target of `<URL>; rel="next"`.
std::string next_page(const base::Headers& headers) {
  const auto link = base::header_value(headers, "Link").value_or("");
  const auto begin = link.find('<');
  const auto end = link.find('>');
  if (link.find("rel=\"next\"") == std::string::npos || begin == std::string::npos ||
      end == std::string::npos || end < begin) {
    return "";
  }
  return link.substr(begin + 1, end - begin - 1);
}

std::vector<Json> entries_of(std::string_view text, const std::string& artifact_type) {
  std::vector<Json> entries;
  const auto json = base::parse_json(text);
  if (!json) return entries;
  for (const auto& entry : base::json_member(*json, "manifests")) {
    if (entry.is_object() &&
        (artifact_type.empty() || base::json_string(entry, "artifactType") == artifact_type))
      entries.push_back(entry);
  }
  return entries;
}

}  // namespace

Result<FetchedManifest> RegistryClient::fetch_manifest(const std::string& key) {
  const std::string name = exchange_->target().name();
  return exchange_->with_retries([&](Attempt& attempt) -> Result<FetchedManifest> {
    HttpRequest request{.method = "GET", .url = exchange_->route("manifests/" + key)};
    request.headers.emplace("Accept", kAcceptManifests);
    request.max_response_bytes = kMaxManifestBytes;
    TRY(const auto response, exchange_->send(std::move(request), attempt));
    if (response.status != 200) return exchange_->failed("fetching manifest " + key, response, attempt);
    FetchedManifest manifest{.bytes = response.body, .digest = Digest::of(response.body)};
    if (key.starts_with("sha256:") && manifest.digest.to_string() != key) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("asked {} for manifest {}, got one with digest {}", name, key,
                                    manifest.digest.to_string()));
    }
    const auto told = base::header_value(response.headers, "Docker-Content-Digest");
    if (told && told->starts_with("sha256:") && *told != manifest.digest.to_string()) {
      return make_error(ErrorKind::unavailable,
                        fmt::format("{} calls manifest {} {}, but sent one with digest {}", name, key, *told,
                                    manifest.digest.to_string()));
    }
    TRY(manifest.media_type,
        media_type_of_document(manifest.bytes)
            .while_doing(fmt::format(
                "reading manifest {} of {}, which came as {}", key, name,
                base::header_value(response.headers, "Content-Type").value_or("bytes of no type"))));
    return manifest;
  });
}

Result<std::optional<Digest>> RegistryClient::find_manifest(const std::string& key) {
  return exchange_->with_retries([&](Attempt& attempt) -> Result<std::optional<Digest>> {
    HttpRequest request{.method = "HEAD", .url = exchange_->route("manifests/" + key)};
    request.headers.emplace("Accept", kAcceptManifests);
    TRY(const auto response, exchange_->send(std::move(request), attempt));
    if (response.status == 404) return std::optional<Digest>();
    if (response.status != 200) return exchange_->failed("asking for manifest " + key, response, attempt);
    const auto digest = base::header_value(response.headers, "Docker-Content-Digest");
    if (!digest) return std::optional<Digest>();
    TRY(auto parsed, Digest::parse(*digest));
    return std::optional<Digest>(std::move(parsed));
  });
}

Result<void> RegistryClient::put_manifest(const std::string& key, const std::string& media_type,
                                          const std::string& bytes) {
  bool listed = false;
  auto put = exchange_->with_retries([&](Attempt& attempt) -> Result<void> {
    HttpRequest request{.method = "PUT", .url = exchange_->route("manifests/" + key), .body = bytes};
    request.headers.emplace("Content-Type", media_type);
    TRY(const auto response, exchange_->send(std::move(request), attempt));
    if (response.status != 201 && response.status != 200 && response.status != 202)
      return exchange_->failed("storing manifest " + key, response, attempt);
    const auto stored = base::header_value(response.headers, "Docker-Content-Digest");
    if (stored && *stored != Digest::of(bytes).to_string()) {
      return make_error(ErrorKind::remote,
                        fmt::format("{} stored manifest {} as {}, sent was {}", exchange_->target().name(),
                                    key, *stored, Digest::of(bytes).to_string()));
    }
    listed = base::header_value(response.headers, "OCI-Subject").has_value();
    return {};
  });
  if (!put) return put;
  const auto manifest = base::parse_json(bytes);
  if (listed || !manifest || !base::json_member(*manifest, "subject").is_object()) return {};
  return list_referrer(*manifest, media_type, bytes);
}

// A registry without the referrers API keeps the list as an index under a tag, and clients write it.
Result<void> RegistryClient::list_referrer(const Json& manifest, const std::string& media_type,
                                           const std::string& bytes) {
  TRY(const auto subject, Digest::parse(base::json_string(base::json_member(manifest, "subject"), "digest")));
  const auto digest = Digest::of(bytes).to_string();
  Json entries = Json::array();
  if (const auto known = fetch_manifest(fallback_tag(subject))) {
    for (auto& entry : entries_of(known->bytes, "")) {
      if (base::json_string(entry, "digest") == digest) return {};
      entries.push_back(std::move(entry));
    }
  } else if (known.error().kind != ErrorKind::not_found) {
    return known.error();
  }
  Json entry = {{"mediaType", media_type}, {"digest", digest}, {"size", bytes.size()}};
  auto type = base::json_string(manifest, "artifactType");
  if (type.empty()) type = base::json_string(base::json_member(manifest, "config"), "mediaType");
  if (!type.empty()) entry["artifactType"] = type;
  if (const auto& annotations = base::json_member(manifest, "annotations"); annotations.is_object())
    entry["annotations"] = annotations;
  entries.push_back(std::move(entry));
  const Json index = {
      {"schemaVersion", 2}, {"mediaType", media_type::kOciIndex}, {"manifests", std::move(entries)}};
  return put_manifest(fallback_tag(subject), media_type::kOciIndex, base::to_text(index));
}

Result<void> RegistryClient::delete_manifest(const std::string& key) {
  return exchange_->with_retries([&](Attempt& attempt) -> Result<void> {
    TRY(const auto response,
        exchange_->send({.method = "DELETE", .url = exchange_->route("manifests/" + key)}, attempt));
    if (response.status >= 200 && response.status < 300) return {};
    auto error = exchange_->failed("removing manifest " + key, response, attempt);
    if (error.code == "UNSUPPORTED" || response.status == 405 || response.status == 400)
      error.message += "; this registry may take a digest only (name@sha256:…), or no removal at all";
    return error;
  });
}

Result<std::vector<std::string>> RegistryClient::tags() {
  std::vector<std::string> tags;
  std::string url = exchange_->route("tags/list?n=1000");
  for (std::size_t page = 0; page < kMostPages && !url.empty(); ++page) {
    const auto answered = exchange_->with_retries([&](Attempt& attempt) -> Result<base::HttpResponse> {
      HttpRequest request{.method = "GET", .url = url};
      request.max_response_bytes = kMostListBytes;
      TRY(auto answer, exchange_->send(std::move(request), attempt));
      if (answer.status != 200) return exchange_->failed("listing tags", answer, attempt);
      return answer;
    });
    if (!answered) return answered.error();
    const base::HttpResponse& response = *answered;
    TRY(const Json json, base::parse_json(response.body));
    for (const auto& tag : base::json_member(json, "tags")) {
      if (tag.is_string()) tags.push_back(tag.get<std::string>());
    }
    if (tags.size() > kMostTags)
      return make_error(ErrorKind::remote, fmt::format("the registry lists more than {} tags", kMostTags));
    const auto next = next_page(response.headers);
    url = next.empty() ? "" : exchange_->located(next, url);
  }
  return tags;
}

Result<std::vector<Json>> RegistryClient::referrers(const Digest& subject, const std::string& artifact_type) {
  std::string rest = "referrers/" + subject.to_string();
  if (!artifact_type.empty()) rest += "?artifactType=" + base::percent_encode(artifact_type);
  const auto answered = exchange_->with_retries([&](Attempt& attempt) -> Result<base::HttpResponse> {
    HttpRequest request{.method = "GET", .url = exchange_->route(rest)};
    request.max_response_bytes = kMaxManifestBytes;
    TRY(auto answer, exchange_->send(std::move(request), attempt));
    const bool unknown = answer.status == 404 || answer.status == 405 || answer.status == 400;
    if (answer.status != 200 && !unknown) return exchange_->failed("asking for referrers", answer, attempt);
    return answer;
  });
  if (!answered) return answered.error();
  const base::HttpResponse& response = *answered;
  // The registry may have filtered or not; looking again does no harm.
  if (response.status == 200) return entries_of(response.body, artifact_type);
  const auto listed = fetch_manifest(fallback_tag(subject));
  if (listed) return entries_of(listed->bytes, artifact_type);
  if (listed.error().kind == ErrorKind::not_found) return std::vector<Json>();
  return listed.error();
}

}  // namespace ecr
