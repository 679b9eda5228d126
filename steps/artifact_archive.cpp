#include "steps/artifact_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/clock.h"
#include "base/strings.h"
#include "base/zip_archive.h"
#include "ecr/compression.h"
#include "steps/artifacts.h"
#include "steps/streamed_process.h"

namespace steps {
namespace {

constexpr std::size_t kPiece = 1U << 20;
constexpr std::uint32_t kFileMode = 0644;  // what comes back has no modes (upload-artifact README)

std::int64_t now() {
  return static_cast<std::int64_t>(base::to_epoch_seconds(base::system_clock().now()));
}

/// Entries of a tar that is read from a pipe, put into a zip.
class TarToZip {
 public:
  TarToZip(base::ZipWriter& zip, std::string root, int source)
      : zip_(zip),
        root_(std::move(root)),
        source_(ecr::read_from(source)),
        reader_(source_, base::ArchiveInput::tar),
        buffer_(kPiece) {}

  base::Result<void> run() {
    while (true) {
      TRY(auto entry, reader_.next());
      if (!entry) break;
      if (entry->kind == base::EntryKind::hard_link) {
        linked_.push_back(entry->path);
      } else if (entry->kind == base::EntryKind::file) {
        TRY(add(*entry));
      }
    }
    // Behind the end of a tar there are zeros still.
    while (true) {
      TRY(const auto count, source_(buffer_.data(), buffer_.size()));
      if (count == 0) return {};
    }
  }
  /// Files that tar has only said to be the same as others.
  [[nodiscard]] std::vector<std::string> take_linked() { return std::exchange(linked_, {}); }

 private:
  base::Result<void> add(base::ArchiveEntry entry) {
    std::string_view name = entry.path;
    if (name.starts_with(root_)) name.remove_prefix(root_.size());
    while (name.starts_with('/')) name.remove_prefix(1);
    TRY(check_artifact_path("/" + std::string(name)));
    entry.path = std::string(name);
    TRY(zip_.add(entry));
    while (true) {
      TRY(const auto count, reader_.read(buffer_.data(), buffer_.size()));
      if (count == 0) return {};
      TRY(zip_.write({buffer_.data(), count}));
    }
  }

  base::ZipWriter& zip_;
  const std::string root_;
  const ecr::ByteSource source_;
  base::TarReader reader_;
  std::vector<char> buffer_;
  std::vector<std::string> linked_;
};

sandbox::Command command_of(const ArchiveWorker& worker, std::vector<std::string> argv) {
  sandbox::Command command;
  command.argv = std::move(argv);
  command.environment = worker.environment;
  command.directory = worker.job.folders.workspace.inside;
  return command;
}

ecr::ByteSource source_of(std::string_view text) {
  return [text](char* buffer, std::size_t size) mutable -> base::Result<std::size_t> {
    const auto count = text.copy(buffer, size);
    text.remove_prefix(count);
    return count;
  };
}

// One turn of tar; the files that it left out as links to others.
base::Result<std::vector<std::string>> add_files(const ArchiveWorker& worker,
                                                 const std::vector<std::string>& files,
                                                 const std::string& root, base::ZipWriter& zip) {
  std::string list;
  for (const auto& file : files) {
    if (file.find('\n') != std::string::npos) TRY(check_artifact_path(file));
    list += file + '\n';
  }
  std::vector<std::string> argv = {"tar", "-cf", "-", "-h", "-P", "-T", "-"};
  // GNU's reads escapes in the list, busybox's knows neither them nor the option.
  if (list.find('\\') != std::string::npos) argv.insert(argv.begin() + 1, "--no-unquote");
  TRY(auto pipe, base::make_pipe());
  TarToZip sink(zip, root, pipe.read.get());
  base::Result<void> zipped;
  std::jthread reading([&zipped, &sink, from = std::move(pipe.read)]() mutable {
    zipped = sink.run();
    from.reset();  // who still writes is told
  });
  // What tar writes passes through us: a child of it that keeps the pipe open must not keep the reader.
  auto read = run_streamed_or_fail(
      *worker.job.sandbox, command_of(worker, std::move(argv)),
      {.output = [&pipe](std::string_view bytes) { return base::write_all(pipe.write.get(), bytes); },
       .input = source_of(list),
       .stop = worker.stop},
      "tar");
  pipe.write.reset();
  reading.join();
  if (!zipped) return zipped.error();
  if (!read) return read.error();
  return sink.take_linked();
}

/// Entries of a zip as a tar.
class ZipToTar {
 public:
  ZipToTar(int zip, base::TarWriter& tar) : reader_(zip), tar_(tar), buffer_(kPiece) {}

  base::Result<void> run() {
    while (true) {
      TRY(auto entry, reader_.next());
      if (!entry) return tar_.finish();
      TRY(add(*entry));
    }
  }

 private:
  base::Result<void> add(const base::ArchiveEntry& found) {
    const auto path = base::Path(found.path).lexically_normal();
    if (path.is_absolute() || path.empty() || *path.begin() == "..") {
      return base::invalid_input(
          fmt::format("the artifact holds the path '{}', which leads out of its folder", found.path));
    }
    base::ArchiveEntry entry;
    entry.path = path.string();
    entry.mtime = now();
    if (found.kind == base::EntryKind::directory || found.path.ends_with('/')) {
      entry.kind = base::EntryKind::directory;
      entry.mode = 0755;
      return tar_.add(entry);
    }
    // Links of a zip are files that hold where they lead.
    std::string link = found.kind == base::EntryKind::symlink ? found.link_target : "";
    entry.mode = kFileMode;
    entry.size = link.empty() ? found.size : link.size();
    TRY(tar_.add(entry));
    if (!link.empty()) return tar_.write(link);
    std::uint64_t total = 0;
    while (true) {
      TRY(const auto count, reader_.read(buffer_.data(), buffer_.size()));
      if (count == 0) break;
      if ((total += count) > entry.size) break;
      TRY(tar_.write({buffer_.data(), count}));
    }
    if (total == entry.size) return {};
    return base::invalid_input(fmt::format("'{}' in the artifact is not of the size it says", found.path));
  }

  base::ZipReader reader_;
  base::TarWriter& tar_;
  std::vector<char> buffer_;
};

// Lets tar in the sandbox unpack what `produce` writes.
base::Result<void> unpack(const ArchiveWorker& worker, const std::string& folder,
                          const std::function<base::Result<void>(base::TarWriter&)>& produce) {
  TRY(auto pipe, base::make_pipe());
  base::Result<void> produced;
  std::jthread writing([&produced, &produce, to = std::move(pipe.write)]() mutable {
    base::TarWriter tar([&to](std::string_view bytes) { return base::write_all(to.get(), bytes); });
    produced = produce(tar);
    to.reset();
  });
  auto unpacked = run_streamed_or_fail(
      *worker.job.sandbox,
      command_of(worker, {"sh", "-c", R"(mkdir -p -- "$1" && exec tar -xf - -o -m -C "$1")", "sh", folder}),
      {.input = ecr::read_from(pipe.read.get()), .stop = worker.stop}, "tar");
  pipe.read.reset();  // who still writes is told
  writing.join();
  // A tar that was cut is what the zip's fault looks like to tar; but a broken pipe is tar's.
  if (!produced && produced.error().kind == base::ErrorKind::invalid_input) return produced;
  if (!unpacked) return unpacked;
  return produced;
}

bool is_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

}  // namespace

base::Result<void> write_artifact_zip(const ArchiveWorker& worker, const std::vector<std::string>& files,
                                      const std::string& root, int level, BlobDraft& draft) {
  base::ZipWriter zip([&draft](std::string_view bytes) { return draft.write(bytes); }, level);
  // Each turn brings at least one name of a file with several.
  for (auto rest = files; !rest.empty();) {
    TRY(rest, add_files(worker, rest, root, zip));
  }
  return zip.finish();
}

base::Result<void> write_artifact_file(const ArchiveWorker& worker, const std::string& file,
                                       BlobDraft& draft) {
  return run_streamed_or_fail(
      *worker.job.sandbox, command_of(worker, {"cat", file}),
      {.output = [&draft](std::string_view bytes) { return draft.write(bytes); }, .stop = worker.stop},
      "reading " + file);
}

base::Result<void> unpack_artifact_zip(const ArchiveWorker& worker, int zip, const std::string& folder) {
  return unpack(worker, folder, [zip](base::TarWriter& tar) { return ZipToTar(zip, tar).run(); });
}

base::Result<void> unpack_artifact_file(const ArchiveWorker& worker, int content, std::uint64_t size,
                                        const std::string& folder, const std::string& name) {
  return unpack(worker, folder, [&](base::TarWriter& tar) -> base::Result<void> {
    base::ArchiveEntry entry;
    entry.path = base::Path(name).filename().string();
    entry.mode = kFileMode;
    entry.mtime = now();
    entry.size = size;
    TRY(tar.add(entry));
    const auto source = ecr::read_from(content);
    std::vector<char> buffer(kPiece);
    while (true) {
      TRY(const auto count, source(buffer.data(), buffer.size()));
      if (count == 0) return tar.finish();
      TRY(tar.write({buffer.data(), count}));
    }
  });
}

base::Result<void> merge_artifact_zips(const std::vector<MergedArtifact>& artifacts, bool hidden, int level,
                                       BlobDraft& draft) {
  // Which one has the last word on a path.
  std::map<std::string, std::size_t> owners;
  const auto path_in = [&](std::size_t i, const base::ArchiveEntry& entry) {
    return artifacts[i].folder.empty() ? entry.path : artifacts[i].folder + "/" + entry.path;
  };
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    base::ZipReader reader(artifacts[i].zip.get());
    while (true) {
      TRY(const auto entry, reader.next());
      if (!entry) break;
      if (hidden || !is_hidden(entry->path)) owners[path_in(i, *entry)] = i;
    }
  }
  base::ZipWriter zip([&draft](std::string_view bytes) { return draft.write(bytes); }, level);
  std::vector<char> buffer(kPiece);
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    base::ZipReader reader(artifacts[i].zip.get());
    while (true) {
      TRY(auto entry, reader.next());
      if (!entry) break;
      const auto path = path_in(i, *entry);
      const auto owner = owners.find(path);
      if (owner == owners.end() || owner->second != i || entry->kind == base::EntryKind::directory) continue;
      owners.erase(owner);  // once
      entry->path = path;
      TRY(zip.add(*entry));
      while (true) {
        TRY(const auto count, reader.read(buffer.data(), buffer.size()));
        if (count == 0) break;
        TRY(zip.write({buffer.data(), count}));
      }
    }
  }
  return zip.finish();
}

}  // namespace steps
