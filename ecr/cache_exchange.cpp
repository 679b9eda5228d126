#include "ecr/cache_exchange.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/json.h"
#include "ecr/compression.h"
#include "ecr/push.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Path;
using base::Result;

constexpr const char* kCacheConfig = "application/vnd.pipeline.build-cache.config.v1+json";
constexpr std::size_t kMostRecords = 100'000;

/// A blob of an image layout that others may have written.
Result<std::string> read_layout_blob(int folder, const Digest& digest) {
  TRY(const auto file,
      base::open_beneath(folder, Path("blobs/sha256") / digest.hex(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  TRY(auto text, base::read_all(file.get(), kMaxManifestBytes));
  if (Digest::of(text) != digest)
    return make_error(ErrorKind::invalid_input,
                      fmt::format("the blob {} has another digest", digest.to_string()));
  return text;
}

/// The records as a document, and the layers that they name, each once.
struct CacheDocument {
  Json records = Json::array();
  std::vector<Descriptor> layers;
};

CacheDocument document_of(const std::vector<CacheRecord>& records) {
  CacheDocument document;
  for (const auto& record : records) {
    const auto& layer = record.made.layer;
    auto at = std::find_if(document.layers.begin(), document.layers.end(),
                           [&](const Descriptor& known) { return known.digest == layer.descriptor.digest; });
    if (at == document.layers.end()) at = document.layers.insert(at, layer.descriptor);
    document.records.push_back({{"key", base::sha256_hex(record.key)},
                                {"layer", at - document.layers.begin()},
                                {"diff_id", layer.diff_id.to_string()},
                                {"created", record.made.created}});
  }
  return document;
}

/// The two documents of a cache, in the store.
struct StoredCache {
  Manifest manifest;
  Descriptor descriptor;
  std::string manifest_text;
};

Result<StoredCache> store_cache(const std::vector<CacheRecord>& records, ImageStore& store) {
  auto document = document_of(records);
  const auto config = base::to_text(Json{{"records", std::move(document.records)}});
  StoredCache cache{
      .manifest = {.media_type = media_type::kOciManifest}, .descriptor = {}, .manifest_text = ""};
  TRY(const auto config_digest, store.put_blob(config));
  cache.manifest.config = {.media_type = kCacheConfig, .digest = config_digest, .size = config.size()};
  cache.manifest.layers = std::move(document.layers);
  cache.manifest_text = to_text(cache.manifest);
  TRY(const auto digest, store.put_blob(cache.manifest_text));
  cache.descriptor = {
      .media_type = media_type::kOciManifest, .digest = digest, .size = cache.manifest_text.size()};
  return cache;
}

Result<void> export_to_registry(const CachePlace& place, const StoredCache& cache, ImageStore& store,
                                const RegistryOptions& registry) {
  TRY(const auto target, parse_image_reference(place.name));
  PushPlan plan{.target = target,
                .blobs = cache.manifest.layers,
                .manifest = cache.descriptor,
                .manifest_bytes = cache.manifest_text};
  plan.blobs.push_back(cache.manifest.config);
  plan.pack_with.reset();  // the records name layers as they are
  TRY(const auto pushed, push(plan, store, registry));
  return {};
}

Result<void> copy_blob_to(const Path& blobs, const Digest& digest, const ImageStore& store) {
  if (base::exists(blobs / digest.hex())) return {};
  return base::copy_tree(store.blob_path(digest), blobs / digest.hex());
}

Result<void> export_to_folder(const CachePlace& place, const StoredCache& cache, const ImageStore& store) {
  const Path folder = place.name;
  const Path blobs = folder / "blobs/sha256";
  TRY(base::make_directories(blobs));
  for (const auto& layer : cache.manifest.layers) TRY(copy_blob_to(blobs, layer.digest, store));
  TRY(copy_blob_to(blobs, cache.manifest.config.digest, store));
  TRY(copy_blob_to(blobs, cache.descriptor.digest, store));
  TRY(base::write_file(folder / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
  const Json index = {{"schemaVersion", 2},
                      {"mediaType", media_type::kOciIndex},
                      {"manifests", Json::array({to_json(cache.descriptor)})}};
  return base::write_file(folder / "index.json", base::to_text(index));
}

}  // namespace

void ImportedCaches::add(const CachePlace& place, const RegistryOptions& registry, const Say& say) {
  registry_ = registry;
  const auto done = read(place, registry);
  if (!done) {
    say(fmt::format("importing the cache {} failed, the build goes on without it: {}", place.name,
                    done.error().message));
  } else {
    say(fmt::format("importing the cache {}", place.name));
  }
}

Result<void> ImportedCaches::read(const CachePlace& place, const RegistryOptions& registry) {
  places_.push_back(place);
  if (place.kind == CachePlace::Kind::registry) return read_registry(place, registry);
  if (place.kind == CachePlace::Kind::folder) return read_folder(place);
  return make_error(ErrorKind::invalid_input, "this kind of cache is one of workflows only");
}

Result<void> ImportedCaches::read_registry(const CachePlace& place, const RegistryOptions& registry) {
  TRY(const auto reference, parse_image_reference(place.name));
  RegistryClient client(registry, reference);
  TRY(auto fetched, client.fetch_manifest(reference.manifest_key()));
  if (media_type::is_index(fetched.media_type)) {
    TRY(const auto index, parse_index(fetched.bytes));
    TRY(const auto chosen, choose_platform(index, host_platform()));
    TRY(fetched, client.fetch_manifest(chosen.digest.to_string()));
  }
  TRY(const auto manifest, parse_manifest(fetched.bytes));
  if (manifest.config.size > kMaxManifestBytes)
    return make_error(ErrorKind::invalid_input, "its configuration is larger than 4 MiB");
  TRY(const auto room, base::TempDir::create("pipeline-cache"));
  TRY(auto scratch, ImageStore::open(room.path()));
  TRY(client.fetch_blob(manifest.config, scratch));
  TRY(const auto config, scratch.read_blob(manifest.config.digest));
  return take_records(fetched.bytes, config, places_.size() - 1);
}

Result<void> ImportedCaches::read_folder(const CachePlace& place) {
  TRY(const auto folder, base::open_directory(place.name));
  TRY(const auto file, base::open_beneath(folder.get(), "index.json", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  TRY(const auto text, base::read_all(file.get(), kMaxManifestBytes));
  TRY(const auto index, parse_index(text));
  if (index.manifests.empty()) return make_error(ErrorKind::not_found, "its index names nothing");
  TRY(const auto manifest_text, read_layout_blob(folder.get(), index.manifests[0].digest));
  TRY(const auto manifest, parse_manifest(manifest_text));
  TRY(const auto config, read_layout_blob(folder.get(), manifest.config.digest));
  return take_records(manifest_text, config, places_.size() - 1);
}

Result<void> ImportedCaches::take_records(const std::string& manifest_text, const std::string& config,
                                          std::size_t place) {
  TRY(const auto manifest, parse_manifest(manifest_text));
  TRY(auto document, base::parse_json(config));
  // In an image it is a member beside others.
  if (document.is_object() && document.contains(kCacheMember)) document = Json(document[kCacheMember]);
  const auto records = base::json_member(document, "records");
  if (!records.is_array() || records.size() > kMostRecords)
    return make_error(ErrorKind::not_found, "it holds no cache of a build");
  for (const auto& record : records) {
    const auto layer = base::json_member(record, "layer");
    auto diff_id = Digest::parse(base::json_string(record, "diff_id"));
    if (!diff_id || !layer.is_number_unsigned() || layer.get<std::size_t>() >= manifest.layers.size())
      continue;
    entries_.try_emplace(
        base::json_string(record, "key"),
        Entry{{{manifest.layers[layer.get<std::size_t>()], *diff_id}, base::json_string(record, "created")},
              place});
  }
  return {};
}

Result<void> ImportedCaches::fetch(const Entry& entry, ImageStore& store) const {
  const auto& descriptor = entry.made.layer.descriptor;
  if (store.has_blob(descriptor.digest)) return {};
  const auto& place = places_[entry.place];
  if (place.kind == CachePlace::Kind::registry) {
    TRY(const auto reference, parse_image_reference(place.name));
    return RegistryClient(registry_, reference).fetch_blob(descriptor, store);
  }
  TRY(const auto folder, base::open_directory(place.name));
  TRY(const auto file, base::open_beneath(folder.get(), Path("blobs/sha256") / descriptor.digest.hex(),
                                          O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  TRY(auto writer, store.start_blob());
  const auto source = read_from(file.get());
  std::vector<char> buffer(1U << 18);
  while (true) {
    TRY(const auto count, source(buffer.data(), buffer.size()));
    if (count == 0) break;
    if (writer.size() + count > descriptor.size)
      return make_error(ErrorKind::invalid_input, "a layer of the cache is longer than it says");
    TRY(writer.write({buffer.data(), count}));
  }
  return writer.commit(descriptor.digest);
}

std::optional<CachedLayer> ImportedCaches::find(const std::string& key, ImageStore& store,
                                                const Say& say) const {
  const auto found = entries_.find(base::sha256_hex(key));
  if (found == entries_.end()) return std::nullopt;
  auto fetched = fetch(found->second, store);
  // What is not what it says is found now, when the step can still be run.
  const auto& layer = found->second.made.layer;
  if (fetched) {
    if (const auto tree = store.unpack_layer(layer.descriptor, layer.diff_id); !tree) fetched = tree.error();
  }
  if (fetched) return found->second.made;
  say(fmt::format("a layer of the cache {} is not to be had: {}", places_[found->second.place].name,
                  fetched.error().message));
  return std::nullopt;
}

Result<void> export_cache(const CachePlace& place, const std::vector<CacheRecord>& records, ImageStore& store,
                          const RegistryOptions& registry) {
  TRY(const auto cache, store_cache(records, store));
  auto done = place.kind == CachePlace::Kind::registry ? export_to_registry(place, cache, store, registry)
                                                       : export_to_folder(place, cache, store);
  return std::move(done).while_doing("exporting the cache to " + place.name);
}

std::string cache_for_image(const std::vector<CacheRecord>& records, const std::vector<Digest>& diff_ids) {
  Json list = Json::array();
  for (const auto& record : records) {
    const auto at = std::find(diff_ids.begin(), diff_ids.end(), record.made.layer.diff_id);
    if (at == diff_ids.end()) continue;
    list.push_back({{"key", base::sha256_hex(record.key)},
                    {"layer", at - diff_ids.begin()},
                    {"diff_id", record.made.layer.diff_id.to_string()},
                    {"created", record.made.created}});
  }
  return base::to_text(Json{{kCacheMember, {{"records", std::move(list)}}}});
}

}  // namespace ecr
