#include "ecr/attestation.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::Json;
using base::Result;

constexpr const char* kStatement = "https://in-toto.io/Statement/v1";
constexpr const char* kStatementType = "application/vnd.in-toto+json";
constexpr const char* kArtifact = "application/vnd.docker.attestation.manifest.v1+json";
constexpr const char* kEmptyType = "application/vnd.oci.empty.v1+json";

Json subjects_of(const Descriptor& image, const std::vector<std::string>& names) {
  const auto platform = image.platform.value_or(Platform());
  const Json digest = {{"sha256", image.digest.hex()}};
  Json subjects = Json::array();
  for (const auto& name : names)
    subjects.push_back({{"name", image_url(name, platform)}, {"digest", digest}});
  if (names.empty()) subjects.push_back({{"name", "_"}, {"digest", digest}});
  return subjects;
}

Result<Descriptor> store_document(const std::string& text, const char* type, ImageStore& store) {
  TRY(const auto digest, store.put_blob(text));
  return Descriptor{.media_type = type, .digest = digest, .size = text.size()};
}

}  // namespace

std::string image_url(const std::string& reference, const Platform& platform) {
  const auto parsed = parse_image_reference(reference);
  if (!parsed) return "_";
  // The names that everybody leaves out.
  auto name = parsed->name();
  for (const char* usual : {"docker.io/library/", "docker.io/"}) {
    if (!name.starts_with(usual)) continue;
    name.erase(0, std::string_view(usual).size());
    break;
  }
  const auto version = parsed->digest ? parsed->digest->to_string() : parsed->tag;
  return fmt::format("pkg:docker/{}@{}?platform={}", base::percent_encode(name, "/:"),
                     base::percent_encode(version, ":"), base::percent_encode(to_string(platform)));
}

Result<Descriptor> store_attestations(const Descriptor& image, const std::vector<std::string>& names,
                                      const std::vector<Predicate>& predicates, ImageStore& store) {
  Json layers = Json::array();
  for (const auto& predicate : predicates) {
    TRY(auto content, base::parse_json(predicate.text));
    const Json statement = {{"_type", kStatement},
                            {"predicateType", predicate.type},
                            {"subject", subjects_of(image, names)},
                            {"predicate", std::move(content)}};
    TRY(auto layer, store_document(base::to_text(statement), kStatementType, store));
    layer.annotations["in-toto.io/predicate-type"] = predicate.type;
    layers.push_back(to_json(layer));
  }
  TRY(const auto config, store_document("{}", kEmptyType, store));
  auto subject = image;
  subject.platform.reset();
  subject.annotations.clear();
  const Json manifest = {{"schemaVersion", 2},          {"mediaType", media_type::kOciManifest},
                         {"artifactType", kArtifact},   {"config", to_json(config)},
                         {"layers", std::move(layers)}, {"subject", to_json(subject)}};
  TRY(auto stored, store_document(base::to_text(manifest), media_type::kOciManifest, store));
  stored.platform = Platform{.os = "unknown", .architecture = "unknown", .variant = ""};
  stored.annotations = {{"vnd.docker.reference.type", "attestation-manifest"},
                        {"vnd.docker.reference.digest", image.digest.to_string()}};
  return stored;
}

}  // namespace ecr
