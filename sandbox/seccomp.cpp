#include "sandbox/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

// Of seccomp_filters.S.
extern "C" sock_filter pipeline_filter_own_namespaces[];
extern "C" sock_filter pipeline_filter_own_namespaces_end[];
extern "C" sock_filter pipeline_filter_shared_host[];
extern "C" sock_filter pipeline_filter_shared_host_end[];

namespace sandbox {

namespace {

// The kernel takes a pointer to what may change, and changes nothing.
sock_fprog filter_program(sock_filter* begin, const sock_filter* end) {
  return {.len = static_cast<unsigned short>(end - begin), .filter = begin};
}

}  // namespace

base::Result<void> install_seccomp_filter(SeccompProfile profile) {
  const auto program =
      profile == SeccompProfile::shared_host
          ? filter_program(pipeline_filter_shared_host, pipeline_filter_shared_host_end)
          : filter_program(pipeline_filter_own_namespaces, pipeline_filter_own_namespaces_end);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::system_error("no_new_privs", errno);
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
    return base::system_error("installing the seccomp filter", errno);
  return {};
}

}  // namespace sandbox
