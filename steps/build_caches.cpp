#include "steps/build_caches.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/archive.h"
#include "base/strings.h"
#include "ecr/compression.h"
#include "ecr/image_reference.h"
#include "steps/caches.h"
#include "steps/job_files.h"
#include "steps/job_images.h"
#include "steps/tree_copy.h"

namespace steps {
namespace {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;
using CacheKind = ecr::CachePlace::Kind;

constexpr const char* kVersion = "pipeline-build-cache-1";
constexpr std::size_t kCopiedAtOnce = 1U << 18;

std::string key_of_scope(const std::string& scope) {
  return fmt::format("build-cache-{}-", scope);
}

Path inside_job(const RunningJob& job, const std::string& path) {
  const Path whole = path.starts_with('/') ? Path(path) : Path(job.folders.workspace.inside) / path;
  return whole.lexically_normal();
}

/// The names that an image layout has; nothing else of an entry is believed.
bool is_layout_name(const std::string& name) {
  constexpr std::string_view kBlobs = "blobs/sha256/";
  if (name == "index.json" || name == "oci-layout") return true;
  return name.starts_with(kBlobs) && name.size() == kBlobs.size() + 64 &&
         name.find_first_not_of("0123456789abcdef", kBlobs.size()) == std::string::npos;
}

std::vector<std::string> layout_files(const Path& folder) {
  std::vector<std::string> files = {"index.json", "oci-layout"};
  const auto blobs = base::list_directory(folder / "blobs/sha256");
  for (std::size_t i = 0; blobs && i < blobs->size(); ++i) files.push_back("blobs/sha256/" + (*blobs)[i]);
  return files;
}

Result<void> unpack_layout(const base::Fd& tar, const Path& into) {
  TRY(base::make_directories(into / "blobs/sha256"));
  base::TarReader reader(ecr::read_from(tar.get()), base::ArchiveInput::tar);
  std::vector<char> buffer(kCopiedAtOnce);
  while (true) {
    TRY(const auto entry, reader.next());
    if (!entry) return {};
    if (entry->kind != base::EntryKind::file || !is_layout_name(entry->path)) continue;
    const base::Fd file(
        ::open((into / entry->path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return base::system_error("writing " + entry->path, errno);
    while (true) {
      TRY(const auto count, reader.read(buffer.data(), buffer.size()));
      if (count == 0) break;
      TRY(base::write_all(file.get(), {buffer.data(), count}));
    }
  }
}

Result<void> pack_layout(const Path& folder, BlobDraft& draft) {
  base::TarWriter writer([&draft](std::string_view bytes) { return draft.write(bytes); });
  std::vector<char> buffer(kCopiedAtOnce);
  for (const auto& name : layout_files(folder)) {
    const base::Fd file(::open((folder / name).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) return base::system_error("reading " + name, errno);
    base::ArchiveEntry entry;
    entry.path = name;
    entry.mode = 0644;
    entry.size = static_cast<std::uint64_t>(status.st_size);
    TRY(writer.add(entry));
    const auto source = ecr::read_from(file.get());
    while (true) {
      TRY(const auto count, source(buffer.data(), buffer.size()));
      if (count == 0) break;
      TRY(writer.write({buffer.data(), count}));
    }
  }
  return writer.finish();
}

/// Under a key with the digest of its index: what has not changed is there already.
Result<void> save_as_entry(const ecr::CachePlace& place, const Path& written, RunningJob& job) {
  TRY(const auto index, base::read_file(written / "index.json"));
  const auto key = key_of_scope(place.name) + ecr::Digest::of(index).hex().substr(0, 32);
  auto draft = begin_cache(job.services->results, key, kVersion);
  if (!draft && draft.error().code == kBlobExists) return {};
  if (!draft && draft.error().code == kCacheDenied) {
    job.log->line(LineKind::output, draft.error().message);
    return {};
  }
  if (!draft) return std::move(draft).error();
  TRY(pack_layout(written, *draft));
  TRY(const auto cache, finish_cache(job.services->results, std::move(*draft)));
  job.log->line(LineKind::output,
                fmt::format("cache saved with key {} ({})", key, base::format_bytes(cache.blob.size)));
  return {};
}

Result<void> hand_to_folder(const ecr::CachePlace& place, const Path& written, RunningJob& job) {
  TRY(const HostLocation location, to_host(job.folders, inside_job(job, place.name).string()));
  TRY(auto root, base::open_directory(location.folder));
  TRY(auto target, make_folder_for_steps(root.get(), location.relative.empty() ? "." : location.relative,
                                         job.services->host_uid));
  return copy_files_for_steps(written, layout_files(written), target.get(), job.services->host_uid);
}

}  // namespace

Result<BuildCaches> BuildCaches::prepare(const std::vector<ecr::CachePlace>& from,
                                         const std::vector<ecr::CachePlace>& to, RunningJob& job,
                                         ecr::BuildOptions& options) {
  BuildCaches caches;
  const auto admit = [&](const ecr::CachePlace& place) -> Result<void> {
    if (place.kind != CacheKind::registry) return {};
    TRY(const auto reference, ecr::parse_image_reference(place.name));
    return check_registry(*job.services, reference);
  };
  for (const auto& place : from) {
    TRY(admit(place));
    if (place.kind == CacheKind::folder) TRY(caches.open_folder(place, job, options));
    if (place.kind == CacheKind::actions) TRY(caches.restore(place, job, options));
    if (place.kind == CacheKind::registry) options.cache_from.push_back(place);
  }
  for (const auto& place : to) {
    TRY(admit(place));
    if (place.kind == CacheKind::registry || place.kind == CacheKind::in_image) {
      options.cache_to.push_back(place);
      continue;
    }
    TRY(auto room, base::TempDir::create_in(job.folders.scratch, "build-cache"));
    auto written = place;
    written.kind = CacheKind::folder;
    written.name = room.path().string();
    options.cache_to.push_back(std::move(written));
    caches.deliveries_.push_back({place, room.path()});
    caches.rooms_.push_back(std::move(room));
  }
  return caches;
}

Result<void> BuildCaches::open_folder(const ecr::CachePlace& place, RunningJob& job,
                                      ecr::BuildOptions& options) {
  TRY(const HostLocation location, to_host(job.folders, inside_job(job, place.name).string()));
  TRY(auto root, base::open_directory(location.folder));
  auto folder = base::open_beneath(root.get(), location.relative.empty() ? "." : location.relative,
                                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!folder) {
    job.log->line(LineKind::output, fmt::format("the cache {} is not there yet", place.name));
    return {};
  }
  auto opened = place;
  opened.name = fmt::format("/proc/self/fd/{}", folder->get());
  options.cache_from.push_back(std::move(opened));
  open_.push_back(std::move(*folder));
  return {};
}

Result<void> BuildCaches::restore(const ecr::CachePlace& place, RunningJob& job, ecr::BuildOptions& options) {
  const auto& access = job.services->results;
  const auto prefix = key_of_scope(place.name);
  const auto found = access.store == nullptr ? std::nullopt : find_cache(access, prefix, {prefix}, kVersion);
  if (!found) {
    job.log->line(LineKind::output, fmt::format("no cache of the scope {} is there yet", place.name));
    return {};
  }
  TRY(const auto content, open_cache(access, *found));
  TRY(auto room, base::TempDir::create_in(job.folders.scratch, "build-cache"));
  TRY(unpack_layout(content, room.path()).while_doing("reading the cache " + found->key));
  options.cache_from.push_back({.kind = CacheKind::folder, .name = room.path().string()});
  rooms_.push_back(std::move(room));
  return {};
}

Result<void> BuildCaches::deliver(RunningJob& job) {
  for (const auto& [place, written] : deliveries_) {
    // The builder said why, when it wrote nothing and may.
    if (!base::exists(written / "index.json")) continue;
    auto done =
        place.kind == CacheKind::actions && job.services->results.store != nullptr
            ? save_as_entry(place, written, job)
            : (place.kind == CacheKind::folder ? hand_to_folder(place, written, job) : Result<void>());
    if (!done && !place.optional) return std::move(done).while_doing("saving the cache " + place.name);
  }
  return {};
}

}  // namespace steps
