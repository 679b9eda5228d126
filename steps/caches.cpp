#include "steps/caches.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace steps {
namespace {

constexpr std::size_t kLongestKey = 512;

std::string identity_of(const std::string& key, const std::string& version, const std::string& scope) {
  return fmt::format("{}\n{}\n{}", scope, version, key);
}

Cache cache_of(StoredBlob blob) {
  Cache cache;
  cache.key = blob.labels["key"];
  cache.version = blob.labels["version"];
  cache.scope = blob.labels["scope"];
  cache.repository = blob.labels["repository"];
  cache.blob = std::move(blob);
  return cache;
}

base::Error denied(std::string_view what, const ResultsAccess& access) {
  auto error = base::make_error(base::ErrorKind::denied, fmt::format("{} the job's cache-mode is '{}'", what,
                                                                     workflow::name_of(access.cache_mode)));
  error.code = kCacheDenied;
  return error;
}

using Fits = std::function<bool(const Cache&)>;

// The newest: they are oldest first.
const Cache* newest(const std::vector<Cache>& caches, const Fits& fits) {
  const auto found = std::find_if(caches.rbegin(), caches.rend(), fits);
  return found == caches.rend() ? nullptr : &*found;
}

const Cache* find_in_scope(const std::vector<Cache>& caches, const std::string& key,
                           const std::vector<std::string>& restore_keys, const std::string& version,
                           const std::string& scope) {
  const auto is_here = [&](const Cache& cache) { return cache.version == version && cache.scope == scope; };
  if (const auto* found =
          newest(caches, [&](const Cache& cache) { return is_here(cache) && cache.key == key; }))
    return found;
  std::vector<std::string> prefixes{key};
  prefixes.insert(prefixes.end(), restore_keys.begin(), restore_keys.end());
  for (const auto& prefix : prefixes) {
    const auto* found =
        newest(caches, [&](const Cache& cache) { return is_here(cache) && cache.key.starts_with(prefix); });
    if (found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace

// By a digest: a repository's name is no file name.
std::string cache_shelf(const std::string& repository) {
  return "caches/" + base::sha256_hex(base::to_lower(repository)).substr(0, 16);
}

base::Result<void> check_cache_key(const std::string& key) {
  if (base::utf16_length(key) > kLongestKey) {
    return base::invalid_input(
        fmt::format("Key Validation Error: {} cannot be larger than {} characters.", key, kLongestKey));
  }
  if (key.find(',') != std::string::npos)
    return base::invalid_input(fmt::format("Key Validation Error: {} cannot contain commas.", key));
  return {};
}

base::Result<void> check_may_restore(const ResultsAccess& access) {
  return workflow::may_restore(access.cache_mode) ? base::Result<void>() : denied(kReadDenied, access);
}

base::Result<BlobDraft> begin_cache(const ResultsAccess& access, const std::string& key,
                                    const std::string& version) {
  if (!workflow::may_save(access.cache_mode)) return denied(kWriteDenied, access);
  if (key.empty()) return base::invalid_input("Key Validation Error: the key is empty");
  TRY(check_cache_key(key));
  // Archives have checksums of their own, which who restores them looks at.
  TRY(auto draft, access.store->begin(cache_shelf(access.repository),
                                      identity_of(key, version, access.cache_scope), BlobDigest::none));
  draft.labels = {
      {"key", key}, {"version", version}, {"scope", access.cache_scope}, {"repository", access.repository}};
  return draft;
}

base::Result<Cache> finish_cache(const ResultsAccess& access, BlobDraft draft) {
  if (draft.size() > kMostCacheBytes) {
    return base::invalid_input(
        fmt::format("Cache size of ~{} MB ({} B) is over the 10GB limit, not saving cache.",
                    draft.size() >> 20U, draft.size()));
  }
  TRY(auto blob, access.store->finish(std::move(draft)));
  TRY(evict_caches(*access.store, access.repository));
  return cache_of(std::move(blob));
}

std::optional<Cache> find_cache(const ResultsAccess& access, const std::string& key,
                                const std::vector<std::string>& restore_keys, const std::string& version) {
  if (!check_may_restore(access)) return std::nullopt;
  const auto caches = list_caches(*access.store, access.repository);
  for (const auto& scope : access.cache_scopes) {
    const auto* found = find_in_scope(caches, key, restore_keys, version, scope);
    if (found == nullptr) continue;
    access.store->touch(cache_shelf(access.repository), found->blob.id);
    return *found;
  }
  return std::nullopt;
}

base::Result<base::Fd> open_cache(const ResultsAccess& access, const Cache& cache) {
  return access.store->open_content(cache_shelf(access.repository), cache.blob.id);
}

std::vector<Cache> list_caches(const BlobStore& store, const std::string& repository) {
  std::vector<Cache> caches;
  for (auto& blob : store.list(cache_shelf(repository))) caches.push_back(cache_of(std::move(blob)));
  return caches;
}

std::vector<Cache> list_all_caches(const BlobStore& store) {
  std::vector<Cache> caches;
  for (const auto& shelf : store.shelves("caches")) {
    for (auto& blob : store.list(shelf)) caches.push_back(cache_of(std::move(blob)));
  }
  return caches;
}

base::Result<void> remove_cache(BlobStore& store, const std::string& repository, const Cache& cache) {
  return store.remove(cache_shelf(repository), cache.blob.id);
}

base::Result<void> evict_caches(BlobStore& store, const std::string& repository, std::uint64_t most_bytes) {
  auto caches = list_caches(store, repository);
  std::sort(caches.begin(), caches.end(),
            [](const Cache& a, const Cache& b) { return a.blob.used > b.blob.used; });
  const double oldest = base::to_epoch_seconds(base::system_clock().now()) - kCacheIdleSeconds;
  std::uint64_t total = 0;
  for (const auto& cache : caches) {
    total += cache.blob.size;
    if (total > most_bytes || cache.blob.used < oldest) TRY(remove_cache(store, repository, cache));
  }
  return {};
}

}  // namespace steps
