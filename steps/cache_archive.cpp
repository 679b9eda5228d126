#include "steps/cache_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecr/compression.h"
#include "steps/caches.h"
#include "steps/sandbox_search.h"
#include "steps/streamed_process.h"

namespace steps {
namespace {

constexpr std::size_t kMostKeys = 10;
constexpr int kCompressionLevel = 3;
constexpr const char* kBlocks = "128";  // of 512 bytes at a time through the pipe; the tar is the same

void say(RunningJob& job, const std::string& text) {
  job.log->line(LineKind::output, text);
}

void warn(RunningJob& job, const std::string& text) {
  job.log->annotation({LineKind::warning, text, "", ""});
}

void say_size(RunningJob& job, std::uint64_t bytes) {
  constexpr std::uint64_t kMegabyte = 1024ULL * 1024;
  say(job, fmt::format("Cache Size: ~{} MB ({} B)", (bytes + kMegabyte / 2) / kMegabyte, bytes));
}

base::Result<void> check(const CacheRequest& request) {
  if (request.paths.empty()) {
    return base::invalid_input("Path Validation Error: At least one directory or file path is required");
  }
  if (request.restore_keys.size() >= kMostKeys)
    return base::invalid_input("Key Validation Error: Keys are limited to a maximum of 10.");
  TRY(check_cache_key(request.key));
  for (const auto& key : request.restore_keys) TRY(check_cache_key(key));
  return {};
}

// Relative to the workspace, as `path.relative` has it: the tar is unpacked there again.
std::string relative_to(const std::string& workspace, const std::string& path) {
  auto relative = base::Path(path).lexically_relative(workspace).string();
  return relative.empty() ? "." : relative;
}

base::Result<std::string> manifest_of(const CacheRequest& request, RunningJob& job) {
  SearchRequest search;
  search.patterns = base::join(request.paths, "\n");
  search.below_matches = false;
  search.environment = request.environment;
  search.stop = request.stop;
  TRY(const auto found, search_sandbox(job, search));
  std::string manifest;
  for (const auto& path : found.paths) {
    manifest += relative_to(job.folders.workspace.inside, path.path);
    manifest += '\0';
  }
  if (manifest.empty()) {
    return base::invalid_input(
        "Path Validation Error: Path(s) specified in the action for caching do(es) not exist, hence no cache "
        "is being saved.");
  }
  return manifest;
}

base::Result<void> write_archive(const CacheRequest& request, RunningJob& job, std::string_view manifest,
                                 BlobDraft& draft) {
  sandbox::Command command;
  command.argv = {"tar",
                  "--posix",
                  "-cf",
                  "-",
                  "-P",
                  "-C",
                  job.folders.workspace.inside,
                  "--null",
                  "--no-unquote",
                  "--verbatim-files-from",
                  "--files-from",
                  "-"};
  command.environment = request.environment;
  command.directory = job.folders.workspace.inside;
  ecr::ZstdEncoder encoder([&](std::string_view bytes) { return draft.write(bytes); }, kCompressionLevel,
                           std::max(1U, std::thread::hardware_concurrency()));
  const auto give = [&](char* buffer, std::size_t size) -> base::Result<std::size_t> {
    const auto count = manifest.copy(buffer, size);
    manifest.remove_prefix(count);
    return count;
  };
  TRY(run_streamed_or_fail(*job.sandbox, std::move(command),
                           {.output = [&](std::string_view bytes) { return encoder.write(bytes); },
                            .input = give,
                            .stop = request.stop},
                           "tar"));
  return encoder.finish();
}

base::Result<void> read_archive(const CacheRequest& request, RunningJob& job, const Cache& cache) {
  TRY(const auto content, open_cache(job.services->results, cache));
  const auto plain = ecr::unzstd(ecr::read_from(content.get()));
  sandbox::Command command;
  // Owners are numbers of another machine or sandbox: what steps unpack is theirs.
  command.argv = {"tar", "-xf", "-", "-b", kBlocks, "-P", "-o", "-C", job.folders.workspace.inside};
  command.environment = request.environment;
  command.directory = job.folders.workspace.inside;
  TRY(run_streamed_or_fail(*job.sandbox, std::move(command), {.input = plain, .stop = request.stop}, "tar"));
  // tar stops at the end that it knows; the checksum is behind it.
  std::vector<char> rest(256 * 1024);
  while (true) {
    TRY(const auto count, plain(rest.data(), rest.size()));
    if (count == 0) return {};
  }
}

base::Result<void> save(const CacheRequest& request, RunningJob& job, std::string_view manifest) {
  auto draft = begin_cache(job.services->results, request.key, cache_version(request.paths));
  if (!draft) return std::move(draft).error();
  TRY(write_archive(request, job, manifest, *draft));
  say_size(job, draft->size());
  TRY(finish_cache(job.services->results, std::move(*draft)));
  say(job, "Cache saved successfully");
  return {};
}

}  // namespace

std::string cache_version(const std::vector<std::string>& paths) {
  auto parts = paths;
  parts.insert(parts.end(), {"zstd-without-long", "1.0"});
  return base::sha256_hex(base::join(parts, "|"));
}

base::Result<std::optional<std::string>> restore_cache(const CacheRequest& request, RunningJob& job) {
  TRY(check(request));
  if (job.services->results.store == nullptr) return std::optional<std::string>();
  if (const auto mode = job.services->results.cache_mode; !workflow::may_restore(mode)) {
    say(job, fmt::format("Cache restore skipped: the effective cache-mode '{}' does not permit reads.",
                         workflow::name_of(mode)));
    return std::optional<std::string>();
  }
  const auto found =
      find_cache(job.services->results, request.key, request.restore_keys, cache_version(request.paths));
  if (!found) return std::optional<std::string>();
  const bool is_exact = found->key == request.key;
  say(job, fmt::format("{}: {}", is_exact ? "Cache hit for" : "Cache hit for restore-key", found->key));
  if (request.lookup_only) {
    say(job, "Lookup only - skipping download");
    return std::optional<std::string>(found->key);
  }
  say_size(job, found->blob.size);
  if (auto restored = read_archive(request, job, *found); !restored) {
    if (restored.error().kind == base::ErrorKind::cancelled) return std::move(restored).error();
    warn(job, fmt::format("Failed to restore: {}", restored.error().to_string()));
    return std::optional<std::string>();
  }
  say(job, "Cache restored successfully");
  return std::optional<std::string>(found->key);
}

base::Result<bool> save_cache(const CacheRequest& request, RunningJob& job) {
  TRY(check(request));
  if (job.services->results.store == nullptr) return false;
  if (const auto mode = job.services->results.cache_mode; !workflow::may_save(mode)) {
    say(job, fmt::format("Cache save skipped: the effective cache-mode '{}' does not permit writes.",
                         workflow::name_of(mode)));
    return false;
  }
  TRY(const auto manifest, manifest_of(request, job));
  const auto saved = save(request, job, manifest);
  if (saved) return true;
  const auto& error = saved.error();
  if (error.kind == base::ErrorKind::cancelled) return error;
  if (error.code == kBlobExists) {
    say(job,
        fmt::format("Failed to save: Unable to reserve cache with key {}, another job may be creating this "
                    "cache.",
                    request.key));
  } else {
    warn(job, fmt::format("Failed to save: {}", error.to_string()));
  }
  return false;
}

std::vector<std::string> lines_of_input(const std::string& text) {
  std::vector<std::string> lines;
  for (std::string_view line : base::lines_of(text)) {
    // `!  path` is taken for `!path`.
    std::string one(base::trim(line));
    if (line.starts_with('!')) one = "!" + std::string(base::trim(std::string_view(one).substr(1)));
    if (!one.empty()) lines.push_back(std::move(one));
  }
  return lines;
}

}  // namespace steps
