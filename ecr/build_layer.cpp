#include "ecr/build_layer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/crypto.h"
#include "base/json.h"
#include "sandbox/plan.h"

namespace ecr {

using base::Path;
using base::Result;

namespace {

constexpr std::string_view kRecordKind = "build";

std::optional<CachedLayer> parse_cached_layer(const std::string& record) {
  const auto json = base::parse_json(record);
  if (!json || !json->is_object()) return std::nullopt;
  auto descriptor = descriptor_from_json(base::json_member(*json, "layer"));
  auto diff_id = Digest::parse(base::json_string(*json, "diff_id"));
  if (!descriptor || !diff_id) return std::nullopt;
  return CachedLayer{{std::move(*descriptor), std::move(*diff_id)}, base::json_string(*json, "created")};
}

}  // namespace

void LayerStack::add(const WrittenLayer& layer, std::string made) {
  layers.push_back(layer.descriptor);
  diff_ids.push_back(layer.diff_id);
  created = std::move(made);
}

std::string LayerStack::chain_id() const {
  std::string chain;
  for (const auto& diff_id : diff_ids) {
    chain =
        chain.empty() ? diff_id.to_string() : "sha256:" + base::sha256_hex(chain + " " + diff_id.to_string());
  }
  return chain;
}

Result<std::vector<Path>> trees_of(const LayerStack& stack, ImageStore& store) {
  std::vector<Path> trees(stack.layers.size());
  for (std::size_t i = 0; i < trees.size(); ++i) {
    TRY(trees[trees.size() - 1 - i], store.unpack_layer(stack.layers[i], stack.diff_ids[i]));
  }
  return without_repeats(std::move(trees));
}

Result<LayerInTheMaking> LayerInTheMaking::start(ImageStore& store) {
  TRY(auto room, store.make_temp_dir("build"));
  OverlayUpper folders{room.path() / "upper", room.path() / "work"};
  TRY(base::make_directories(folders.upper));
  TRY(base::make_directories(folders.work));
  // The upper folder's owner and mode are those of `/` inside.
  const auto root_id = sandbox::first_host_id(0);
  if (::geteuid() == 0 && ::chown(folders.upper.c_str(), root_id, root_id) != 0)
    return base::system_error("chown", errno);
  if (::chmod(folders.upper.c_str(), 0755) != 0) return base::system_error("chmod", errno);
  return LayerInTheMaking(std::move(room), std::move(folders));
}

Result<WrittenLayer> LayerInTheMaking::finish(ImageStore& store, std::optional<std::int64_t> latest_time) {
  const LayerOptions options{.first_host_id = sandbox::first_host_id(0), .latest_time = latest_time};
  TRY(auto layer, write_layer(folders_.upper, options, store));
  // The folder is the layer's tree already: it need not be unpacked from its own blob.
  TRY(store.adopt_layer(folders_.upper, layer.diff_id));
  return layer;
}

std::string layer_key(const std::vector<std::string>& parts) {
  std::string key;
  for (const auto& part : parts) key += fmt::format("{}:{}\n", part.size(), part);
  return key;
}

std::optional<CachedLayer> find_cached_layer(const ImageStore& store, const std::string& key) {
  const auto text = store.read_record(kRecordKind, key);
  auto cached = text ? parse_cached_layer(*text) : std::nullopt;
  if (!cached || !store.has_blob(cached->layer.descriptor.digest)) return std::nullopt;
  // Used today: collect_garbage() leaves it to who is about to build an image of it.
  ::utimensat(AT_FDCWD, store.blob_path(cached->layer.descriptor.digest).c_str(), nullptr, 0);
  return cached;
}

std::map<std::string, Descriptor> cached_layers(const ImageStore& store) {
  std::map<std::string, Descriptor> layers;
  const auto folder = store.folder() / "records" / kRecordKind;
  for (const auto& record : base::list_directory(folder).value_or(std::vector<std::string>())) {
    const auto text = base::read_file(folder / record, kMaxManifestBytes);
    const auto cached = text ? parse_cached_layer(*text) : std::nullopt;
    if (cached) layers.emplace(cached->layer.diff_id.hex(), cached->layer.descriptor);
  }
  return layers;
}

Result<void> remember_layer(ImageStore& store, const std::string& key, const CachedLayer& cached) {
  const base::Json json = {{"layer", to_json(cached.layer.descriptor)},
                           {"diff_id", cached.layer.diff_id.to_string()},
                           {"created", cached.created}};
  return store.write_record(kRecordKind, key, base::to_text(json));
}

}  // namespace ecr
