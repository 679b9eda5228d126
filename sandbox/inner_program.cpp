#include "sandbox/inner_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <string_view>

#include "base/fd.h"

// Of inner_program_bytes.S.
extern "C" const char pipeline_inner_program[];
extern "C" const char pipeline_inner_program_end[];

namespace sandbox {

namespace {

// Linux 6.3; older kernels know only programs that may be executed.
constexpr unsigned kMayBeExecuted = 0x0010U;

base::Result<int> sealed_copy(std::string_view program) {
  base::Fd copy(::memfd_create("pipeline-sandbox", MFD_CLOEXEC | MFD_ALLOW_SEALING | kMayBeExecuted));
  if (!copy && errno == EINVAL)
    copy.reset(::memfd_create("pipeline-sandbox", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy && errno == EACCES) {
    return base::make_error(base::ErrorKind::denied,
                            "the kernel refuses programs in memory, which sandboxes start from: set the "
                            "sysctl vm.memfd_noexec to 0 or 1");
  }
  if (!copy) return base::system_error("memfd_create", errno);
  TRY(base::write_all(copy.get(), program).while_doing("copying the program of sandboxes"));
  if (::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return base::system_error("sealing the program of sandboxes", errno);
  return copy.release();  // for as long as the process lives
}

}  // namespace

base::Result<std::string> inner_program() {
  static std::mutex mutex;
  static std::string path;
  const std::lock_guard lock(mutex);
  if (path.empty()) {
    TRY(const int copy,
        sealed_copy({pipeline_inner_program,
                     static_cast<std::size_t>(pipeline_inner_program_end - pipeline_inner_program)}));
    // By our own id: whoever starts it has closed its descriptors by then.
    path = fmt::format("/proc/{}/fd/{}", ::getpid(), copy);
  }
  return path;
}

}  // namespace sandbox
