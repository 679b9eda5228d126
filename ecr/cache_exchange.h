#pragma once
// The layer cache of builds outside of the store: as an image of its own in a registry or a folder (an OCI
// image layout), or in the configuration of the image that was built. Steps are known by digests of their
// keys alone.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/build_layer.h"
#include "ecr/cache_place.h"
#include "ecr/registry.h"

namespace ecr {

/// What one step made.
struct CacheRecord {
  std::string key;  ///< as layer_key() makes it; leaves this machine as a digest
  CachedLayer made;
};

/// Caches of other builds, read at the start; layers are fetched when a step asks for them.
class ImportedCaches {
 public:
  using Say = std::function<void(const std::string&)>;
  /// One that cannot be read is told and left out, as a build without a cache is only slower.
  void add(const CachePlace& place, const RegistryOptions& registry, const Say& say);
  /// What a step made, brought into the store; nothing when no cache has it. May be called from several
  /// threads at once.
  std::optional<CachedLayer> find(const std::string& key, ImageStore& store, const Say& say) const;

 private:
  struct Entry {
    CachedLayer made;
    std::size_t place = 0;
  };
  base::Result<void> read(const CachePlace& place, const RegistryOptions& registry);
  base::Result<void> read_registry(const CachePlace& place, const RegistryOptions& registry);
  base::Result<void> read_folder(const CachePlace& place);
  base::Result<void> take_records(const std::string& manifest, const std::string& config, std::size_t place);
  base::Result<void> fetch(const Entry& entry, ImageStore& store) const;

  std::vector<CachePlace> places_;
  RegistryOptions registry_;
  std::map<std::string, Entry> entries_;  ///< by the digest of the key
};

/// Writes the records there; not for in_image.
base::Result<void> export_cache(const CachePlace& place, const std::vector<CacheRecord>& records,
                                ImageStore& store, const RegistryOptions& registry);
/// The member of an image's configuration that holds the records of its own layers, as JSON text.
inline constexpr const char* kCacheMember = "pipeline.build-cache.v1";
std::string cache_for_image(const std::vector<CacheRecord>& records, const std::vector<Digest>& diff_ids);

}  // namespace ecr
