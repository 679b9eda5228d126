#include "ecr/image.h"

#include <sys/utsname.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;

constexpr std::size_t kMostLayers = 512;

std::map<std::string, std::string> string_map(const Json& object) {
  std::map<std::string, std::string> result;
  if (!object.is_object()) return result;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) result[key] = value.get<std::string>();
  }
  return result;
}

Platform platform_from_json(const Json& json) {
  return {.os = base::json_string(json, "os", "linux"),
          .architecture = base::json_string(json, "architecture"),
          .variant = base::json_string(json, "variant")};
}

}  // namespace

namespace media_type {

bool is_manifest(std::string_view type) {
  return type == kOciManifest || type == kDockerManifest;
}
bool is_index(std::string_view type) {
  return type == kOciIndex || type == kDockerIndex;
}
bool is_layer(std::string_view type) {
  return type == kOciLayer || type == kOciLayerGzip || type == kOciLayerZstd || type == kDockerLayer ||
         type == kDockerLayerGzip || type == kDockerLayerZstd || is_foreign_layer(type);
}
bool is_foreign_layer(std::string_view type) {
  return type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar") ||
         type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar");
}
bool is_plain_layer(std::string_view type) {
  return type == kOciLayer || type == kDockerLayer;
}

}  // namespace media_type

Platform host_platform() {
  utsname system{};
  ::uname(&system);
  const std::string_view machine = system.machine;
  if (machine == "x86_64") return {.architecture = "amd64"};
  if (machine == "aarch64") return {.architecture = "arm64", .variant = "v8"};
  if (machine == "armv7l") return {.architecture = "arm", .variant = "v7"};
  if (machine == "i686") return {.architecture = "386"};
  return {.architecture = std::string(machine)};
}

Result<Platform> parse_platform(std::string_view text) {
  const auto parts = base::split(text, '/');
  const bool empty = std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); });
  if (parts.size() > 3 || empty) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("\"{}\" is no platform: expected os/architecture[/variant]", text));
  }
  if (parts.size() == 1) return Platform{.architecture = parts[0]};
  return Platform{.os = parts[0], .architecture = parts[1], .variant = parts.size() == 3 ? parts[2] : ""};
}

std::string to_string(const Platform& platform) {
  std::string text = platform.os + "/" + platform.architecture;
  if (!platform.variant.empty()) text += "/" + platform.variant;
  return text;
}

bool platform_fits(const Platform& wanted, const Platform& offered) {
  return wanted.os == offered.os && wanted.architecture == offered.architecture &&
         (wanted.variant.empty() || offered.variant.empty() || wanted.variant == offered.variant);
}

Json to_json(const Descriptor& descriptor) {
  Json json = {{"mediaType", descriptor.media_type},
               {"digest", descriptor.digest.to_string()},
               {"size", descriptor.size}};
  if (descriptor.platform) {
    json["platform"] = {{"architecture", descriptor.platform->architecture}, {"os", descriptor.platform->os}};
    if (!descriptor.platform->variant.empty()) json["platform"]["variant"] = descriptor.platform->variant;
  }
  if (!descriptor.annotations.empty()) json["annotations"] = descriptor.annotations;
  return json;
}

Result<Descriptor> descriptor_from_json(const Json& json) {
  if (!json.is_object()) return make_error(ErrorKind::invalid_input, "a descriptor must be an object");
  Descriptor descriptor;
  descriptor.media_type = base::json_string(json, "mediaType");
  TRY(descriptor.digest, Digest::parse(base::json_string(json, "digest")));
  const auto size = base::json_integer(json, "size", -1);
  if (size < 0)
    return make_error(ErrorKind::invalid_input,
                      "the descriptor of " + descriptor.digest.to_string() + " has no size");
  descriptor.size = static_cast<std::uint64_t>(size);
  if (const Json& platform = base::json_member(json, "platform"); platform.is_object()) {
    descriptor.platform = platform_from_json(platform);
  }
  descriptor.annotations = string_map(base::json_member(json, "annotations"));
  return descriptor;
}

std::string to_text(const Manifest& manifest) {
  Json layers = Json::array();
  for (const auto& layer : manifest.layers) layers.push_back(to_json(layer));
  Json json = {{"schemaVersion", 2},
               {"mediaType", manifest.media_type},
               {"config", to_json(manifest.config)},
               {"layers", std::move(layers)}};
  if (!manifest.annotations.empty()) json["annotations"] = manifest.annotations;
  return base::to_text(json);
}

Result<Manifest> parse_manifest(std::string_view text) {
  TRY(const Json json, base::parse_json(text));
  TRY(const std::string type, media_type_of_document(text));
  if (!media_type::is_manifest(type)) {
    return make_error(ErrorKind::invalid_input, fmt::format("expected an image manifest, found {}", type));
  }
  Manifest manifest{.media_type = type};
  TRY(manifest.config, descriptor_from_json(base::json_member(json, "config"))
                           .while_doing("reading `config` of the manifest"));
  const Json& layers = base::json_member(json, "layers");
  if (!layers.is_array()) return make_error(ErrorKind::invalid_input, "the manifest has no list of layers");
  if (layers.size() > kMostLayers) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("the manifest has {} layers; {} is the limit", layers.size(), kMostLayers));
  }
  for (const auto& layer : layers) {
    TRY(auto descriptor, descriptor_from_json(layer));
    if (!media_type::is_layer(descriptor.media_type)) {
      return make_error(
          ErrorKind::invalid_input,
          fmt::format(
              "layer {} is of type \"{}\", which cannot be unpacked; expected a tar, gzip or zstd layer",
              descriptor.digest.to_string(), descriptor.media_type));
    }
    manifest.layers.push_back(std::move(descriptor));
  }
  manifest.annotations = string_map(base::json_member(json, "annotations"));
  return manifest;
}

Result<std::vector<Descriptor>> references_of(std::string_view document) {
  TRY(const Json json, base::parse_json(document));
  std::vector<Descriptor> found;
  const auto take = [&found](const Json& entry) -> Result<void> {
    TRY(auto descriptor, descriptor_from_json(entry));
    found.push_back(std::move(descriptor));
    return {};
  };
  if (const Json& config = base::json_member(json, "config"); config.is_object()) TRY(take(config));
  for (const char* list : {"layers", "manifests", "blobs"}) {
    const Json& entries = base::json_member(json, list);
    if (!entries.is_array()) continue;
    for (const auto& entry : entries) TRY(take(entry));
  }
  return found;
}

Result<Index> parse_index(std::string_view text) {
  TRY(const Json json, base::parse_json(text));
  TRY(const std::string type, media_type_of_document(text));
  if (!media_type::is_index(type)) {
    return make_error(ErrorKind::invalid_input, fmt::format("expected an image index, found {}", type));
  }
  Index index{.media_type = type};
  const Json& manifests = base::json_member(json, "manifests");
  if (!manifests.is_array())
    return make_error(ErrorKind::invalid_input, "the index has no list of manifests");
  for (const auto& entry : manifests) {
    TRY(auto descriptor, descriptor_from_json(entry));
    index.manifests.push_back(std::move(descriptor));
  }
  return index;
}

Result<Descriptor> choose_platform(const Index& index, const Platform& platform) {
  std::vector<std::string> offered;
  for (const auto& entry : index.manifests) {
    if (!media_type::is_manifest(entry.media_type)) continue;
    if (!entry.platform || platform_fits(platform, *entry.platform)) return entry;
    offered.push_back(to_string(*entry.platform));
  }
  return make_error(ErrorKind::not_found,
                    fmt::format("no image for {}; there is one for: {}", to_string(platform),
                                offered.empty() ? "no platform" : base::join(offered, ", ")));
}

Result<std::string> media_type_of_document(std::string_view text) {
  TRY(const Json json, base::parse_json(text));
  if (!json.is_object()) return make_error(ErrorKind::invalid_input, "a manifest must be an object");
  std::string type = base::json_string(json, "mediaType");
  if (!type.empty()) return type;
  if (json.contains("manifests")) return std::string(media_type::kOciIndex);
  if (json.contains("config") && json.contains("layers")) return std::string(media_type::kOciManifest);
  if (json.contains("fsLayers")) {
    return make_error(ErrorKind::invalid_input,
                      "this is a manifest of Docker's schema 1, which is not supported; push the image anew");
  }
  return make_error(ErrorKind::invalid_input, "the document is neither an image manifest nor an index");
}

std::uint64_t Image::compressed_size() const {
  std::uint64_t size = manifest.config.size;
  for (const auto& layer : manifest.layers) size += layer.size;
  return size;
}

}  // namespace ecr
