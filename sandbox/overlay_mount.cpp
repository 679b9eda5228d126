#include "sandbox/overlay_mount.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"
#include "sandbox/zygote.h"

namespace sandbox {

namespace {

using base::Fd;
using base::Result;
using protocol::Kind;
using protocol::Message;

/// Folders by descriptor: their names are short enough for the one page that mount options may take.
class NamedFolders {
 public:
  Result<std::string> add(const std::string& folder) {
    TRY(auto fd, base::open_directory(folder));
    open_.push_back(std::move(fd));
    return fmt::format("/proc/self/fd/{}", open_.back().get());
  }

 private:
  std::vector<Fd> open_;
};

Result<std::string> overlay_options(const OverlayFolders& folders, Mounter mounter, NamedFolders& names) {
  // Marks of whom may set no trusted ones are in attributes of users, where unpack_layer() puts them as well.
  const char* marks = mounter == Mounter::user ? ",userxattr" : "";
  std::string options = "lowerdir=";
  for (const auto& folder : folders.lower) {
    TRY(const auto name, names.add(folder));
    if (!options.ends_with('=')) options += ':';
    options += name;
  }
  if (folders.upper.empty()) return options + marks;
  TRY(const auto upper, names.add(folders.upper));
  TRY(const auto work, names.add(folders.work));
  return fmt::format("{},upperdir={},workdir={}{}", options, upper, work,
                     mounter == Mounter::user ? marks : ",metacopy=off,redirect_dir=off");
}

Result<void> write_own(const char* file, const std::string& text) {
  const Fd fd(::open(file, O_WRONLY | O_CLOEXEC));
  if (!fd) return base::system_error(fmt::format("opening {}", file), errno);
  return base::write_all(fd.get(), text).while_doing(fmt::format("writing {}", file));
}

// The caller is a process with one thread.
Result<Fd> mount_as_user(const OverlayFolders& folders) {
  const auto uid = ::geteuid();
  const auto gid = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return base::system_error("unshare(user, mount)", errno);
  TRY(write_own("/proc/self/setgroups", "deny"));
  TRY(write_own("/proc/self/uid_map", fmt::format("0 {} 1\n", uid)));
  TRY(write_own("/proc/self/gid_map", fmt::format("0 {} 1\n", gid)));
  return mount_overlay(folders, Mounter::user);
}

}  // namespace

Result<Fd> mount_overlay(const OverlayFolders& folders, Mounter mounter) {
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return base::system_error("mount", errno);
  NamedFolders names;  // opened in here: an overlay takes no folder of another namespace
  TRY(const auto options, overlay_options(folders, mounter, names));
  constexpr const char* kPlace = "/sys";  // any folder will do: nobody else sees it
  const unsigned long flags = folders.upper.empty() ? MS_NODEV | MS_RDONLY : MS_NODEV;
  if (::mount("overlay", kPlace, "overlay", flags, options.c_str()) != 0)
    return base::system_error("mounting an overlay", errno);
  Fd fd(::open(kPlace, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return base::system_error("opening the overlay", errno);
  return fd;
}

int answer_overlay_request(const Message& request) {
  Message answer{.kind = Kind::reply, .number = -1};
  OverlayFolders folders;
  if (request.texts.size() > 2) {
    folders = {{request.texts.begin() + 2, request.texts.end()}, request.texts[0], request.texts[1]};
  }
  if (auto mounted = mount_as_user(folders); mounted) {
    answer.number = 0;
    answer.fds.push_back(std::move(*mounted));
  } else {
    answer.texts.push_back(mounted.error().to_string());
  }
  return protocol::send(kControlFd, answer) && answer.number == 0 ? 0 : 1;
}

}  // namespace sandbox
