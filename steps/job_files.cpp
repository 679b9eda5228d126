#include "steps/job_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "steps/running_job.h"

namespace steps {

base::Result<HostLocation> to_host(const JobFolders& folders, const std::string& inside) {
  const base::Path path = base::Path(inside).lexically_normal();
  const std::array<const SharedFolder*, 7> shared = {
      &folders.workspace,  &folders.temp, &folders.file_commands, &folders.actions,
      &folders.tool_cache, &folders.home, &folders.workflow};
  const SharedFolder* best = nullptr;
  base::Path best_relative;
  for (const SharedFolder* folder : shared) {
    if (folder->inside.empty()) continue;
    base::Path relative = path.lexically_relative(base::Path(folder->inside).lexically_normal());
    if (relative.empty() || *relative.begin() == "..") continue;
    if (best == nullptr || folder->inside.size() > best->inside.size()) {
      best = folder;
      best_relative = relative;
    }
  }
  if (best == nullptr) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("'{}' is in none of the folders that the job shares with the runner; "
                                        "use a path in the workspace ({}) or in RUNNER_TEMP ({})",
                                        inside, folders.workspace.inside, folders.temp.inside));
  }
  return HostLocation{best->host, best_relative};
}

base::Result<std::string> read_job_file(const JobFolders& folders, const std::string& inside,
                                        std::size_t limit) {
  TRY(auto location, to_host(folders, inside));
  TRY(auto folder, base::open_directory(location.folder));
  TRY(auto file,
      base::open_beneath(folder.get(), location.relative, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
          .while_doing(fmt::format("reading {}", inside)));
  struct stat found {};
  if (fstat(file.get(), &found) != 0) return base::system_error("fstat " + inside, errno);
  if (!S_ISREG(found.st_mode)) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("'{}' is not a regular file", inside));
  }
  return base::read_all(file.get(), limit).while_doing(fmt::format("reading {}", inside));
}

base::Result<std::string> read_regular_file(int directory, const base::Path& relative, std::size_t limit) {
  TRY(auto file,
      base::open_beneath(directory, relative, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat found {};
  if (fstat(file.get(), &found) != 0) return base::system_error("fstat " + relative.string(), errno);
  if (!S_ISREG(found.st_mode)) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("'{}' is no longer a regular file", relative.string()));
  }
  if (static_cast<std::uint64_t>(found.st_size) > limit) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("it has {} bytes, of which at most {} are read", found.st_size, limit));
  }
  return base::read_all(file.get(), limit);
}

base::Result<void> give_to_steps(int fd, std::uint32_t owner) {
  struct stat found {};
  if (fstat(fd, &found) != 0) return base::system_error("fstat", errno);
  if (found.st_uid == owner && found.st_gid == owner) return {};
  if (fchown(fd, owner, geteuid() == 0 ? owner : static_cast<gid_t>(-1)) == 0) return {};
  if (errno != EPERM && errno != EINVAL) return base::system_error("chown", errno);
  // A runner without root cannot give files away. They lie beneath folders that only it can enter, so the
  // permission bits are for its own sandboxes alone.
  const mode_t bits = found.st_mode & 07777;
  const mode_t shared = bits | ((bits & 0700) >> 6);
  if (shared != bits && fchmod(fd, shared) != 0) return base::system_error("chmod", errno);
  return {};
}

base::Result<void> create_file_for_steps(int directory, const std::string& name, std::string_view content,
                                         mode_t mode, std::uint32_t owner) {
  constexpr int kAsNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  base::Fd file(openat(directory, name.c_str(), kAsNew, mode));
  if (!file && errno == EEXIST) {
    if (unlinkat(directory, name.c_str(), 0) != 0 && errno != ENOENT)
      return base::system_error("replacing " + name, errno);
    file.reset(openat(directory, name.c_str(), kAsNew, mode));
  }
  if (!file) return base::system_error("creating " + name, errno);
  if (fchmod(file.get(), mode) != 0) return base::system_error("chmod " + name, errno);
  TRY(base::write_all(file.get(), content));
  return give_to_steps(file.get(), owner);
}

base::Result<base::Fd> make_folder_for_steps(int directory, const base::Path& relative, std::uint32_t owner) {
  base::Path sofar = ".";
  base::Fd current;
  TRY(current, base::open_beneath(directory, sofar, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const auto& part : relative.lexically_normal()) {
    if (part.empty() || part == ".") continue;
    if (part == ".." || part == "/") {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("'{}' is not beneath its folder", relative.string()));
    }
    const bool made = mkdirat(current.get(), part.c_str(), 0755) == 0;
    if (!made && errno != EEXIST)
      return base::system_error(fmt::format("creating folder {}", relative.string()), errno);
    sofar /= part;
    TRY(current, base::open_beneath(directory, sofar, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                     .while_doing(fmt::format("opening folder {}", relative.string())));
    if (made) TRY(give_to_steps(current.get(), owner));
  }
  return current;
}

base::Result<void> remove_contents(int directory) {
  base::Fd own(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return base::system_error("opening a folder to empty it", errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(own.get()), closedir);
  if (!entries) return base::system_error("reading a folder to empty it", errno);
  (void)own.release();
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (unlinkat(directory, entry->d_name, 0) == 0 || errno == ENOENT) continue;
    base::Fd below(openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below) return base::system_error(fmt::format("removing {}", name), errno);
    TRY(remove_contents(below.get()).while_doing(fmt::format("removing {}", name)));
    if (unlinkat(directory, entry->d_name, AT_REMOVEDIR) != 0) {
      return base::system_error(fmt::format("removing {}", name), errno);
    }
  }
  return {};
}

}  // namespace steps
