#include "sandbox/seccomp.h"

#include <fmt/format.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

namespace sandbox {

namespace {

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};

// Power over mounts, namespaces, the kernel, other processes' keys: no step of a build needs them.
constexpr const char* kForbidden[] = {
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "setns",
    "unshare",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "open_by_handle_at",
    "name_to_handle_at",
    "quotactl",
    "quotactl_fd",
    "swapon",
    "swapoff",
    "syslog",
    "iopl",
    "ioperm",
    "reboot",
    "acct",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "nfsservctl",
    "lookup_dcookie",
    "vm86",
    "vm86old",
    "modify_ldt",
    "pidfd_getfd",
};
// "Not implemented" makes callers fall back: glibc from clone3 to clone, runtimes from io_uring to epoll.
constexpr const char* kAbsent[] = {"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"};

constexpr unsigned long kNamespaceFlags = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
                                          CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME;

// Families that reach the hypervisor, raw packets, kernel crypto or keys.
constexpr int kForbiddenFamilies[] = {AF_VSOCK,  AF_PACKET,    AF_ALG,    AF_KEY,       AF_AX25, AF_X25,
                                      AF_NETROM, AF_ROSE,      AF_DECnet, AF_APPLETALK, AF_IPX,  AF_RDS,
                                      AF_TIPC,   AF_BLUETOOTH, AF_CAN,    AF_XDP,       AF_NFC,  AF_KCM};

constexpr unsigned long kLow32 = 0xffffffffUL;

class Filter {
 public:
  Filter() : filter_(seccomp_init(SCMP_ACT_ALLOW)) {}

  void arch(std::uint32_t token) { seccomp_arch_add(filter_.get(), token); }

  template <typename... Compare>
  void deny(const char* name, int error, Compare... compare) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;  // a call that this architecture never had
    const int code = seccomp_rule_add(filter_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number,
                                      sizeof...(compare), compare...);
    if (code < 0 && code != -EDOM && failed_.empty()) failed_ = fmt::format("{} ({})", name, -code);
  }

  base::Result<void> load() {
    seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!failed_.empty())
      return base::make_error(base::ErrorKind::internal, "seccomp refused the rule for " + failed_);
    if (const int code = seccomp_load(filter_.get()); code < 0)
      return base::system_error("installing the seccomp filter", -code);
    return {};
  }

 private:
  std::unique_ptr<void, ReleaseFilter> filter_;
  std::string failed_;
};

}  // namespace

base::Result<void> install_seccomp_filter() {
  Filter filter;
#if defined(__x86_64__)
  filter.arch(SCMP_ARCH_X86);
  filter.arch(SCMP_ARCH_X32);
#endif
  for (const char* name : kForbidden) filter.deny(name, EPERM);
  for (const char* name : kAbsent) filter.deny(name, ENOSYS);
  for (unsigned long flag = 1; flag != 0 && flag <= kLow32; flag <<= 1) {
    if ((kNamespaceFlags & flag) != 0)
      filter.deny("clone", EPERM, SCMP_A0_64(SCMP_CMP_MASKED_EQ, flag, flag));
  }
  // The kernel looks at 32 bits of an ioctl number; comparing 64 would let the high ones hide it
  // (CVE-2019-10063).
  filter.deny("ioctl", EPERM, SCMP_A1_64(SCMP_CMP_MASKED_EQ, kLow32, TIOCSTI));
  filter.deny("ioctl", EPERM, SCMP_A1_64(SCMP_CMP_MASKED_EQ, kLow32, TIOCLINUX));
  for (const int family : kForbiddenFamilies) {
    filter.deny("socket", EAFNOSUPPORT,
                SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, static_cast<unsigned long>(family)));
  }
  return filter.load();
}

}  // namespace sandbox
