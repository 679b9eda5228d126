#include "base/strict_open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace base {

namespace {

constexpr int kAttempts = 32;

}  // namespace

Fd open_strictly(int directory, const Path& relative, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const char* path = relative.empty() ? "." : relative.c_str();
  // EAGAIN: something was renamed while a ".." was looked up, so that the kernel could not vouch for it.
  Fd fd;
  for (int attempt = 0; attempt < kAttempts && !fd; ++attempt) {
    fd.reset(static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how)));
    if (!fd && errno != EAGAIN && errno != EINTR) break;
  }
  return fd;
}

}  // namespace base
