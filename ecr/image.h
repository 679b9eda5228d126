#pragma once
// What an OCI image is made of: descriptors, manifest, index, configuration, after image-spec v1.1 and
// Docker's schema 2, which differ in media types only. Pure data and its JSON; not for where it is kept
// (image_store).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
inline constexpr const char* kDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr const char* kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr const char* kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr const char* kDockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr const char* kDockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";
bool is_manifest(std::string_view type);
bool is_index(std::string_view type);
/// A tar that can be unpacked, whatever its compression.
bool is_layer(std::string_view type);
/// One that its maker wants kept out of registries (image-spec layer.md#non-distributable-layers); fetched
/// from the registry like others, never from the URLs it names.
bool is_foreign_layer(std::string_view type);
/// Not compressed.
bool is_plain_layer(std::string_view type);
}  // namespace media_type

struct Platform {
  std::string os = "linux";
  std::string architecture;  ///< as Go names it: amd64, arm64
  std::string variant;
  bool operator==(const Platform&) const = default;
};
/// Of this machine.
Platform host_platform();
/// `linux/arm64/v8`, or `arm64`.
base::Result<Platform> parse_platform(std::string_view text);
std::string to_string(const Platform& platform);
/// Whether an image for `offered` runs where `wanted` is asked for; an absent variant fits any.
bool platform_fits(const Platform& wanted, const Platform& offered);

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::optional<Platform> platform;
  std::map<std::string, std::string> annotations;
  bool operator==(const Descriptor&) const = default;
};
base::Json to_json(const Descriptor& descriptor);
base::Result<Descriptor> descriptor_from_json(const base::Json& json);

struct Manifest {
  std::string media_type;
  Descriptor config;
  std::vector<Descriptor> layers;  ///< bottom first
  std::map<std::string, std::string> annotations;
};
std::string to_text(const Manifest& manifest);
base::Result<Manifest> parse_manifest(std::string_view text);

struct Index {
  std::string media_type;
  std::vector<Descriptor> manifests;
};
base::Result<Index> parse_index(std::string_view text);
/// The entry for a platform; not_found lists what there is.
base::Result<Descriptor> choose_platform(const Index& index, const Platform& platform);
/// All that a manifest or index names, whatever their media types: configuration, layers, manifests.
base::Result<std::vector<Descriptor>> references_of(std::string_view document);
/// The mediaType of a manifest or index document, guessed from its members when it does not say.
base::Result<std::string> media_type_of_document(std::string_view text);

struct HealthCheck {
  std::vector<std::string> test;  ///< {"NONE"}, {"CMD", …} or {"CMD-SHELL", line}
  std::int64_t interval_ns = 0;   ///< 0 is the default, 30 s
  std::int64_t timeout_ns = 0;    ///< 0 is the default, 30 s
  std::int64_t start_period_ns = 0;
  int retries = 0;                     ///< 0 is the default, 3
  std::int64_t start_interval_ns = 0;  ///< 0 is the default, 5 s
  bool operator==(const HealthCheck&) const = default;
};

struct HistoryEntry {
  std::string created;
  std::string created_by;
  std::string comment;
  bool empty_layer = false;
  bool operator==(const HistoryEntry&) const = default;
};

/// What a container of the image starts as, and how the image came to be. Members that are not known here are
/// kept in `original`.
struct ImageConfig {
  Platform platform;
  std::string created;  ///< RFC 3339
  std::string author;
  std::vector<std::string> env;  ///< "K=V", in order
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> cmd;
  std::vector<std::string> shell;  ///< of SHELL; empty is /bin/sh -c
  std::string user;
  std::string working_dir;
  std::string stop_signal;
  std::map<std::string, std::string> labels;
  std::vector<std::string> exposed_ports;  ///< "8000/tcp", sorted
  std::vector<std::string> volumes;        ///< sorted
  std::vector<std::string> on_build;
  std::optional<HealthCheck> health_check;
  std::vector<Digest> diff_ids;  ///< bottom first
  std::vector<HistoryEntry> history;
  std::string original;  ///< the document it was read from, or empty

  /// The value of an environment variable, or nothing.
  [[nodiscard]] std::optional<std::string> env_value(std::string_view name) const;
  void set_env(std::string_view name, std::string_view value);
};
std::string to_text(const ImageConfig& config);
base::Result<ImageConfig> parse_image_config(std::string_view text);

/// An image as a whole.
struct Image {
  Descriptor descriptor;  ///< of the manifest
  Manifest manifest;
  ImageConfig config;
  [[nodiscard]] std::uint64_t compressed_size() const;
};

}  // namespace ecr
