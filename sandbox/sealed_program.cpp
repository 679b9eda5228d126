#include "sandbox/sealed_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "base/fd.h"

namespace sandbox {

namespace {

constexpr const char* kOwnFile = "/proc/self/exe";
// Linux 6.3; older kernels know only programs that may be executed.
constexpr unsigned kMayBeExecuted = 0x0010U;

base::Result<int> sealed_copy(int program, off_t size) {
  base::Fd copy(::memfd_create("pipeline", MFD_CLOEXEC | MFD_ALLOW_SEALING | kMayBeExecuted));
  if (!copy && errno == EINVAL) copy.reset(::memfd_create("pipeline", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return base::system_error("memfd_create", errno);
  off_t done = 0;
  while (done < size) {
    const ssize_t count = ::sendfile(copy.get(), program, &done, static_cast<std::size_t>(size - done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return base::system_error("copying this program", count < 0 ? errno : EIO);
  }
  if (::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return base::system_error("sealing the copy of this program", errno);
  return copy.release();  // for as long as the process lives
}

base::Result<std::string> choose_program() {
  const base::Fd program(::open(kOwnFile, O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!program || ::fstat(program.get(), &status) != 0)
    return base::system_error("opening this program", errno);
  // As root no id of the host is mapped into a sandbox; else our own may be, and with it what we may write.
  const bool ours = status.st_uid == ::geteuid() || ::access(kOwnFile, W_OK) == 0;
  if (::geteuid() == 0 || !ours) return std::string(kOwnFile);
  TRY(const int copy, sealed_copy(program.get(), status.st_size));
  // By our own id: whoever starts it has closed its descriptors by then.
  return fmt::format("/proc/{}/fd/{}", ::getpid(), copy);
}

}  // namespace

base::Result<std::string> program_for_sandboxes() {
  static std::mutex mutex;
  static std::string program;
  const std::lock_guard lock(mutex);
  if (program.empty()) {
    TRY(program, choose_program());
  }
  return program;
}

}  // namespace sandbox
