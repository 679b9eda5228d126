#include "ecr/image.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "base/json.h"

namespace ecr {

namespace {

constexpr std::size_t kMostLayers = 500;
constexpr std::int64_t kLargestBlob = 1LL << 40;

base::Error invalid(std::string what) { return base::make_error(base::ErrorKind::invalid_input, std::move(what)); }

std::vector<std::string> texts_of(const base::Json& array) {
  std::vector<std::string> texts;
  if (!array.is_array()) return texts;
  for (const auto& item : array) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

}  // namespace

base::Json to_json(const Descriptor& descriptor) {
  return {{"mediaType", descriptor.media_type}, {"digest", descriptor.digest.to_string()}, {"size", descriptor.size}};
}

base::Result<Descriptor> parse_descriptor(const base::Json& json) {
  Descriptor descriptor{.media_type = base::json_string(json, "mediaType")};
  TRY(descriptor.digest, Digest::parse(base::json_string(json, "digest")));
  const auto size = base::json_integer(json, "size", -1);
  if (size < 0 || size > kLargestBlob) return invalid(fmt::format("a descriptor has the size {}", size));
  descriptor.size = static_cast<std::uint64_t>(size);
  return descriptor;
}

base::Result<Manifest> parse_manifest(std::string_view text) {
  TRY(const auto json, base::parse_json(text).while_doing("reading an image manifest"));
  Manifest manifest{.media_type = base::json_string(json, "mediaType", media_type::kOciManifest)};
  if (manifest.media_type != media_type::kOciManifest && manifest.media_type != media_type::kDockerManifest) {
    return invalid(fmt::format("expected an image manifest, found the media type '{}'", manifest.media_type));
  }
  TRY(manifest.config, parse_descriptor(base::json_member(json, "config")).while_doing("reading the manifest's config"));
  const auto& layers = base::json_member(json, "layers");
  if (!layers.is_array() || layers.size() > kMostLayers) return invalid("expected a manifest with at most 500 layers");
  for (const auto& layer : layers) {
    TRY(auto descriptor, parse_descriptor(layer).while_doing("reading the manifest's layers"));
    manifest.layers.push_back(std::move(descriptor));
  }
  return manifest;
}

std::string to_text(const Manifest& manifest) {
  base::Json layers = base::Json::array();
  for (const auto& layer : manifest.layers) layers.push_back(to_json(layer));
  const base::Json json = {{"schemaVersion", 2}, {"mediaType", manifest.media_type}, {"config", to_json(manifest.config)}, {"layers", std::move(layers)}};
  return base::to_text(json);
}

base::Result<ImageConfig> parse_image_config(std::string_view text) {
  TRY(const auto json, base::parse_json(text).while_doing("reading an image configuration"));
  const auto& config = base::json_member(json, "config");
  ImageConfig image{.architecture = base::json_string(json, "architecture"),
                    .os = base::json_string(json, "os"),
                    .environment = texts_of(base::json_member(config, "Env")),
                    .entrypoint = texts_of(base::json_member(config, "Entrypoint")),
                    .command = texts_of(base::json_member(config, "Cmd")),
                    .working_directory = base::json_string(config, "WorkingDir"),
                    .user = base::json_string(config, "User")};
  for (const auto& diff_id : texts_of(base::json_member(base::json_member(json, "rootfs"), "diff_ids"))) {
    TRY(auto digest, Digest::parse(diff_id));
    image.diff_ids.push_back(std::move(digest));
  }
  return image;
}

bool is_index(std::string_view type) { return type == media_type::kOciIndex || type == media_type::kDockerList; }

std::string host_architecture() {
  utsname machine{};
  ::uname(&machine);
  const std::string_view name = machine.machine;
  if (name == "x86_64") return "amd64";
  if (name == "aarch64") return "arm64";
  return std::string(name);
}

base::Result<Descriptor> select_platform(std::string_view index_text) {
  TRY(const auto json, base::parse_json(index_text).while_doing("reading an image index"));
  const auto wanted = host_architecture();
  std::string found;
  for (const auto& entry : base::json_member(json, "manifests")) {
    const auto& platform = base::json_member(entry, "platform");
    const auto architecture = base::json_string(platform, "architecture");
    if (base::json_string(platform, "os") == "linux" && architecture == wanted) return parse_descriptor(entry);
    found += (found.empty() ? "" : ", ") + base::json_string(platform, "os") + "/" + architecture;
  }
  return base::make_error(base::ErrorKind::not_found, fmt::format("the image has no linux/{}; it has: {}", wanted, found));
}

}  // namespace ecr
