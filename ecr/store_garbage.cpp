// Removing what no name of the store reaches. Safe beside builds, pulls and other collectors: a name is never
// taken for absent while one is written (the lock "index"), and nothing goes that a living process has asked
// for.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/json.h"
#include "ecr/image_names.h"
#include "ecr/reached.h"

namespace ecr {

namespace {

using base::Path;
using base::Result;

constexpr const char* kLock = ".lock";
constexpr const char* kCacheKind = "build";

constexpr std::int64_t kNanoseconds = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * kNanoseconds + time.tv_nsec;
}

// When the oldest process that has the store open began; in the far future when there is none.
std::int64_t oldest_opening(const Path& work) {
  auto oldest = std::numeric_limits<std::int64_t>::max();
  for (const auto& name : base::list_directory(work).value_or(std::vector<std::string>())) {
    if (!name.ends_with(kLock)) continue;
    struct stat status {};
    if (::stat((work / name).c_str(), &status) != 0) continue;
    const auto lock = base::FileLock::try_acquire(work / name);
    if (!lock || !*lock) oldest = std::min(oldest, nanoseconds(status.st_mtim));
  }
  return oldest;
}

bool was_touched(const struct stat& status, std::int64_t since) {
  return std::max(nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)) >= since;
}

// Records of layers whose blobs are gone are of no use to anybody.
void remove_stale_records(const ImageStore& store) {
  const Path folder = store.folder() / "records" / kCacheKind;
  for (const auto& record : base::list_directory(folder).value_or(std::vector<std::string>())) {
    const auto text = base::read_file(folder / record, kMaxManifestBytes);
    const auto json = text ? base::parse_json(*text) : base::Result<base::Json>(base::Json());
    if (!json || !json->is_object()) continue;
    const auto layer = descriptor_from_json(base::json_member(*json, "layer"));
    if (layer && !base::exists(store.blob_path(layer->digest))) ::unlink((folder / record).c_str());
  }
}

// What was compressed to what, and which repository has what: without it a push costs more, and no more than
// that.
void remove_old_hints(const ImageStore& store, std::int64_t now) {
  constexpr std::int64_t kLongest = 30LL * 24 * 3600 * kNanoseconds;
  for (const char* kind : {"packed", "seen"}) {
    const Path folder = store.folder() / "records" / kind;
    for (const auto& record : base::list_directory(folder).value_or(std::vector<std::string>())) {
      struct stat status {};
      const Path path = folder / record;
      if (::lstat(path.c_str(), &status) == 0 && !was_touched(status, now - kLongest)) ::unlink(path.c_str());
    }
  }
}

}  // namespace

Result<void> ImageStore::remove_blobs(const GarbageOptions& options, const std::set<std::string>& reached,
                                      std::int64_t untouched_since, Garbage& garbage) {
  TRY(const auto blobs, base::list_directory(folder_ / "blobs/sha256"));
  for (const auto& blob : blobs) {
    if (reached.contains(blob)) continue;
    const Path path = folder_ / "blobs/sha256" / blob;
    TRY(const auto lock, base::FileLock::acquire(folder_ / "locks" / "touch"));
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || was_touched(status, untouched_since)) continue;
    if (!options.only_look && ::unlink(path.c_str()) != 0) continue;
    garbage.bytes += static_cast<std::uint64_t>(status.st_size);
    ++garbage.blobs;
  }
  return {};
}

Result<void> ImageStore::remove_trees(const GarbageOptions& options, const std::set<std::string>& reached,
                                      std::int64_t untouched_since, Garbage& garbage) {
  TRY(const auto folders, base::list_directory(folder_));
  for (const auto& folder : folders) {
    if (!folder.starts_with(kTreesFolder)) continue;
    // What another user's is may be closed to us; it is that one's to clean.
    for (const auto& tree : base::list_directory(folder_ / folder).value_or(std::vector<std::string>())) {
      if (reached.contains(tree)) continue;
      const Path path = folder_ / folder / tree;
      // Out of the way first: a half removed tree must not pass for a layer. It goes with the temporary
      // folder.
      TRY(const auto temporary, make_temp_dir("removed"));
      TRY(const auto lock, base::FileLock::acquire(folder_ / "locks" / "touch"));
      struct stat status {};
      if (::lstat(path.c_str(), &status) != 0 || was_touched(status, untouched_since)) continue;
      if (!options.only_look && ::rename(path.c_str(), (temporary.path() / "tree").c_str()) != 0) continue;
      ++garbage.trees;
    }
  }
  return {};
}

Result<Garbage> ImageStore::collect_garbage(const GarbageOptions& options) {
  const std::chrono::nanoseconds now = base::system_clock().now().time_since_epoch();
  const std::int64_t untouched_since = std::min<std::int64_t>(
      (now - std::chrono::nanoseconds(options.older_than)).count(), oldest_opening(folder_ / "work"));
  Garbage garbage;
  TRY(const auto lock, base::FileLock::acquire(folder_ / "locks" / "index"));
  TRY(auto names, read_names(folder_));
  if (options.drop_unnamed) {
    std::erase_if(names, [&](const NamedImage& named) {
      struct stat status {};
      const bool in_use = ::lstat(blob_path(named.descriptor.digest).c_str(), &status) == 0 &&
                          was_touched(status, untouched_since);
      if (!named.name.empty() || in_use) return false;
      garbage.images.push_back(named.descriptor);
      return true;
    });
    if (!options.only_look && !garbage.images.empty()) TRY(write_names(folder_, names));
  }
  Reached reached = reached_from(*this, names);
  if (options.keep_cache) add_reached_from_cache(*this, reached);
  TRY(remove_blobs(options, reached.blobs, untouched_since, garbage));
  TRY(remove_trees(options, reached.trees, untouched_since, garbage));
  if (options.only_look) return garbage;
  remove_stale_records(*this);
  remove_old_hints(*this, now.count());
  return garbage;
}

}  // namespace ecr
