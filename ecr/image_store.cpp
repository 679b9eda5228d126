#include "ecr/image_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/strings.h"
#include "ecr/layer.h"
#include "sandbox/plan.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

constexpr const char* kLockSuffix = ".lock";

// What processes that are gone left behind. A living one holds the lock beside its folder.
void remove_leftovers(const Path& folder) {
  const auto names = base::list_directory(folder);
  if (!names) return;
  for (const auto& name : *names) {
    if (!name.ends_with(kLockSuffix)) continue;
    auto lock = base::FileLock::try_acquire(folder / name);
    if (!lock || !*lock) continue;
    const Path room = folder / name.substr(0, name.size() - std::string_view(kLockSuffix).size());
    if (base::remove_tree(room)) ::unlink((folder / name).c_str());
  }
}

}  // namespace

/// The folder of unfinished work of one opened store, locked while it lives.
class ImageStore::Workroom {
 public:
  static Result<std::shared_ptr<Workroom>> create(const Path& folder) {
    const Path path = folder / base::random_hex(8);
    TRY(auto lock, base::FileLock::acquire(path.string() + kLockSuffix));
    TRY(base::make_directories(path, 0700));
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return base::system_error("opening " + path.string(), errno);
    return std::make_shared<Workroom>(path, std::move(lock), status.st_ctime);
  }
  Workroom(Path path, base::FileLock lock, std::int64_t opened)
      : path_(std::move(path)), lock_(std::move(lock)), opened_(opened) {}
  Workroom(const Workroom&) = delete;
  Workroom& operator=(const Workroom&) = delete;
  ~Workroom() {
    (void)base::remove_tree(path_);
    ::unlink((path_.string() + kLockSuffix).c_str());
  }
  [[nodiscard]] const Path& path() const { return path_; }
  /// Seconds since the epoch, by the clock of the store's file system.
  [[nodiscard]] std::int64_t opened() const { return opened_; }

 private:
  Path path_;
  base::FileLock lock_;
  std::int64_t opened_;
};

std::string trees_folder() {
  return ::geteuid() == 0 ? kTreesFolder : fmt::format("{}-{}", kTreesFolder, ::geteuid());
}

ImageStore::ImageStore(Path folder, std::shared_ptr<Workroom> workroom)
    : folder_(std::move(folder)), workroom_(std::move(workroom)) {}

Result<ImageStore> ImageStore::open(const Path& folder) {
  for (const std::string& name : {std::string("blobs/sha256"), trees_folder(), std::string("locks"),
                                  std::string("records"), std::string("work")}) {
    TRY(base::make_directories(folder / name));
  }
  const Path layout = folder / "oci-layout";
  if (!base::exists(layout)) TRY(base::write_file(layout, R"({"imageLayoutVersion":"1.0.0"})"));
  TRY(const auto lock, base::FileLock::acquire(folder / "locks" / "open"));
  remove_leftovers(folder / "work");
  TRY(auto workroom, Workroom::create(folder / "work"));
  return ImageStore(folder, std::move(workroom));
}

BlobWriter::BlobWriter(base::Fd fd, Path temporary, Path blobs)
    : fd_(std::move(fd)), temporary_(std::move(temporary)), blobs_(std::move(blobs)) {}

BlobWriter::~BlobWriter() {
  if (fd_) ::unlink(temporary_.c_str());
}

Result<void> BlobWriter::write(std::string_view bytes) {
  if (auto written = base::write_all(fd_.get(), bytes); !written) {
    const auto store = blobs_.parent_path().parent_path().string();
    return std::move(written).error().while_doing("writing into the image store " + store);
  }
  if (digest_) digest_->update(bytes);
  size_ += bytes.size();
  return {};
}

Result<void> BlobWriter::store_as(const Digest& digest) {
  ::fchmod(fd_.get(), 0644);
  if (::rename(temporary_.c_str(), (blobs_ / digest.hex()).c_str()) != 0)
    return base::system_error("storing a blob", errno);
  fd_.reset();
  return {};
}

Result<Digest> BlobWriter::commit() {
  if (!digest_) return make_error(ErrorKind::internal, "a blob whose digest is given was stored without it");
  auto digest = Digest::from(digest_->finish());
  TRY(store_as(digest));
  return digest;
}

Result<void> BlobWriter::commit(const Digest& expected) {
  const auto found = digest_ ? Digest::from(digest_->finish()) : expected;
  if (found != expected) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("expected a blob with digest {}, got {} bytes with digest {}",
                                  expected.to_string(), size_, found.to_string()));
  }
  return store_as(found);
}

Result<BlobWriter> ImageStore::start_blob(BlobDigest digest) {
  std::string temporary = (workroom_->path() / "blob-XXXXXX").string();
  base::Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return base::system_error("cannot write into the image store " + folder_.string(), errno);
  BlobWriter writer(std::move(fd), temporary, folder_ / "blobs/sha256");
  if (digest == BlobDigest::computed) writer.digest_.emplace();
  return writer;
}

Path ImageStore::blob_path(const Digest& digest) const {
  return folder_ / "blobs/sha256" / digest.hex();
}

// collect_garbage() leaves what was touched since the oldest process that has the store open began. It holds
// the lock while it decides about one file, so that nothing goes between the look and the answer.
bool ImageStore::keep_in_use(const Path& path, bool is_tree) const {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return false;
  if (std::max(status.st_mtime, status.st_ctime) > workroom_->opened()) return true;
  const auto lock = base::FileLock::acquire(folder_ / "locks" / "touch");
  if (::lstat(path.c_str(), &status) != 0) return false;
  // A tree's own times belong to the image's `/`: only the time of the last change of its attributes moves.
  if (is_tree) {
    (void)::chmod(path.c_str(), status.st_mode & 07777);
  } else {
    (void)::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  }
  return true;
}

bool ImageStore::has_blob(const Digest& digest) const {
  return !digest.empty() && keep_in_use(blob_path(digest), false);
}

Result<Digest> ImageStore::put_blob(std::string_view bytes) {
  TRY(auto writer, start_blob());
  TRY(writer.write(bytes));
  return writer.commit();
}

Result<base::Fd> ImageStore::open_blob(const Digest& digest) const {
  base::Fd fd(::open(blob_path(digest).c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) return fd;
  if (errno == ENOENT)
    return make_error(ErrorKind::not_found, "the image store has no blob " + digest.to_string());
  return base::system_error("opening blob " + digest.to_string(), errno);
}

Result<std::string> ImageStore::read_blob(const Digest& digest, std::size_t limit) const {
  TRY(const auto fd, open_blob(digest));
  TRY(auto text, base::read_all(fd.get(), limit).while_doing("reading blob " + digest.to_string()));
  if (const auto found = Digest::of(text); found != digest) {
    return make_error(
        ErrorKind::invalid_input,
        fmt::format("blob {} of the image store is damaged: its content has digest {}; `pipeline "
                    "image fsck --repair` takes it away, then pull or build again",
                    digest.to_string(), found.to_string()));
  }
  return text;
}

Result<std::uint64_t> ImageStore::blob_size(const Digest& digest) const {
  struct stat status {};
  if (::stat(blob_path(digest).c_str(), &status) != 0) {
    return make_error(ErrorKind::not_found, "the image store has no blob " + digest.to_string());
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<Image> ImageStore::image(const std::string& name) const {
  TRY(const auto descriptor, resolve(name));
  return image(descriptor).while_doing("reading image " + name);
}

Result<Image> ImageStore::image(const Descriptor& manifest) const {
  TRY(const auto manifest_text, read_blob(manifest.digest));
  if (media_type::is_index(manifest.media_type)) {
    TRY(const auto index, parse_index(manifest_text));
    TRY(const auto chosen, choose_platform(index, host_platform()));
    if (!media_type::is_index(chosen.media_type)) return this->image(chosen);
  }
  Image image{.descriptor = manifest};
  TRY(image.manifest, parse_manifest(manifest_text));
  TRY(const auto config_text, read_blob(image.manifest.config.digest));
  TRY(image.config, parse_image_config(config_text));
  if (image.config.diff_ids.size() != image.manifest.layers.size()) {
    return make_error(
        ErrorKind::invalid_input,
        fmt::format("{} is no image that can be run: its manifest has {} layers, its configuration, of type "
                    "\"{}\", {}",
                    manifest.digest.to_string(), image.manifest.layers.size(),
                    image.manifest.config.media_type, image.config.diff_ids.size()));
  }
  return image;
}

Result<Descriptor> ImageStore::put_image(const ImageConfig& config, const std::vector<Descriptor>& layers) {
  const std::string config_text = to_text(config);
  TRY(const auto config_digest, put_blob(config_text));
  Manifest manifest{.media_type = media_type::kOciManifest};
  manifest.config = {
      .media_type = media_type::kOciConfig, .digest = config_digest, .size = config_text.size()};
  manifest.layers = layers;
  // The same bytes under either name; a manifest of one kind names its layers in that kind.
  for (auto& layer : manifest.layers) {
    if (layer.media_type == media_type::kDockerLayer) layer.media_type = media_type::kOciLayer;
    if (layer.media_type == media_type::kDockerLayerGzip) layer.media_type = media_type::kOciLayerGzip;
    if (layer.media_type == media_type::kDockerLayerZstd) layer.media_type = media_type::kOciLayerZstd;
  }
  const std::string manifest_text = to_text(manifest);
  TRY(const auto manifest_digest, put_blob(manifest_text));
  return Descriptor{.media_type = manifest.media_type,
                    .digest = manifest_digest,
                    .size = manifest_text.size(),
                    .platform = config.platform};
}

Path ImageStore::layer_path(const Digest& diff_id) const {
  return folder_ / trees_folder() / diff_id.hex();
}

Result<std::vector<Path>> ImageStore::unpack(const Manifest& manifest) {
  TRY(const auto config_text, read_blob(manifest.config.digest));
  TRY(const auto config, parse_image_config(config_text));
  if (config.diff_ids.size() != manifest.layers.size()) {
    return make_error(ErrorKind::invalid_input,
                      "the image's manifest and configuration differ in their number of layers");
  }
  std::vector<Path> trees(manifest.layers.size());
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    TRY(trees[manifest.layers.size() - 1 - i], unpack_layer(manifest.layers[i], config.diff_ids[i]));
  }
  return without_repeats(std::move(trees));
}

std::vector<Path> without_repeats(std::vector<Path> trees) {
  auto end = trees.begin();
  for (auto tree = trees.begin(); tree != trees.end(); ++tree) {
    if (std::find(trees.begin(), end, *tree) != end) continue;
    if (end != tree) *end = std::move(*tree);
    ++end;
  }
  trees.erase(end, trees.end());
  return trees;
}

// Whether its owners are those of our sandboxes: a store that was given to somebody else (`chown -R`) has
// others.
bool ImageStore::is_usable(const Path& tree) const {
  struct stat status {};
  if (!keep_in_use(tree, true)) return false;
  if (::lstat(tree.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
  const auto first = sandbox::first_host_id(0);
  if (::geteuid() != 0) return status.st_uid == first;
  return status.st_uid >= first && status.st_uid - first < sandbox::kIdsPerSlot;
}

Result<void> ImageStore::put_aside(const Path& tree) const {
  TRY(const auto temporary, make_temp_dir("foreign"));
  if (::rename(tree.c_str(), (temporary.path() / "tree").c_str()) == 0 || errno == ENOENT) return {};
  return base::system_error("putting the tree of a layer aside: " + tree.string(), errno);
}

Result<Path> ImageStore::unpack_layer(const Descriptor& layer, const Digest& diff_id) {
  Path path = layer_path(diff_id);
  if (is_usable(path)) return path;
  TRY(const auto lock, base::FileLock::acquire(folder_ / "locks" / ("layer-" + diff_id.hex())));
  if (is_usable(path)) return path;
  TRY(put_aside(path));
  TRY(const auto blob, open_blob(layer.digest));
  TRY(const auto temporary, make_temp_dir("layer"));
  const Path tree = temporary.path() / "tree";
  TRY(base::make_directories(tree));
  const UnpackOptions options{.first_host_id = sandbox::first_host_id(0)};
  auto found =
      unpack_tar(blob.get(), tree, options).while_doing("unpacking layer " + layer.digest.to_string());
  if (!found) return std::move(found).error();
  if (*found != diff_id) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("layer {} unpacks to {}, but the image's configuration says {}",
                                  layer.digest.to_string(), found->to_string(), diff_id.to_string()));
  }
  return adopt_layer(tree, diff_id);
}

Result<Path> ImageStore::adopt_layer(const Path& tree, const Digest& diff_id) {
  Path path = layer_path(diff_id);
  if (base::exists(path) && !is_usable(path)) TRY(put_aside(path));
  if (::rename(tree.c_str(), path.c_str()) == 0) return path;
  if (errno != ENOTEMPTY && errno != EEXIST)
    return base::system_error("storing the tree of layer " + diff_id.to_string(), errno);
  TRY(base::remove_tree(tree));
  return path;
}

Result<void> ImageStore::discard_layer(const Digest& diff_id) {
  return put_aside(layer_path(diff_id));
}

Result<base::TempDir> ImageStore::make_temp_dir(std::string_view prefix) const {
  return base::TempDir::create_in(workroom_->path(), prefix);
}

std::optional<std::string> ImageStore::read_record(std::string_view kind, std::string_view key) const {
  auto text = base::read_file(folder_ / "records" / kind / base::sha256_hex(key), kMaxManifestBytes);
  if (!text) return std::nullopt;
  return *std::move(text);
}

Result<void> ImageStore::write_record(std::string_view kind, std::string_view key, std::string_view content) {
  TRY(base::make_directories(folder_ / "records" / kind));
  return base::write_file(folder_ / "records" / kind / base::sha256_hex(key), content);
}

}  // namespace ecr
