#include "cli/image_registry.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace cli {

namespace {

base::Result<void> list_tags(const ecr::RegistryOptions& options, const ecr::ImageReference& reference) {
  TRY(const auto tags, ecr::RegistryClient(options, reference).tags());
  for (const auto& tag : tags) fmt::print("{}\n", tag);
  return {};
}

base::Result<void> list_referrers(const ecr::RegistryOptions& options, const ecr::ImageReference& reference,
                                  const std::string& artifact_type) {
  ecr::RegistryClient client(options, reference);
  TRY(const auto manifest, client.fetch_manifest(reference.manifest_key()));
  TRY(const auto referrers, client.referrers(manifest.digest, artifact_type));
  for (const auto& entry : referrers)
    fmt::print("{}  {}\n", base::json_string(entry, "digest"), base::json_string(entry, "artifactType"));
  return {};
}

}  // namespace

base::Result<void> ask_registry(const ecr::RegistryOptions& options, const ImageFlags& flags) {
  TRY(const auto reference, ecr::parse_image_reference(flags.arguments[0]));
  if (flags.verb == "tags") return list_tags(options, reference);
  if (flags.verb == "referrers") return list_referrers(options, reference, flags.artifact_type);
  ecr::RegistryClient client(options, reference, ecr::Access::remove);
  return client.delete_manifest(reference.manifest_key()).while_doing("removing " + reference.to_string());
}

std::string to_text(const ecr::PushOutcome& pushed, const ecr::ImageReference& target) {
  return fmt::format("{}: {} blobs sent ({}), {} were there", target.to_string(), pushed.blobs_uploaded,
                     base::format_bytes(pushed.bytes_uploaded), pushed.blobs_present);
}

}  // namespace cli
