#include <sys/socket.h>

#include <map>
#include <sstream>

#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

// Tries each call with arguments that the kernel would not refuse as "not permitted" by itself where that can
// be had, and prints "name errno"; errno 0 is success.
constexpr const char* kCalls = R"py(
import ctypes, errno, mmap, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments))
    return ctypes.get_errno() if result == -1 else 0
def tell(name, number, *arguments):
    print(name, errno.errorcode.get(call(number, *arguments), 'OK'), flush=True)
bad = -1
tell('mount', 165, 0, 0, 0, 0, 0)
tell('umount2', 166, 0, 0)
tell('pivot_root', 155, 0, 0)
tell('move_mount', 429, bad, 0, bad, 0, 0)
tell('open_tree', 428, bad, 0, 0)
tell('fsopen', 430, 0, 0)
tell('fsconfig', 431, bad, 0, 0, 0, 0)
tell('fsmount', 432, bad, 0, 0)
tell('fspick', 433, bad, 0, 0)
tell('mount_setattr', 442, bad, 0, 0, 0, 0)
tell('setns', 308, bad, 0)
tell('unshare', 272, 0)
tell('unshare_user', 272, 0x10000000)
tell('clone_user', 56, 0x10000000 | 17, 0, 0, 0, 0)
tell('clone_net', 56, 0x40000000 | 17, 0, 0, 0, 0)
tell('clone_mount', 56, 0x00020000 | 17, 0, 0, 0, 0)
tell('clone_pid', 56, 0x20000000 | 17, 0, 0, 0, 0)
tell('clone_ipc', 56, 0x08000000 | 17, 0, 0, 0, 0)
tell('clone_uts', 56, 0x04000000 | 17, 0, 0, 0, 0)
tell('clone_cgroup', 56, 0x02000000 | 17, 0, 0, 0, 0)
tell('clone3', 435, 0, 0)
tell('bpf', 321, 99, 0, 0)
tell('perf_event_open', 298, 0, 0, 0, 0, 0)
tell('userfaultfd', 323, 0)
tell('keyctl', 250, 9999, 0, 0, 0, 0)
tell('add_key', 248, 0, 0, 0, 0, 0)
tell('request_key', 249, 0, 0, 0, 0)
tell('kexec_load', 246, 0, 0, 0, 0)
tell('kexec_file_load', 320, bad, bad, 0, 0, 0)
tell('init_module', 175, 0, 0, 0)
tell('finit_module', 313, bad, 0, 0)
tell('delete_module', 176, 0, 0)
tell('open_by_handle_at', 304, bad, 0, 0)
tell('name_to_handle_at', 303, bad, 0, 0, 0, 0)
tell('quotactl', 179, 0, 0, 0, 0)
tell('swapon', 167, 0, 0)
tell('swapoff', 168, 0)
tell('syslog', 103, 10, 0, 0)
tell('iopl', 172, 0)
tell('ioperm', 173, 0, 0, 0)
tell('reboot', 169, 0, 0, 0, 0)
tell('acct', 163, 0)
tell('settimeofday', 164, 0, 0)
tell('clock_settime', 227, 9999, 0)
tell('adjtimex', 159, 0)
tell('clock_adjtime', 305, 9999, 0)
tell('modify_ldt', 154, 99, 0, 0)
tell('pidfd_getfd', 438, bad, 0, 0)
tell('io_uring_setup', 425, 1, 0)
tell('io_uring_enter', 426, bad, 0, 0, 0, 0, 0)
tell('io_uring_register', 427, bad, 0, 0, 0)
tell('tiocsti', 16, bad, 0x5412, 0)
tell('tiocsti_behind_high_bits', 16, bad, 0x500005412, 0)
tell('tioclinux', 16, bad, 0x541c, 0)
for name, family in (('vsock', 40), ('packet', 17), ('alg', 38), ('key', 15), ('bluetooth', 31), ('can', 29),
                     ('tipc', 30), ('rds', 21), ('xdp', 44), ('x25', 9)):
    tell('socket_' + name, 41, family, 2, 0)
tell('socket_vsock_behind_high_bits', 41, 40 | (5 << 32), 1, 0)
tell('x32_unshare', 272 | 0x40000000, 0x10000000)
tell('x32_keyctl', 250 | 0x40000000, 9999, 0, 0, 0, 0)
tell('ptrace_the_fork_server', 101, 16, 1, 0, 0)
tell('ptrace_seize_the_fork_server', 101, 0x4206, 1, 0, 0)
buffer = ctypes.create_string_buffer(8)
local, remote = (ctypes.c_long * 2)(ctypes.addressof(buffer), 8), (ctypes.c_long * 2)(0x400000, 8)
tell('read_the_fork_servers_memory', 310, 1, ctypes.addressof(local), 1, ctypes.addressof(remote), 1, 0)
tell('read_own_memory', 310, os.getpid(), ctypes.addressof(local), 1, ctypes.addressof(local), 1, 0)
tell('chroot', 161, 0)
disk = ctypes.create_string_buffer(b'/tmp/disk')
tell('mknod_device', 133, ctypes.addressof(disk), 0o60644, 0x800)
tell('setuid', 105, 0)
tell('socket_inet', 41, 2, 1, 0)
tell('socket_netlink', 41, 16, 3, 0)
tell('raw_socket', 41, 2, 3, 1)
tell('getpid', 39)
)py";

struct CallCase {
  const char* name;
  const char* outcome;
};
void PrintTo(const CallCase& given, std::ostream* out) {
  *out << given.name << ": " << given.outcome;
}

class SystemCall : public testing::TestWithParam<CallCase> {
 protected:
  // All of them in one process: starting it takes longer than the calls.
  static void SetUpTestSuite() {
    const auto sandbox = make_sandbox();
    ASSERT_NE(sandbox, nullptr);
    told_ = output_of(*sandbox, python(kCalls));
    std::istringstream lines(told_);
    std::string name;
    std::string outcome;
    while (lines >> name >> outcome) outcomes_[name] = outcome;
  }
  inline static std::string told_;
  inline static std::map<std::string, std::string> outcomes_;
};

TEST_P(SystemCall, EndsAsASandboxLetsIt) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "the numbers of the calls are those of x86-64";
#endif
  EXPECT_EQ(outcomes_[GetParam().name], GetParam().outcome) << told_;
}

std::vector<CallCase> refused(const char* outcome, std::initializer_list<const char*> names) {
  std::vector<CallCase> cases;
  for (const char* name : names) cases.push_back({name, outcome});
  return cases;
}
std::string name_of(const testing::TestParamInfo<CallCase>& tested) {
  return tested.param.name;
}

INSTANTIATE_TEST_SUITE_P(NotPermitted, SystemCall,
                         testing::ValuesIn(refused("EPERM", {"mount",
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
                                                             "unshare_user",
                                                             "clone_user",
                                                             "clone_net",
                                                             "clone_mount",
                                                             "clone_pid",
                                                             "clone_ipc",
                                                             "clone_uts",
                                                             "clone_cgroup",
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
                                                             "open_by_handle_at",
                                                             "name_to_handle_at",
                                                             "quotactl",
                                                             "swapon",
                                                             "swapoff",
                                                             "syslog",
                                                             "iopl",
                                                             "ioperm",
                                                             "reboot",
                                                             "acct",
                                                             "settimeofday",
                                                             "clock_settime",
                                                             "adjtimex",
                                                             "clock_adjtime",
                                                             "modify_ldt",
                                                             "pidfd_getfd",
                                                             "tiocsti",
                                                             "tiocsti_behind_high_bits",
                                                             "tioclinux",
                                                             "x32_unshare",
                                                             "x32_keyctl",
                                                             "mknod_device",
                                                             "ptrace_the_fork_server",
                                                             "ptrace_seize_the_fork_server",
                                                             "read_the_fork_servers_memory",
                                                             "raw_socket"})),
                         name_of);
INSTANTIATE_TEST_SUITE_P(NotImplemented, SystemCall,
                         testing::ValuesIn(refused("ENOSYS", {"clone3", "io_uring_setup", "io_uring_enter",
                                                              "io_uring_register"})),
                         name_of);
INSTANTIATE_TEST_SUITE_P(
    NoSuchFamily, SystemCall,
    testing::ValuesIn(refused("EAFNOSUPPORT", {"socket_vsock", "socket_packet", "socket_alg", "socket_key",
                                               "socket_bluetooth", "socket_can", "socket_tipc", "socket_rds",
                                               "socket_xdp", "socket_x25", "socket_vsock_behind_high_bits"})),
    name_of);
INSTANTIATE_TEST_SUITE_P(Allowed, SystemCall,
                         testing::ValuesIn(refused("OK", {"setuid", "read_own_memory", "socket_inet",
                                                          "socket_netlink", "getpid"})),
                         name_of);
INSTANTIATE_TEST_SUITE_P(AllowedWithoutArguments, SystemCall,
                         testing::ValuesIn(refused("EFAULT", {"chroot"})), name_of);

using Privileges = SandboxTest;

TEST_F(Privileges, AreThoseOfABuildAndNoMore) {
  auto sandbox = make();
  const auto status = output_of(*sandbox, "grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups)' /proc/self/status");
  // chown dac_override fowner fsetid kill setgid setuid net_bind_service sys_chroot setfcap
  for (const char* line : {"CapInh:\t0000000000000000", "CapPrm:\t00000000800404fb",
                           "CapEff:\t00000000800404fb", "CapBnd:\t00000000800404fb",
                           "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "Groups:\t \n"}) {
    EXPECT_NE(status.find(line), std::string::npos) << line << " is not in\n" << status;
  }
}

TEST_F(Privileges, AreNoneForAUserThatIsNotRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can always map more than one id";
  auto sandbox = make({.uid = 1000, .gid = 1000});
  EXPECT_EQ(
      output_of(*sandbox, "grep -E '^Cap(Prm|Eff)' /proc/self/status | cut -f 2 | uniq; id -u; id -g; id -G"),
      "0000000000000000\n1000\n1000\n1000\n");
  EXPECT_EQ(
      output_of(*sandbox, python("import os\ntry: os.setuid(0)\nexcept PermissionError: print('refused')")),
      "refused\n");
}

TEST_F(Privileges, GrowByNoSetuidProgram) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can always map more than one id";
  auto sandbox = make({.uid = 1000, .gid = 1000});
  EXPECT_EQ(output_of(*sandbox,
                      "mount 2>/dev/null | grep -v nosuid | grep -E ' (/usr|/bin|/opt|/tmp) '; echo done"),
            "done\n");
}

TEST_F(Privileges, EndNoForkServer) {
  auto sandbox = make();
  EXPECT_EQ(
      output_of(*sandbox,
                "for s in KILL STOP TERM INT HUP SEGV PIPE; do kill -$s 1 2>/dev/null; done; echo done"),
      "done\n");
  EXPECT_EQ(output_of(*sandbox, "echo still there"), "still there\n");
}

TEST_F(Privileges, EndNoForkServerByEndingEverybody) {
  auto sandbox = make();
  const auto finished = run_to_end(*sandbox, bash("kill -KILL -1; kill -KILL $$"), 20);
  ASSERT_TRUE(finished.ok()) << finished.error().to_string();
  EXPECT_EQ(finished->status.signal, SIGKILL);
  EXPECT_EQ(output_of(*sandbox, "echo still there"), "still there\n");
}

TEST_F(Privileges, ShowNothingOfTheForkServer) {
  auto sandbox = make();
  EXPECT_EQ(output_of(*sandbox,
                      "for f in environ mem maps auxv stack syscall fd/3 root/etc cwd/etc exe; do head -c 1 "
                      "/proc/1/$f >/dev/null 2>&1 && echo $f; done; echo done"),
            "done\n");
}

TEST_F(Privileges, ReachNoKernelSettings) {
  auto sandbox = make();
  EXPECT_EQ(
      output_of(*sandbox,
                "for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/swappiness "
                "/proc/sysrq-trigger /proc/irq/default_smp_affinity; do (: > $f) 2>/dev/null && [ $f != "
                "/proc/sysrq-trigger ] && echo $f; done; head -c 1 /proc/kcore /proc/kmsg /proc/kallsyms "
                "/proc/keys 2>/dev/null | tr -d '=> \\n' | sed 's,/proc/[a-z]*<*,,g'; ls /sys 2>/dev/null; "
                "echo done"),
      "done\n");
}

TEST_F(Privileges, WriteNoCoreOfWhatTheyCrash) {
  auto sandbox = make();
  EXPECT_EQ(output_of(*sandbox, "ulimit -c; cd /tmp; exec 2>/dev/null; bash -c 'kill -SEGV $$'; ls -A /tmp"),
            "0\n");
}

}  // namespace
}  // namespace sandbox
