#include "sandbox/enter.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/fd.h"
#include "sandbox/egress.h"
#include "sandbox/landlock.h"
#include "sandbox/seccomp.h"

namespace sandbox {

namespace {

// What a build may do as root of its own user namespace: own files, change ids, bind ports.
constexpr unsigned kKept[] = {CAP_CHOWN,      CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,
                              CAP_KILL,       CAP_SETGID,       CAP_SETUID, CAP_NET_BIND_SERVICE,
                              CAP_SYS_CHROOT, CAP_SETFCAP};

bool is_kept(unsigned capability) {
  for (const unsigned kept : kKept) {
    if (kept == capability) return true;
  }
  return false;
}

base::Result<void> become_inside_root() {
  // A one-id map forbids setgroups; then there are no other groups to drop in this namespace either.
  if (::setgroups(0, nullptr) != 0 && errno != EPERM) return base::system_error("setgroups", errno);
  if (::setresgid(0, 0, 0) != 0) return base::system_error("setresgid", errno);
  if (::setresuid(0, 0, 0) != 0) return base::system_error("setresuid", errno);
  return {};
}

}  // namespace

base::Result<Egress> enter(const Setting& setting, const std::function<base::Result<void>()>& map_ids) {
  int namespaces = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  const bool isolated = setting.plan.network == NetworkMode::isolated;
  const bool joins = static_cast<bool>(setting.network_namespace);
  if (joins && ::setns(setting.network_namespace.get(), CLONE_NEWNET) != 0)
    return base::system_error("setns(network)", errno);
  if (isolated && !joins) namespaces |= CLONE_NEWNET;
  if (::unshare(namespaces) != 0)
    return base::system_error("unshare(mount, IPC, UTS, cgroup, network)", errno);
  if (::sethostname(setting.plan.hostname.data(), setting.plan.hostname.size()) != 0) {
    return base::system_error("sethostname", errno);
  }
  if (isolated && !joins) TRY(set_up_loopback());
  Egress egress;
  if (isolated && !joins && setting.plan.egress) {
    TRY(egress, set_up_egress());
  }
  TRY(enter_root(setting));
  if (setting.privileged) {
    if (::unshare(CLONE_NEWUSER) != 0) return base::system_error("unshare(user)", errno);
    TRY(map_ids());
    TRY(become_inside_root());
  }
  TRY(drop_privileges(setting.plan));
  // After the pivot: its rules name what is mounted now.
  TRY(install_landlock(readable_places(setting.plan), writable_places(setting.plan)));
  TRY(install_seccomp_filter());
  return egress;
}

base::Result<void> set_up_loopback() {
  const base::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return base::system_error("socket", errno);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return base::system_error("bringing up lo", errno);
  // The namespace belongs to the host's user namespace, so CAP_NET_BIND_SERVICE inside would not count here.
  const base::Fd ports(::open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC));
  if (ports) (void)base::write_all(ports.get(), "0");
  return {};
}

base::Result<void> set_process_limits(const Plan& plan) {
  if (plan.limits.open_files > 0) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(plan.limits.open_files, limit.rlim_max);
    limit.rlim_max = limit.rlim_cur;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return base::system_error("setrlimit(NOFILE)", errno);
  }
  if (plan.limits.disk_bytes > 0) {
    const rlimit largest_file{plan.limits.disk_bytes, plan.limits.disk_bytes};
    if (::setrlimit(RLIMIT_FSIZE, &largest_file) != 0) return base::system_error("setrlimit(FSIZE)", errno);
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  return {};
}

base::Result<void> drop_privileges(const Plan& plan) {
  TRY(set_process_limits(plan));
  for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    if (!is_kept(capability)) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (const unsigned kept : kKept) {
    data[kept / 32].effective |= 1U << (kept % 32);
    data[kept / 32].permitted |= 1U << (kept % 32);
  }
  if (::syscall(SYS_capset, &header, data) != 0) return base::system_error("capset", errno);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::system_error("no_new_privs", errno);
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return base::system_error("PR_SET_DUMPABLE", errno);
  return {};
}

}  // namespace sandbox
