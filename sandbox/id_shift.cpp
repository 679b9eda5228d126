#include "sandbox/id_shift.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "sandbox/plan.h"

namespace sandbox {

namespace {

// In a fresh user namespace until it is killed. Only system calls after the fork.
[[noreturn]] void hold_namespace(int ready) {
  const char result = ::unshare(CLONE_NEWUSER) == 0 ? 'y' : 'n';
  (void)!::write(ready, &result, 1);
  while (true) ::pause();
}

base::Result<void> write_map(const base::Path& file, const std::string& map) {
  const base::Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return base::system_error("opening " + file.string(), errno);
  if (::write(fd.get(), map.data(), map.size()) != static_cast<ssize_t>(map.size()))
    return base::system_error("writing " + file.string(), errno);
  return {};
}

base::Result<base::Fd> map_and_open(const base::Path& process, const std::string& map) {
  TRY(write_map(process / "uid_map", map));
  TRY(write_map(process / "gid_map", map));
  const base::Path file = process / "ns/user";
  base::Fd shift(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!shift) return base::system_error("opening " + file.string(), errno);
  return shift;
}

}  // namespace

base::Result<base::Fd> make_id_shift(const base::Path& proc, std::uint32_t stored, std::uint32_t shown) {
  TRY(auto ready, base::make_pipe());
  const pid_t holder = ::fork();
  if (holder < 0) return base::system_error("fork", errno);
  if (holder == 0) hold_namespace(ready.write.get());
  ready.write.reset();
  char made = 'n';
  while (::read(ready.read.get(), &made, 1) < 0 && errno == EINTR) {
  }
  base::Result<base::Fd> shift = base::make_error(base::ErrorKind::denied, "unshare(user) was refused");
  if (made == 'y')
    shift =
        map_and_open(proc / std::to_string(holder), fmt::format("{} {} {}\n", stored, shown, kIdsPerSlot));
  ::kill(holder, SIGKILL);
  while (::waitpid(holder, nullptr, 0) < 0 && errno == EINTR) {
  }
  return shift;
}

base::Result<void> bind_shifted(const base::Path& source, const base::Path& target, const base::Fd& shift) {
  const base::Fd tree(::open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return base::system_error("open_tree " + source.string(), errno);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(shift.get());
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
    return base::system_error(
        "an image's files cannot be shown under the ids of this job: it needs Linux 5.19 and a state folder "
        "on "
        "ext4, xfs or btrfs (mount_setattr)",
        errno);
  }
  if (::move_mount(tree.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return base::system_error("move_mount " + target.string(), errno);
  return {};
}

}  // namespace sandbox
