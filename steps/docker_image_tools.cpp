#include "steps/docker_image_tools.h"

#include <fmt/format.h>

#include <set>

#include "base/json.h"
#include "ecr/image_reference.h"
#include "ecr/registry.h"
#include "steps/job_images.h"

namespace steps {
namespace {

using base::Json;
using base::Result;

/// An image where it lies.
struct RemoteImage {
  ecr::ImageReference reference;
  ecr::FetchedManifest manifest;
};

Result<ecr::RegistryClient> client_of(const DockerCall& call, RunningJob& job,
                                      const ecr::ImageReference& reference, ecr::Access access) {
  TRY(const auto options, registry_options(*job.services, call.stop));
  return ecr::RegistryClient(options, reference, access);
}

Result<RemoteImage> fetch_remote(const DockerCall& call, RunningJob& job, const std::string& name) {
  RemoteImage image;
  TRY(image.reference, ecr::parse_image_reference(name));
  TRY(auto client, client_of(call, job, image.reference, ecr::Access::pull));
  TRY(image.manifest, client.fetch_manifest(image.reference.manifest_key()).while_doing("reading " + name));
  return image;
}

Json descriptor_of(const ecr::FetchedManifest& manifest) {
  return {{"mediaType", manifest.media_type},
          {"digest", manifest.digest.to_string()},
          {"size", manifest.bytes.size()}};
}

/// The line of an entry that has one.
std::string platform_line(const Json& entry) {
  const auto& platform = base::json_member(entry, "platform");
  if (!platform.is_object()) return "";
  const auto text = ecr::to_string({.os = base::json_string(platform, "os"),
                                    .architecture = base::json_string(platform, "architecture"),
                                    .variant = base::json_string(platform, "variant")});
  return fmt::format("  Platform:  {}\n", text);
}

std::string as_text(const RemoteImage& image, const Json& document) {
  auto text = fmt::format("Name:      {}\nMediaType: {}\nDigest:    {}\n", image.reference.to_string(),
                          image.manifest.media_type, image.manifest.digest.to_string());
  if (!ecr::media_type::is_index(image.manifest.media_type)) return text;
  text += "\nManifests:\n";
  for (const auto& entry : base::json_member(document, "manifests")) {
    text += fmt::format("  Name:      {}@{}\n  MediaType: {}\n{}\n", image.reference.name(),
                        base::json_string(entry, "digest"), base::json_string(entry, "mediaType"),
                        platform_line(entry));
  }
  return text;
}

/// What templates see: the members that buildx names in Go, or under `json` those of the document.
Json for_template(const RemoteImage& image, const Json& document, const std::string& format) {
  auto manifest = descriptor_of(image.manifest);
  if (document.contains("manifests")) manifest["manifests"] = document["manifests"];
  if (format.find("json ") == std::string::npos) {
    manifest = {{"MediaType", image.manifest.media_type},
                {"Digest", image.manifest.digest.to_string()},
                {"Size", image.manifest.bytes.size()}};
  }
  return {{"Name", image.reference.to_string()}, {"Manifest", std::move(manifest)}};
}

/// The entries of an index that stand for an image: those of its own, or one, whose platform its
/// configuration says.
Result<Json> entries_for(const DockerCall& call, RunningJob& job, const RemoteImage& image) {
  if (ecr::media_type::is_index(image.manifest.media_type)) {
    TRY(const auto document, base::parse_json(image.manifest.bytes));
    return base::json_member(document, "manifests");
  }
  TRY(const auto manifest, ecr::parse_manifest(image.manifest.bytes));
  TRY(auto client, client_of(call, job, image.reference, ecr::Access::pull));
  auto& store = *job.services->images;
  TRY(client.fetch_blob(manifest.config, store));
  TRY(const auto text, store.read_blob(manifest.config.digest));
  TRY(const auto config, ecr::parse_image_config(text));
  auto entry = descriptor_of(image.manifest);
  entry["platform"] = {{"architecture", config.platform.architecture}, {"os", config.platform.os}};
  if (!config.platform.variant.empty()) entry["platform"]["variant"] = config.platform.variant;
  return Json::array({std::move(entry)});
}

Result<ecr::FetchedManifest> joined(const DockerCall& call, RunningJob& job,
                                    const std::vector<RemoteImage>& sources) {
  // Of one source it is a name more.
  if (sources.size() == 1) return sources[0].manifest;
  Json entries = Json::array();
  std::set<std::string> known;
  bool all_docker = true;
  for (const auto& source : sources) {
    TRY(const auto more, entries_for(call, job, source));
    for (const auto& entry : more) {
      if (!known.insert(base::json_string(entry, "digest")).second) continue;
      all_docker = all_docker && base::json_string(entry, "mediaType") == ecr::media_type::kDockerManifest;
      entries.push_back(entry);
    }
  }
  ecr::FetchedManifest index;
  index.media_type = all_docker ? ecr::media_type::kDockerIndex : ecr::media_type::kOciIndex;
  index.bytes = base::to_text(
      {{"schemaVersion", 2}, {"mediaType", index.media_type}, {"manifests", std::move(entries)}}, 2);
  index.digest = ecr::Digest::of(index.bytes);
  return index;
}

}  // namespace

Result<DockerAnswer> docker_inspect_remote(const DockerCall& call, RunningJob& job) {
  TRY(const auto image, fetch_remote(call, job, call.command.operands[0]));
  const auto& format = call.command.format;
  if (call.command.raw) {
    call.print(image.manifest.bytes);
    return DockerAnswer{};
  }
  TRY(const auto document, base::parse_json(image.manifest.bytes));
  if (call.command.verb == DockerVerb::manifest_inspect) {
    call.print(base::to_text(document, 8) + "\n");
  } else if (format.empty()) {
    call.print(as_text(image, document));
  } else {
    TRY(print_inspected(call, Json::array({for_template(image, document, format)})));
  }
  return DockerAnswer{};
}

Result<DockerAnswer> docker_create_index(const DockerCall& call, RunningJob& job) {
  std::vector<RemoteImage> sources;
  for (const auto& name : call.command.operands) {
    TRY(auto source, fetch_remote(call, job, name));
    sources.push_back(std::move(source));
  }
  std::vector<ecr::ImageReference> targets;
  for (const auto& name : call.command.tags) {
    TRY(targets.emplace_back(), ecr::parse_image_reference(name));
    for (const auto& source : sources) {
      if (source.reference.name() == targets.back().name()) continue;
      return base::invalid_input(
          fmt::format("docker buildx imagetools create: {} lies in {}, not in {}: copying between "
                      "repositories is not supported here; push it there first",
                      source.reference.to_string(), source.reference.name(), targets.back().name()));
    }
  }
  TRY(const auto index, joined(call, job, sources));
  if (call.command.only_shown) {
    call.print(index.bytes + "\n");
    return DockerAnswer{};
  }
  for (const auto& target : targets) {
    TRY(auto client, client_of(call, job, target, ecr::Access::push));
    TRY(client.put_manifest(target.manifest_key(), index.media_type, index.bytes)
            .while_doing("pushing " + target.to_string()));
    call.complain(fmt::format("pushed {} to {}\n", index.digest.to_string(), target.to_string()));
  }
  return DockerAnswer{};
}

}  // namespace steps
