#include "ecr/reached.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace ecr {

namespace {

constexpr int kDeepestIndex = 4;
constexpr const char* kCacheRecords = "build";

class Reaching {
 public:
  Reaching(const ImageStore& store, Reached& reached) : store_(store), reached_(reached) {}

  void follow(const NamedImage& named) {
    name_ = named.name.empty() ? named.descriptor.digest.to_string() : named.name;
    if (!base::exists(store_.blob_path(named.descriptor.digest))) {
      complain("the manifest " + named.descriptor.digest.to_string() + " is missing", named.name);
      return;
    }
    follow_document(named.descriptor, named.name, 0);
  }

 private:
  void complain(const std::string& what, const std::string& name) {
    reached_.problems.push_back(fmt::format("image {}: {}", name_, what));
    reached_.broken_names.insert(name);
  }

  void follow_document(const Descriptor& document, const std::string& name, int depth) {
    if (!reached_.blobs.insert(document.digest.hex()).second && depth > 0) return;
    const auto text = store_.read_blob(document.digest);
    if (!text) return complain(text.error().message, name);
    const auto references = references_of(*text);
    if (!references) return complain(document.digest.to_string() + ": " + references.error().message, name);
    const bool is_index = media_type::is_index(document.media_type);
    for (const auto& reference : *references) {
      const bool is_document =
          media_type::is_index(reference.media_type) || media_type::is_manifest(reference.media_type);
      if (is_document && depth < kDeepestIndex) {
        if (base::exists(store_.blob_path(reference.digest))) {
          follow_document(reference, name, depth + 1);
        } else if (!is_index) {
          complain("the manifest " + reference.digest.to_string() + " is missing", name);
        }
        continue;
      }
      follow_blob(reference, name);
    }
  }

  void follow_blob(const Descriptor& blob, const std::string& name) {
    reached_.blobs.insert(blob.digest.hex());
    const auto size = store_.blob_size(blob.digest);
    if (!size) {
      // A layer that its maker keeps out of registries need not be here.
      if (!media_type::is_foreign_layer(blob.media_type))
        complain("the blob " + blob.digest.to_string() + " is missing", name);
      return;
    }
    if (*size != blob.size) {
      complain(
          fmt::format("the blob {} has {} bytes, expected {}", blob.digest.to_string(), *size, blob.size),
          name);
    }
    const bool is_config =
        blob.media_type == media_type::kOciConfig || blob.media_type == media_type::kDockerConfig;
    if (!is_config) return;
    const auto text = store_.read_blob(blob.digest);
    if (!text) return complain(text.error().message, name);
    const auto config = parse_image_config(*text);
    if (!config) return complain(blob.digest.to_string() + ": " + config.error().message, name);
    for (const auto& id : config->diff_ids) reached_.trees.insert(id.hex());
  }

  const ImageStore& store_;
  Reached& reached_;
  std::string name_;
};

// Every sha256:… in a text.
std::vector<std::string> digests_in(std::string_view text) {
  constexpr std::string_view kMark = "sha256:";
  constexpr std::size_t kDigits = 64;
  std::vector<std::string> found;
  for (auto at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
    if (auto digest = Digest::parse(text.substr(at, kMark.size() + kDigits))) found.push_back(digest->hex());
  }
  return found;
}

}  // namespace

Reached reached_from(const ImageStore& store, const std::vector<NamedImage>& names) {
  Reached reached;
  Reaching reaching(store, reached);
  for (const auto& named : names) reaching.follow(named);
  return reached;
}

void add_reached_from_cache(const ImageStore& store, Reached& reached) {
  const auto folder = store.folder() / "records" / kCacheRecords;
  for (const auto& record : base::list_directory(folder).value_or(std::vector<std::string>())) {
    const auto text = base::read_file(folder / record, kMaxManifestBytes);
    if (!text) continue;
    // A record names a layer by both of its digests: of the blob, and of the content that its tree has.
    for (const auto& hex : digests_in(*text)) {
      reached.blobs.insert(hex);
      reached.trees.insert(hex);
    }
  }
}

}  // namespace ecr
