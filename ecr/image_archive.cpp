#include "ecr/image_archive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/archive.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecr/compression.h"
#include "ecr/image_reference.h"
#include "ecr/layer_blob.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Fd;
using base::make_error;
using base::Path;
using base::Result;

constexpr std::size_t kPiece = 256 * 1024;
constexpr const char* kRefName = "org.opencontainers.image.ref.name";
constexpr const char* kImageName = "io.containerd.image.name";

Result<Fd> open_archive(const Path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return base::system_error("opening " + path.string(), errno);
  return fd;
}

/// The archive's bytes without its compression.
Result<ByteSource> plain_bytes(int fd, const Path& path) {
  std::string beginning(16, '\0');
  const ssize_t count = ::pread(fd, beginning.data(), beginning.size(), 0);
  beginning.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  switch (detect_compression(beginning)) {
    case Compression::none:
      return read_from(fd);
    case Compression::gzip:
      return gunzip(read_from(fd));
    case Compression::zstd:
      return unzstd(read_from(fd));
    case Compression::bzip2:
    case Compression::xz:
      break;
  }
  return make_error(ErrorKind::invalid_input,
                    path.string() + ": expected a tar, plain or compressed by gzip or zstd");
}

/// A tar on its way into an image's layer, checked to be one.
Result<WrittenLayer> store_layer(ImageStore& store, const ByteSource& source, const Path& path) {
  TRY(auto blob, LayerBlob::start(store));
  std::vector<char> buffer(kPiece);
  bool first = true;
  while (true) {
    TRY(const auto count, source(buffer.data(), buffer.size()));
    const std::string_view piece(buffer.data(), count);
    constexpr std::size_t kMagicAt = 257;
    if (std::exchange(first, false) && (count < 512 || piece.substr(kMagicAt, 5) != "ustar")) {
      return make_error(ErrorKind::invalid_input, path.string() + " is no tar archive");
    }
    if (count == 0) break;
    TRY(blob.write(piece));
  }
  return blob.finish();
}

class ArchiveWriter {
 public:
  explicit ArchiveWriter(int fd)
      : tar_([fd](std::string_view bytes) { return base::write_all(fd, bytes); }) {}

  Result<void> add_text(const std::string& name, std::string_view text) {
    TRY(tar_.add({.path = name, .mode = 0644, .size = text.size()}));
    return tar_.write(text);
  }
  Result<void> add_blob(const ImageStore& store, const Digest& digest) {
    TRY(const auto fd, store.open_blob(digest));
    TRY(const auto size, store.blob_size(digest));
    TRY(tar_.add({.path = "blobs/sha256/" + digest.hex(), .mode = 0644, .size = size}));
    std::vector<char> buffer(kPiece);
    while (true) {
      const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
      if (count < 0) return base::system_error("reading blob " + digest.to_string(), errno);
      if (count == 0) return {};
      TRY(tar_.write({buffer.data(), static_cast<std::size_t>(count)}));
    }
  }
  Result<void> finish() { return tar_.finish(); }

 private:
  base::TarWriter tar_;
};

/// Members that are documents, by name; blobs go to the store as they come.
struct LoadedArchive {
  std::map<std::string, std::string> documents;
  std::map<std::string, Digest> files;  ///< every member's digest, by name
};

bool is_document(const std::string& name) {
  return name.ends_with(".json") || name == "oci-layout";
}

Result<LoadedArchive> read_members(ImageStore& store, base::TarReader& tar) {
  LoadedArchive archive;
  std::vector<char> buffer(kPiece);
  while (true) {
    TRY(const auto entry, tar.next());
    if (!entry) return archive;
    if (entry->kind != base::EntryKind::file) continue;
    TRY(auto blob, store.start_blob());
    std::string text;
    while (true) {
      TRY(const auto count, tar.read(buffer.data(), buffer.size()));
      if (count == 0) break;
      TRY(blob.write({buffer.data(), count}));
      if (is_document(entry->path) && text.size() <= kMaxManifestBytes) text.append(buffer.data(), count);
    }
    TRY(const auto digest, blob.commit());
    // `tar -C layout .` writes "./index.json".
    std::string name = entry->path;
    while (name.starts_with("./")) name.erase(0, 2);
    const std::string prefix = "blobs/sha256/";
    if (name.starts_with(prefix) && name.substr(prefix.size()) != digest.hex()) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("{} has the content of {}", name, digest.to_string()));
    }
    archive.files.emplace(name, digest);
    if (is_document(name)) archive.documents.emplace(name, std::move(text));
  }
}

Result<void> check_blob(const ImageStore& store, const Descriptor& blob) {
  const auto size = store.blob_size(blob.digest);
  if (!size) return base::invalid_input("the archive lacks the blob " + blob.digest.to_string());
  if (*size == blob.size) return {};
  return base::invalid_input(
      fmt::format("blob {} has {} bytes, the manifest says {}", blob.digest.to_string(), *size, blob.size));
}

Result<std::vector<std::string>> name_oci_images(ImageStore& store, const LoadedArchive& archive) {
  TRY(const auto index, parse_index(archive.documents.at("index.json")).while_doing("reading index.json"));
  std::vector<std::string> names;
  for (auto descriptor : index.manifests) {
    const auto full = descriptor.annotations.find(kImageName);
    const auto ref = descriptor.annotations.find(kRefName);
    std::string name = full != descriptor.annotations.end()
                           ? full->second
                           : (ref != descriptor.annotations.end() ? ref->second : "");
    TRY(check_blob(store, descriptor));
    if (media_type::is_index(descriptor.media_type)) {
      TRY(const auto text, store.read_blob(descriptor.digest));
      TRY(const auto inner, parse_index(text));
      TRY(descriptor, choose_platform(inner, host_platform()));
    }
    descriptor.annotations.clear();
    TRY(check_blob(store, descriptor));
    TRY(const auto image, store.image(descriptor));
    for (const auto& layer : image.manifest.layers) TRY(check_blob(store, layer));
    TRY(store.tag(name, descriptor));
    names.push_back(name.empty() ? descriptor.digest.to_string() : name);
  }
  return names;
}

/// What `docker load` of older engines, and tools that know no OCI layout, look for: an entry of
/// manifest.json.
base::Json docker_manifest(const Image& image, const ImageReference& reference) {
  const auto path = [](const Digest& digest) { return "blobs/sha256/" + digest.hex(); };
  base::Json layers = base::Json::array();
  for (const auto& layer : image.manifest.layers) layers.push_back(path(layer.digest));
  base::Json tags = base::Json::array();
  if (!reference.tag.empty()) tags.push_back(reference.to_string());
  return {{"Config", path(image.manifest.config.digest)},
          {"RepoTags", std::move(tags)},
          {"Layers", std::move(layers)}};
}

/// A layer as it came: a plain one is compressed when it is pushed.
Result<Descriptor> stored_layer(const ImageStore& store, const Digest& digest) {
  TRY(const auto fd, store.open_blob(digest));
  TRY(const auto size, store.blob_size(digest));
  std::string beginning(16, '\0');
  const ssize_t count = ::pread(fd.get(), beginning.data(), beginning.size(), 0);
  beginning.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  Descriptor layer{.digest = digest, .size = size};
  switch (detect_compression(beginning)) {
    case Compression::none:
      layer.media_type = media_type::kOciLayer;
      return layer;
    case Compression::gzip:
      layer.media_type = media_type::kOciLayerGzip;
      return layer;
    case Compression::zstd:
      layer.media_type = media_type::kOciLayerZstd;
      return layer;
    case Compression::bzip2:
    case Compression::xz:
      break;
  }
  return make_error(ErrorKind::invalid_input,
                    "a layer of the archive: expected a tar, plain or compressed by gzip or zstd");
}

/// A plain layer's digest is its diff_id; what compressed ones hold is seen when they are unpacked.
Result<void> check_layers(const ImageConfig& config, const std::vector<Descriptor>& layers) {
  if (layers.size() != config.diff_ids.size()) {
    return base::invalid_input(fmt::format("manifest.json names {} layers, the image's configuration {}",
                                           layers.size(), config.diff_ids.size()));
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].media_type != media_type::kOciLayer || layers[i].digest == config.diff_ids[i]) continue;
    return base::invalid_input(
        fmt::format("layer {} of {} has the content of {}, but the image's configuration says {}", i + 1,
                    layers.size(), layers[i].digest.to_string(), config.diff_ids[i].to_string()));
  }
  return {};
}

/// manifest.json of `docker save`: configurations and uncompressed layers under names of its own.
Result<std::vector<std::string>> name_docker_images(ImageStore& store, const LoadedArchive& archive) {
  TRY(const auto list,
      base::parse_json(archive.documents.at("manifest.json")).while_doing("reading manifest.json"));
  if (!list.is_array() || list.empty())
    return base::invalid_input("manifest.json: expected a list of images");
  const auto digest_of = [&](const std::string& name) -> Result<Digest> {
    const auto found = archive.files.find(name);
    if (found == archive.files.end())
      return make_error(ErrorKind::invalid_input, "the archive lacks " + name);
    return found->second;
  };
  std::vector<std::string> names;
  for (const auto& entry : list) {
    const auto config_name = base::json_string(entry, "Config");
    TRY(const auto config_digest, digest_of(config_name));
    TRY(const auto config_text, store.read_blob(config_digest));
    TRY(const auto config, parse_image_config(config_text).while_doing("reading " + config_name));
    std::vector<Descriptor> layers;
    for (const auto& member : base::json_member(entry, "Layers")) {
      TRY(const auto digest, digest_of(member.is_string() ? member.get<std::string>() : ""));
      TRY(auto layer, stored_layer(store, digest));
      layers.push_back(std::move(layer));
    }
    TRY(check_layers(config, layers));
    TRY(const auto image, store.put_image(config, layers));
    for (const auto& tag : base::json_member(entry, "RepoTags")) {
      if (!tag.is_string()) continue;
      TRY(store.tag(tag.get<std::string>(), image));
      names.push_back(tag.get<std::string>());
    }
  }
  return names;
}

}  // namespace

Result<Descriptor> import_rootfs_tar(ImageStore& store, const Path& tar, const std::string& name,
                                     const ImportOptions& options) {
  TRY(const auto reference, parse_image_reference(name));
  TRY(const auto file, open_archive(tar));
  TRY(const auto source, plain_bytes(file.get(), tar));
  TRY(const auto layer, store_layer(store, source, tar).while_doing("importing " + tar.string()));
  ImageConfig config{.platform = options.platform,
                     .created = base::format_iso8601(base::system_clock().now())};
  config.env = options.env;
  config.cmd = options.cmd;
  config.entrypoint = options.entrypoint;
  config.labels = options.labels;
  config.diff_ids = {layer.diff_id};
  config.history = {{.created = config.created, .created_by = "pipeline image import"}};
  TRY(const auto image, store.put_image(config, {layer.descriptor}));
  TRY(store.tag(reference.to_string(), image));
  return image;
}

Result<void> save_images(const ImageStore& store, const std::vector<std::string>& names,
                         const Path& archive) {
  base::Json manifests = base::Json::array();
  base::Json for_docker = base::Json::array();
  std::vector<Digest> blobs;
  const auto add_once = [&blobs](const Digest& digest) {
    if (std::find(blobs.begin(), blobs.end(), digest) == blobs.end()) blobs.push_back(digest);
  };
  for (const auto& name : names) {
    TRY(auto descriptor, store.resolve(name));
    TRY(const auto image, store.image(descriptor));
    TRY(const auto reference, parse_image_reference(name));
    descriptor.annotations[kImageName] = reference.to_string();
    descriptor.annotations[kRefName] = reference.tag;
    manifests.push_back(to_json(descriptor));
    for_docker.push_back(docker_manifest(image, reference));
    add_once(image.descriptor.digest);
    add_once(image.manifest.config.digest);
    for (const auto& layer : image.manifest.layers) add_once(layer.digest);
  }
  Fd fd(::open(archive.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return base::system_error("writing " + archive.string(), errno);
  const base::Json index = {
      {"schemaVersion", 2}, {"mediaType", media_type::kOciIndex}, {"manifests", std::move(manifests)}};
  ArchiveWriter writer(fd.get());
  TRY(writer.add_text("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
  TRY(writer.add_text("index.json", base::to_text(index)));
  TRY(writer.add_text("manifest.json", base::to_text(for_docker)));
  for (const auto& digest : blobs) TRY(writer.add_blob(store, digest));
  return writer.finish();
}

Result<std::vector<std::string>> load_image(ImageStore& store, const Path& archive) {
  // What a step's docker loads comes as a descriptor.
  const auto name = archive.parent_path() == "/proc/self/fd" ? "the archive" : archive.string();
  TRY(const auto file, open_archive(archive));
  TRY(const auto source, plain_bytes(file.get(), archive));
  base::TarReader tar(source, base::ArchiveInput::tar);
  TRY(const auto loaded, read_members(store, tar).while_doing("reading " + name));
  const auto doing = "loading " + name;
  if (loaded.documents.contains("index.json")) return name_oci_images(store, loaded).while_doing(doing);
  if (loaded.documents.contains("manifest.json")) return name_docker_images(store, loaded).while_doing(doing);
  return make_error(
      ErrorKind::invalid_input,
      fmt::format("{} is no image archive: it has neither index.json (OCI) nor manifest.json (docker save)",
                  name));
}

}  // namespace ecr
