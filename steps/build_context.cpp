#include "steps/build_context.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "steps/tree_copy.h"

namespace steps {
namespace {

constexpr int kDeepestFolder = 512;
constexpr std::size_t kMaximumFiles = 200'000;
constexpr std::uint64_t kMaximumBytes = 4ULL << 30;

using FileId = std::pair<dev_t, ino_t>;

std::optional<FileId> id_of(int fd) {
  struct stat found {};
  if (fstat(fd, &found) != 0) return std::nullopt;
  return FileId{found.st_dev, found.st_ino};
}

std::optional<FileId> id_of(const base::Path& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileId{found.st_dev, found.st_ino};
}

enum class Place { shared, elsewhere, root };

/// Goes up from the folder. A bind mount's root is the very folder that was bound, so the shared folders are
/// met.
Place place_of(int folder, const RunningJob& job) {
  const std::array<std::optional<FileId>, 4> shared = {
      id_of(job.folders.workspace.host), id_of(job.folders.temp.host), id_of(job.folders.actions.host),
      id_of(job.folders.tool_cache.host)};
  base::Fd current(fcntl(folder, F_DUPFD_CLOEXEC, 0));
  for (int depth = 0; depth < kDeepestFolder; ++depth) {
    const auto id = id_of(current.get());
    if (!id) return Place::elsewhere;
    for (const auto& known : shared) {
      if (known && *known == *id) return Place::shared;
    }
    base::Fd parent(openat(current.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto parent_id = parent ? id_of(parent.get()) : std::nullopt;
    if (!parent_id) return Place::elsewhere;
    if (*parent_id == *id) return depth == 0 ? Place::root : Place::elsewhere;
    current = std::move(parent);
  }
  return Place::elsewhere;
}

base::Result<void> copy_readable(const base::Path& source, const base::Path& target, std::uint32_t owner) {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
  TRY(auto paths, list_tree(source, [&](const std::string& path) {
        struct stat found {};
        if (lstat((source / path).c_str(), &found) == 0 && S_ISREG(found.st_mode)) bytes += found.st_size;
        return ++files <= kMaximumFiles && bytes <= kMaximumBytes;
      }));
  if (files > kMaximumFiles || bytes > kMaximumBytes) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        "the build context outside the workspace holds more than 200000 files or 4 GiB; use a folder "
        "in the workspace");
  }
  TRY(auto opened, base::open_directory(target));
  return copy_files_for_steps(source, paths, opened.get(), owner);
}

/// In a thread of its own, since the ids that files are opened with are a thread's.
base::Result<BuildContext> copy_with_rights_of_steps(int folder, const RunningJob& job) {
  if (geteuid() != 0) {
    return base::make_error(
        base::ErrorKind::denied,
        "the build context must lie in the workspace or in RUNNER_TEMP when the runner is not root");
  }
  const std::uint32_t owner = job.services->host_uid;
  BuildContext context;
  TRY(auto copy, base::TempDir::create_in(job.folders.scratch, "context"));
  if (chown(copy.path().c_str(), owner, owner) != 0)
    return base::system_error("chown of the context's copy", errno);
  TRY(context.folder, base::open_directory(copy.path()));
  // By its descriptor: the way to the scratch folder is closed to the steps' ids.
  const base::Path target = fmt::format("/proc/self/fd/{}", context.folder.get());
  const base::Path source = fmt::format("/proc/self/fd/{}/.", folder);
  base::Result<void> done;
  std::thread([&] {
    setfsgid(owner);
    setfsuid(owner);
    done = copy_readable(source, target, owner);
  }).join();
  if (!done) return std::move(done).error().while_doing("reading the build context with the step's rights");
  context.copy = std::move(copy);
  return context;
}

}  // namespace

base::Result<BuildContext> admit_build_context(int folder, const RunningJob& job) {
  struct stat found {};
  if (folder < 0 || fstat(folder, &found) != 0 || !S_ISDIR(found.st_mode)) {
    return base::make_error(base::ErrorKind::invalid_input, "docker build: no folder came with the request");
  }
  switch (place_of(folder, job)) {
    case Place::shared: {
      BuildContext context;
      context.folder.reset(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!context.folder) return base::system_error("opening the build context", errno);
      return context;
    }
    case Place::root:
      return base::make_error(base::ErrorKind::invalid_input,
                              "docker build: the root folder is no build context");
    case Place::elsewhere:
      break;
  }
  return copy_with_rights_of_steps(folder, job);
}

base::Result<BuildContext> admit_named_context(const std::string& name, int folder, const RunningJob& job,
                                               ecr::BuildOptions& options) {
  TRY(auto context, admit_build_context(folder, job).while_doing("opening the build context " + name));
  options.named_contexts[name] = fmt::format("/proc/self/fd/{}", context.folder.get());
  return context;
}

}  // namespace steps
