#pragma once
// Descriptors, manifests and configurations of images, OCI and Docker schema 2. Documents keep their unknown fields.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "ecr/digest.h"

namespace ecr {

namespace media_type {
inline constexpr const char* kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* kOciLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr const char* kOciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr const char* kOciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr const char* kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr const char* kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr const char* kDockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
}  // namespace media_type

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  bool operator==(const Descriptor&) const = default;
};

struct Manifest {
  std::string media_type;
  Descriptor config;
  std::vector<Descriptor> layers;  ///< lowest first
};

/// The part of an image configuration that running it needs; environment entries are NAME=VALUE.
struct ImageConfig {
  std::string architecture;
  std::string os;
  std::vector<std::string> environment;
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::string working_directory;
  std::string user;
  std::vector<Digest> diff_ids;  ///< lowest first
};

base::Json to_json(const Descriptor& descriptor);
base::Result<Descriptor> parse_descriptor(const base::Json& json);
/// Refuses other media types, more than 500 layers, and documents that lack what the specification demands.
base::Result<Manifest> parse_manifest(std::string_view text);
std::string to_text(const Manifest& manifest);
base::Result<ImageConfig> parse_image_config(std::string_view text);
bool is_index(std::string_view media_type);
/// amd64, arm64: GOARCH of this machine.
std::string host_architecture();
/// The entry of an image index for this machine.
base::Result<Descriptor> select_platform(std::string_view index_text);

}  // namespace ecr
