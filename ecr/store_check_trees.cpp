#include "ecr/store_check_trees.h"

#include <fmt/format.h>

#include <map>

#include "ecr/build_layer.h"
#include "ecr/layer.h"
#include "ecr/tree_comparison.h"
#include "sandbox/plan.h"

namespace ecr {

namespace {

using base::Path;
using base::Result;

constexpr std::size_t kMostTold = 3;

/// The layers of all images that can be read, named or not, and those of the builder, by what they unpack to.
Result<std::map<std::string, Descriptor>> layers_by_tree(const ImageStore& store) {
  auto layers = cached_layers(store);
  TRY(const auto blobs, base::list_directory(store.folder() / "blobs/sha256"));
  for (const auto& blob : blobs) {
    const auto digest = Digest::parse("sha256:" + blob);
    const auto size = digest ? store.blob_size(*digest) : digest.error();
    if (!size || *size > kMaxManifestBytes) continue;
    const auto image =
        store.image({.media_type = media_type::kOciManifest, .digest = *digest, .size = *size});
    if (!image) continue;  // no manifest, then
    for (std::size_t i = 0; i < image->manifest.layers.size(); ++i)
      layers.emplace(image->config.diff_ids[i].hex(), image->manifest.layers[i]);
  }
  return layers;
}

std::string told(const std::vector<FileChange>& changes) {
  std::string text;
  for (std::size_t i = 0; i < changes.size() && i < kMostTold; ++i) {
    const auto& change = changes[i];
    text += i == 0 ? "" : "; ";
    text += change.path;
    if (change.kind == FileChange::Kind::removed) text += " is missing";
    if (change.kind == FileChange::Kind::added) text += " should not be there";
    if (change.kind == FileChange::Kind::changed) text += fmt::format(": {}", fmt::join(change.what, ", "));
  }
  if (changes.size() > kMostTold) text += fmt::format("; and {} more", changes.size() - kMostTold);
  return text;
}

/// What is wrong with the tree; nothing when it is as the layer says, or gone by now, or the layer itself is
/// not right, which is told of its blob.
Result<std::string> fault_of_tree(ImageStore& store, const Descriptor& layer, const Digest& diff_id) {
  const auto blob = store.open_blob(layer.digest);
  if (!blob) return std::string();
  TRY(const auto room, store.make_temp_dir("fsck"));
  const Path fresh = room.path() / "tree";
  TRY(base::make_directories(fresh));
  const auto found = unpack_tar(blob->get(), fresh, {.first_host_id = sandbox::first_host_id(0)});
  if (!found || *found != diff_id) return std::string();
  TRY(const auto expected, base::open_directory(fresh));
  const auto tree = base::open_directory(store.layer_path(diff_id));
  if (!tree) return std::string();
  TRY(const auto changes, compare_trees(expected.get(), tree->get()));
  return told(changes);
}

}  // namespace

Result<void> check_trees(ImageStore& store, Repair repair, StoreCheck& check) {
  TRY(const auto layers, layers_by_tree(store));
  TRY(const auto trees, base::list_directory(store.folder() / trees_folder()));
  for (const auto& tree : trees) {
    const auto diff_id = Digest::parse("sha256:" + tree);
    if (!diff_id || !base::is_directory(store.layer_path(*diff_id))) {
      check.problems.push_back("layer tree " + tree + ": expected a folder named by a digest");
      continue;
    }
    const auto layer = layers.find(tree);
    if (layer == layers.end()) continue;
    TRY(const auto fault,
        fault_of_tree(store, layer->second, *diff_id).while_doing("checking layer tree " + tree));
    ++check.trees;
    if (fault.empty()) continue;
    check.problems.push_back(fmt::format("layer tree {}: {}", tree, fault));
    if (repair == Repair::none) continue;
    TRY(store.discard_layer(*diff_id));
    check.repairs.push_back("removed layer tree " + tree);
  }
  return {};
}

}  // namespace ecr
