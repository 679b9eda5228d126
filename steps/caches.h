#pragma once
// The rules of caches over a BlobStore: keys, versions, scopes, which entry is found, which has to go (GitHub
// docs "Dependency caching reference"). Not for archives (steps/cache_archive) nor for how they are sent
// (runner/results_service).

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "steps/blob_store.h"
#include "steps/running_job.h"

namespace steps {

struct Cache {
  StoredBlob blob;
  std::string key;
  std::string version;
  std::string scope;  ///< the ref that it was saved for
  std::string repository;
};

/// What the entries of a repository may come to; those used longest ago go first.
inline constexpr std::uint64_t kMostCacheBytes = 10ULL << 30;
inline constexpr double kCacheIdleSeconds = 7 * 86400.0;

/// At most 512 characters and no comma (toolkit cache.ts checkKey).
base::Result<void> check_cache_key(const std::string& key);

/// How the refusals of a job's cache-mode begin; the toolkit knows them by it (toolkit packages/cache
/// cache.ts).
inline constexpr std::string_view kWriteDenied = "cache write denied:";
inline constexpr std::string_view kReadDenied = "cache read denied:";
/// Code of those errors, which are ErrorKind::denied.
inline constexpr std::string_view kCacheDenied = "cache_denied";
base::Result<void> check_may_restore(const ResultsAccess& access);

/// Takes key and version in the job's own scope; ErrorKind::denied with code kBlobExists when taken, with
/// kCacheDenied when the job may not save caches.
base::Result<BlobDraft> begin_cache(const ResultsAccess& access, const std::string& key,
                                    const std::string& version);
/// Puts it on the shelf and makes room. A content larger than all caches may be is refused.
base::Result<Cache> finish_cache(const ResultsAccess& access, BlobDraft draft);
/// The entry for the key, else the newest whose key starts with it, else the same for each restore key; in
/// the job's scopes, one after the other; nothing where the job may not restore caches. Marks it as used.
std::optional<Cache> find_cache(const ResultsAccess& access, const std::string& key,
                                const std::vector<std::string>& restore_keys, const std::string& version);
base::Result<base::Fd> open_cache(const ResultsAccess& access, const Cache& cache);

/// All of a repository, oldest first.
std::vector<Cache> list_caches(const BlobStore& store, const std::string& repository);
/// All of all repositories.
std::vector<Cache> list_all_caches(const BlobStore& store);
base::Result<void> remove_cache(BlobStore& store, const std::string& repository, const Cache& cache);
/// Removes what was not used for a week, and then what is too much.
base::Result<void> evict_caches(BlobStore& store, const std::string& repository,
                                std::uint64_t most_bytes = kMostCacheBytes);
/// Where the caches of a repository are in the store.
std::string cache_shelf(const std::string& repository);

}  // namespace steps
