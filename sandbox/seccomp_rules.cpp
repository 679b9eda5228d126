#include "sandbox/seccomp_rules.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <vector>

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
    "vhangup",
    "uselib",
    "stime",
    "clock_settime64",
    "clock_adjtime64",
};
// "Not implemented" makes callers fall back: glibc from clone3 to clone, runtimes from io_uring to epoll.
constexpr const char* kAbsent[] = {"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"};

constexpr unsigned long kNamespaceFlags = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
                                          CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME;

// All others reach the hypervisor, raw packets, kernel crypto, keys, or code that few machines ever ran.
constexpr int kFamilies[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
constexpr int kFamiliesEnd = 64;  // beyond the last one of any kernel
// Of netlink: packet filters, IPsec, audit, connector, crypto.
constexpr int kForbiddenNetlink[] = {NETLINK_NETFILTER, NETLINK_XFRM, NETLINK_AUDIT, NETLINK_CONNECTOR,
                                     NETLINK_CRYPTO};

constexpr unsigned long kLow32 = 0xffffffffUL;

// Calls of personality() that stay: asking (all bits), the common one, and that without address
// randomization, which debuggers want.
constexpr unsigned long kNoRandomization = 0x00040000UL;

// socket(2) by its old number for 32-bit programs, where a filter sees only that it is one.
constexpr unsigned long kSocketOfSocketcall = 1;

class Filter {
 public:
  Filter() : filter_(seccomp_init(SCMP_ACT_ALLOW)) {}

  void arch(std::uint32_t token) { seccomp_arch_add(filter_.get(), token); }

  template <typename... Compare>
  void deny(const char* name, int error, Compare... compare) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number != __NR_SCMP_ERROR) deny(number, error, compare...);  // else one that no architecture here had
  }

  template <typename... Compare>
  void deny(int number, int error, Compare... compare) {
    const int code = seccomp_rule_add(filter_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number,
                                      sizeof...(compare), compare...);
    if (code < 0 && code != -EDOM && failed_.empty()) failed_ = fmt::format("call {} ({})", number, -code);
  }

  base::Result<void> write_to(int fd) {
    seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!failed_.empty())
      return base::make_error(base::ErrorKind::internal, "seccomp refused the rule for " + failed_);
    if (const int code = seccomp_export_bpf(filter_.get(), fd); code < 0)
      return base::system_error("writing the seccomp filter", -code);
    return {};
  }

 private:
  std::unique_ptr<void, ReleaseFilter> filter_;
  std::string failed_;
};

void deny_families(Filter& filter) {
  const auto as_argument = [](int number) { return static_cast<unsigned long>(number); };
  for (int family = 0; family < kFamiliesEnd; ++family) {
    if (std::find(std::begin(kFamilies), std::end(kFamilies), family) != std::end(kFamilies)) continue;
    filter.deny("socket", EAFNOSUPPORT, SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, as_argument(family)));
  }
  for (const int protocol : kForbiddenNetlink) {
    filter.deny("socket", EPROTONOSUPPORT, SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, AF_NETLINK),
                SCMP_A2_64(SCMP_CMP_MASKED_EQ, kLow32, as_argument(protocol)));
  }
}

// A rule cannot name one argument twice. So each forbidden bit is denied where the next one is not set: what
// passes has none of them, or all.
void deny_odd_personalities(Filter& filter) {
  std::vector<unsigned long> bits;
  for (unsigned long bit = 1; bit <= kLow32; bit <<= 1) {
    if (bit != kNoRandomization) bits.push_back(bit);
  }
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const unsigned long next = bits[(i + 1) % bits.size()];
    filter.deny("personality", EPERM, SCMP_A0_64(SCMP_CMP_MASKED_EQ, bits[i] | next, bits[i]));
  }
  filter.deny("personality", EPERM, SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, kLow32 & ~kNoRandomization));
}

// Landlock sees files that are opened, not those that are connected to. A pair of sockets stays: connected to
// each other they reach nobody else, but for datagrams.
void deny_meeting_places(Filter& filter) {
  constexpr unsigned long kTypeOfSocket = 0xf;
  filter.deny("socket", EAFNOSUPPORT, SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, AF_UNIX));
  for (const unsigned long type : {SOCK_DGRAM, SOCK_RAW}) {
    filter.deny("socketpair", EOPNOTSUPP, SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, AF_UNIX),
                SCMP_A1_64(SCMP_CMP_MASKED_EQ, kTypeOfSocket, type));
  }
  for (const char* name : {"shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl", "msgget",
                           "msgsnd", "msgrcv", "msgctl", "ipc", "mq_open", "mq_unlink"})
    filter.deny(name, ENOSYS);
}

}  // namespace

base::Result<void> write_seccomp_filter(SeccompProfile profile, int fd) {
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
  deny_families(filter);
  // The limits of another process of the sandbox: the fork server's would stop it from serving.
  filter.deny("prlimit64", EPERM, SCMP_A0_64(SCMP_CMP_NE, 0), SCMP_A2_64(SCMP_CMP_NE, 0));
  filter.deny("socketcall", ENOSYS, SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, kSocketOfSocketcall));
  deny_odd_personalities(filter);
  if (profile == SeccompProfile::shared_host) deny_meeting_places(filter);
  return filter.write_to(fd);
}

}  // namespace sandbox
