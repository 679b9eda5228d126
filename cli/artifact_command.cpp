#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/clock.h"
#include "base/json.h"
#include "base/strict_open.h"
#include "base/strings.h"
#include "base/zip_archive.h"
#include "cli/commands.h"
#include "steps/artifacts.h"

namespace cli {

namespace {

using base::Result;

constexpr std::size_t kPiece = 1U << 20;

Result<std::int64_t> chosen_run(const steps::BlobStore& store, const ArtifactFlags& flags) {
  if (flags.run != 0) return flags.run;
  const auto runs = steps::runs_with_artifacts(store);
  if (runs.empty()) return base::make_error(base::ErrorKind::not_found, "no run has artifacts");
  return *std::max_element(runs.begin(), runs.end());
}

void print_list(const std::vector<steps::Artifact>& artifacts, std::int64_t run, bool json) {
  base::Json list = base::Json::array();
  for (const auto& artifact : artifacts) {
    const auto& blob = artifact.blob;
    if (json) {
      base::Json one = {{"id", blob.id},           {"run", run},
                        {"name", artifact.name},   {"job", artifact.job},
                        {"size", blob.size},       {"sha256", blob.sha256},
                        {"created", blob.created}, {"expires", blob.expires}};
      list.push_back(std::move(one));
    } else {
      fmt::print("{:>5}  {:>10}  until {:.10}  {}  (run {}, {})\n", blob.id, base::format_bytes(blob.size),
                 base::format_iso8601(base::from_epoch_seconds(blob.expires)), artifact.name, run,
                 artifact.job);
    }
  }
  if (json) fmt::print("{}\n", base::to_text(list, 2));
  if (!json && artifacts.empty()) fmt::print("run {} has no artifacts\n", run);
}

// Below an open folder, no link followed: what the artifact holds was written by steps.
Result<base::Fd> create_below(const base::Fd& folder, const std::string& name) {
  const auto path = base::Path(name).lexically_normal();
  if (path.is_absolute() || path.empty() || *path.begin() == "..") {
    return base::invalid_input(
        fmt::format("the artifact holds the path '{}', which leads out of its folder", name));
  }
  base::Path parent;
  for (const auto& part : path.parent_path()) {
    const auto above = base::open_strictly(folder.get(), parent, O_PATH | O_DIRECTORY);
    if (!above) return base::system_error("cannot make the folder " + parent.string(), errno);
    if (::mkdirat(above.get(), part.c_str(), 0755) != 0 && errno != EEXIST)
      return base::system_error("cannot make the folder " + (parent / part).string(), errno);
    parent /= part;
  }
  auto file = base::open_strictly(folder.get(), path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);
  if (!file) return base::system_error("cannot write " + path.string(), errno);
  return file;
}

Result<void> unpack(int content, const base::Fd& folder) {
  base::ZipReader zip(content);
  std::vector<char> buffer(kPiece);
  while (true) {
    TRY(const auto entry, zip.next());
    if (!entry) return {};
    if (entry->kind != base::EntryKind::file || entry->path.ends_with('/')) continue;
    TRY(const auto file, create_below(folder, entry->path));
    while (true) {
      TRY(const auto count, zip.read(buffer.data(), buffer.size()));
      if (count == 0) break;
      TRY(base::write_all(file.get(), {buffer.data(), count}));
    }
  }
}

Result<void> copy_whole(int content, const base::Fd& folder, const std::string& name) {
  TRY(const auto file, create_below(folder, name));
  std::vector<char> buffer(kPiece);
  while (true) {
    const auto count = ::read(content, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::system_error("reading an artifact", errno);
    if (count == 0) return {};
    TRY(base::write_all(file.get(), {buffer.data(), static_cast<std::size_t>(count)}));
  }
}

Result<void> download(const steps::BlobStore& store, std::int64_t run, const steps::Artifact& artifact,
                      const base::Path& target) {
  TRY(const auto content, steps::open_artifact(store, run, artifact));
  TRY(base::make_directories(target));
  TRY(const auto folder, base::open_directory(target));
  if (artifact.media_type == steps::kZip) {
    TRY(unpack(content.get(), folder));
  } else {
    TRY(copy_whole(content.get(), folder, artifact.name));
  }
  fmt::print("{} → {}\n", artifact.name, target.string());
  return {};
}

Result<void> download_all(const steps::BlobStore& store, std::int64_t run, const ArtifactFlags& flags) {
  const auto artifacts = steps::list_artifacts(store, run);
  const base::Path target = flags.output.empty() ? "." : flags.output;
  for (const auto& name : flags.names) {
    const auto artifact = steps::find_artifact(store, run, name);
    if (!artifact)
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("run {} has no artifact '{}'", run, name));
    TRY(download(store, run, *artifact, flags.names.size() == 1 ? target : target / name));
  }
  if (!flags.names.empty()) return {};
  if (artifacts.empty())
    return base::make_error(base::ErrorKind::not_found, fmt::format("run {} has no artifacts", run));
  for (const auto& artifact : artifacts) TRY(download(store, run, artifact, target / artifact.name));
  return {};
}

}  // namespace

int artifact_command(const CommonFlags& common, const ArtifactFlags& flags) {
  const auto store = steps::BlobStore::open(base::Path(common.state_folder) / "results");
  if (!store) return complain(store.error());
  const auto run = chosen_run(**store, flags);
  if (!run && flags.verb == "ls" && run.error().kind == base::ErrorKind::not_found) {
    fmt::print("{}\n", flags.json ? "[]" : run.error().message);
    return kPassed;
  }
  if (!run) return complain(run.error());
  if (flags.verb == "ls") {
    print_list(steps::list_artifacts(**store, *run), *run, flags.json);
    return kPassed;
  }
  if (const auto done = download_all(**store, *run, flags); !done) return complain(done.error());
  return kPassed;
}

}  // namespace cli
