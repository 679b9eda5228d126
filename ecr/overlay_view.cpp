#include "ecr/overlay_view.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <thread>

namespace ecr {

namespace {

using base::Fd;
using base::Path;
using base::Result;

/// Folders by descriptor: their names are short enough for the one page that mount options may take.
class NamedFolders {
 public:
  Result<std::string> add(const Path& folder) {
    TRY(auto fd, base::open_directory(folder));
    open_.push_back(std::move(fd));
    return fmt::format("/proc/self/fd/{}", open_.back().get());
  }

 private:
  std::vector<Fd> open_;
};

Result<std::string> overlay_options(const std::vector<Path>& lower, const std::optional<OverlayUpper>& upper,
                                    NamedFolders& names) {
  std::string options = "lowerdir=";
  for (const auto& folder : lower) {
    TRY(const auto name, names.add(folder));
    if (!options.ends_with('=')) options += ':';
    options += name;
  }
  if (!upper) return options;
  TRY(const auto upper_name, names.add(upper->upper));
  TRY(const auto work_name, names.add(upper->work));
  return options +
         fmt::format(",upperdir={},workdir={},metacopy=off,redirect_dir=off", upper_name, work_name);
}

// Runs on a thread that is made for it: the mount namespace is the thread's own, and ends with it. What stays
// is the mount that the descriptor holds.
Result<Fd> mount_in_own_namespace(const std::vector<Path>& lower, const std::optional<OverlayUpper>& upper) {
  if (::unshare(CLONE_NEWNS) != 0) {
    return base::system_error("building an image needs the right to mount (run as root): unshare", errno);
  }
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return base::system_error("mount", errno);
  NamedFolders names;  // opened in here: an overlay takes no folder of another namespace
  TRY(const auto options, overlay_options(lower, upper, names));
  constexpr const char* kPlace = "/sys";  // any folder will do: nobody else sees it
  const unsigned long flags = upper ? MS_NODEV : MS_NODEV | MS_RDONLY;
  if (::mount("overlay", kPlace, "overlay", flags, options.c_str()) != 0) {
    return base::system_error("mounting an overlay", errno);
  }
  Fd fd(::open(kPlace, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return base::system_error("opening the overlay", errno);
  return fd;
}

}  // namespace

Result<Fd> open_overlay(const std::vector<Path>& lower, const std::optional<OverlayUpper>& upper) {
  // An overlay needs two folders: with fewer, the one that is there is the whole tree.
  if (lower.empty() && !upper)
    return base::make_error(base::ErrorKind::invalid_input, "an image without layers has no files");
  if (lower.empty()) return base::open_directory(upper->upper);
  if (lower.size() == 1 && !upper) return base::open_directory(lower[0]);
  Result<Fd> mounted = base::make_error(base::ErrorKind::internal, "not mounted");
  std::thread([&] { mounted = mount_in_own_namespace(lower, upper); }).join();
  return mounted;
}

}  // namespace ecr
