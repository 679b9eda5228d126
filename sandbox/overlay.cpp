#include "sandbox/overlay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/files.h"
#include "sandbox/machine.h"
#include "sandbox/spawn_zygote.h"
#include "sandbox/zygote.h"

namespace sandbox {

namespace {

using base::Fd;
using base::Result;
using protocol::Kind;
using protocol::Message;

enum class Mounter { root, user };

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

// In a mount namespace that nobody else has.
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

// Runs on a thread that is made for it: the mount namespace is the thread's own, and ends with it. What stays
// is the mount that the descriptor holds.
Result<Fd> mount_as_root(const OverlayFolders& folders) {
  if (::unshare(CLONE_NEWNS) != 0) {
    return base::system_error("building an image needs the right to mount: unshare", errno);
  }
  return mount_overlay(folders, Mounter::root);
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

// A program with threads cannot enter a user namespace: another process does.
Result<Fd> ask_for_overlay(const OverlayFolders& folders) {
  TRY(auto spawned, spawn_zygote());
  Message request{.kind = Kind::overlay};
  request.texts = {folders.upper, folders.work};
  request.texts.insert(request.texts.end(), folders.lower.begin(), folders.lower.end());
  const auto sent = protocol::send(spawned.control.get(), request);
  auto answer = sent ? protocol::receive(spawned.control.get()) : Result<Message>(sent.error());
  spawned.control.reset();
  while (::waitpid(spawned.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!answer) return std::move(answer).error().while_doing("asking for an overlay");
  if (answer->number == 0 && !answer->fds.empty()) return std::move(answer->fds[0]);
  return base::make_error(base::ErrorKind::denied,
                          answer->texts.empty() ? "the overlay could not be mounted" : answer->texts[0])
      .while_doing("mounting an overlay without root: " + advice_for_namespaces());
}

}  // namespace

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

Result<Fd> open_overlay_nowhere(const OverlayFolders& folders) {
  if (::geteuid() != 0) return ask_for_overlay(folders);
  Result<Fd> mounted = base::make_error(base::ErrorKind::internal, "not mounted");
  std::thread([&] { mounted = mount_as_root(folders); }).join();
  return mounted;
}

}  // namespace sandbox
