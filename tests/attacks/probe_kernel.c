// Attempts on the kernel's calls: namespaces, sockets, keys, time, limits.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static int clone_with(unsigned long flags) {
  const long pid = syscall(SYS_clone, flags | 17, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  return outcome(pid);
}

static int a07_unshare_user(void) { return outcome(unshare(CLONE_NEWUSER)); }
static int a07_unshare_mount(void) { return outcome(unshare(CLONE_NEWNS)); }
static int a07_unshare_network(void) { return outcome(unshare(CLONE_NEWNET)); }
static int a07_unshare_pid(void) { return outcome(unshare(CLONE_NEWPID)); }
static int a07_unshare_time(void) { return outcome(unshare(0x80)); }
static int a07_unshare_nothing(void) { return outcome(unshare(0)); }
static int a07_clone_user(void) { return clone_with(CLONE_NEWUSER); }
static int a07_clone_mount(void) { return clone_with(CLONE_NEWNS); }
static int a07_clone_network(void) { return clone_with(CLONE_NEWNET); }
static int a07_clone_pid(void) { return clone_with(CLONE_NEWPID); }
static int a07_clone_ipc(void) { return clone_with(CLONE_NEWIPC); }
static int a07_clone_uts(void) { return clone_with(CLONE_NEWUTS); }
static int a07_clone_cgroup(void) { return clone_with(CLONE_NEWCGROUP); }
static int a07_clone3(void) {
  unsigned long arguments[8] = {CLONE_NEWUSER, 0, 0, 0, 17, 0, 0, 0};
  return outcome(syscall(435, arguments, sizeof arguments));
}
static int a07_setns(void) { return outcome(setns(open("/proc/self/ns/net", O_RDONLY), 0)); }
static int a07_setns_by_pidfd(void) { return outcome(setns((int)syscall(434, 1, 0), CLONE_NEWNS)); }

static int open_socket(long family, int type, int protocol) {
  return outcome(syscall(SYS_socket, family, type, protocol));
}
static int a17_abstract_socket(void) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char* name = told("ATTACK_ABSTRACT");
  memcpy(address.sun_path + 1, name, strlen(name));
  return outcome(connect(fd, (struct sockaddr*)&address,
                         (socklen_t)(sizeof address.sun_family + 1 + strlen(name))));
}
static int connect_to(const char* text, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (sscanf(text, "%u.%u.%u.%u", &a, &b, &c, &d) != 4) return EINVAL;
  address.sin_addr.s_addr = htonl(a << 24 | b << 16 | c << 8 | d);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return outcome(connect(fd, (struct sockaddr*)&address, sizeof address));
}
// Not where the network is the host's: there they are within reach, and packets would leave the machine.
static int a19_host_port(void) { return connect_to("127.0.0.1", atoi(told("ATTACK_PORT"))); }
static int a19_metadata_service(void) { return connect_to("169.254.169.254", 80); }
static int a19_elsewhere(void) { return connect_to("203.0.113.9", 443); }
static int a20_name_server(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
  address.sin_addr.s_addr = htonl(0x08080808);
  return outcome(sendto(fd, "x", 1, 0, (struct sockaddr*)&address, sizeof address));
}
static int isolated(Attempt attempt) {
  if (strcmp(told("ATTACK_NETWORK"), "isolated") == 0) return attempt();
  strcpy(said, "not tried");
  return SAID;
}
static int a19_host_port_if_isolated(void) { return isolated(a19_host_port); }
static int a19_metadata_service_if_isolated(void) { return isolated(a19_metadata_service); }
static int a19_elsewhere_if_isolated(void) { return isolated(a19_elsewhere); }
static int a20_name_server_if_isolated(void) { return isolated(a20_name_server); }

static int a21_raw(void) { return open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static int a21_packet(void) { return open_socket(AF_PACKET, SOCK_RAW, 0); }
static int a21_vsock(void) { return open_socket(AF_VSOCK, SOCK_STREAM, 0); }
static int a21_vsock_high_bits(void) { return open_socket(AF_VSOCK | 5L << 32, SOCK_STREAM, 0); }
static int a21_crypto(void) { return open_socket(AF_ALG, SOCK_SEQPACKET, 0); }
static int a21_key(void) { return open_socket(AF_KEY, SOCK_RAW, 2); }
static int a21_bluetooth(void) { return open_socket(AF_BLUETOOTH, SOCK_RAW, 1); }
static int a21_xdp(void) { return open_socket(AF_XDP, SOCK_RAW, 0); }
static int a21_smc(void) { return open_socket(AF_SMC, SOCK_STREAM, 0); }
static int a21_llc(void) { return open_socket(AF_LLC, SOCK_DGRAM, 0); }
static int a21_netfilter(void) { return open_socket(AF_NETLINK, SOCK_RAW, 12); }
static int a21_ipsec(void) { return open_socket(AF_NETLINK, SOCK_RAW, 6); }
static int a21_packet_by_old_name(void) { return open_socket(AF_INET, SOCK_PACKET, 0); }
// A link taken down needs CAP_NET_ADMIN: the answer of the kernel is in the reply.
static int a21_link_down(void) {
  struct {
    struct nlmsghdr head;
    unsigned char family, pad;
    unsigned short type;
    int index;
    unsigned flags, change;
  } request = {.head = {sizeof request, 16, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, .index = 1, .change = 1};
  const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (fd < 0 || send(fd, &request, sizeof request, 0) < 0) return errno;
  char reply[256];
  if (recv(fd, reply, sizeof reply, 0) < 20) return EIO;
  return -*(int*)(reply + 16);
}

static int a22_controlling_terminal(void) { return try_open("/dev/tty", O_RDWR); }
static int push_into_terminal(unsigned long request) {
  const int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  if (fd < 0) return errno;
  char c = 'x';
  return outcome(syscall(SYS_ioctl, fd, request, &c));
}
static int a22_tiocsti(void) { return push_into_terminal(TIOCSTI); }
static int a22_tiocsti_high_bits(void) { return push_into_terminal(0x100000000UL | TIOCSTI); }
static int a22_tioclinux(void) { return push_into_terminal(TIOCLINUX); }
static int a22_tioclinux_high_bits(void) { return push_into_terminal(0x700000000UL | TIOCLINUX); }

static int a24_io_uring(void) {
  char parameters[120] = {0};
  return outcome(syscall(425, 8, parameters));
}
static int a25_session_keyring(void) { return outcome(syscall(SYS_keyctl, 0, -3, 0, 0, 0)); }
static int a25_search(void) { return outcome(syscall(SYS_keyctl, 10, -3, "user", "token", 0)); }
static int a25_add_key(void) { return outcome(syscall(SYS_add_key, "user", "x", "y", 1, -3)); }
static int a25_request_key(void) { return outcome(syscall(SYS_request_key, "user", "x", NULL, -3)); }
static int a27_bpf(void) { return outcome(syscall(SYS_bpf, 0, NULL, 0)); }
static int a27_perf(void) { return outcome(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)); }
static int a27_userfaultfd(void) { return outcome(syscall(SYS_userfaultfd, 1)); }
static int a27_syslog(void) { return outcome(syscall(SYS_syslog, 10, NULL, 0)); }
static int a27_load_module(void) { return outcome(syscall(SYS_init_module, NULL, 0, "")); }
static int a27_load_module_file(void) { return outcome(syscall(SYS_finit_module, -1, "", 0)); }
static int a27_kexec(void) { return outcome(syscall(SYS_kexec_load, 0, 0, NULL, 0)); }
static int a27_reboot(void) { return outcome(syscall(SYS_reboot, 0, 0, 0, NULL)); }
static int a27_swapon(void) { return outcome(syscall(SYS_swapon, "/tmp/x", 0)); }
static int a27_quota(void) { return outcome(syscall(SYS_quotactl, 0, NULL, 0, NULL)); }
static int a27_iopl(void) { return outcome(syscall(SYS_iopl, 3)); }
static int a27_accounting(void) { return outcome(syscall(SYS_acct, NULL)); }
static int a27_personality(void) { return outcome(personality(READ_IMPLIES_EXEC)); }
static int a27_personality_all_but_one(void) { return outcome((int)syscall(SYS_personality, 0xfffbffffUL)); }
static int a27_hostname(void) { return outcome(sethostname("x", 1)); }

static int a40_set_time(void) {
  struct timeval now;
  gettimeofday(&now, NULL);
  return outcome(settimeofday(&now, NULL));
}
static int a40_set_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return outcome(clock_settime(CLOCK_REALTIME, &now));
}
static int a40_adjust(void) {
  struct timex change = {.modes = ADJ_TICK, .tick = 10000};
  return outcome(adjtimex(&change));
}
static int a41_raise_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max += 1;
  return outcome(setrlimit(RLIMIT_NOFILE, &limit));
}
static int a41_limit_of_fork_server(void) {
  struct rlimit limit = {1, 1};
  return outcome(prlimit(1, RLIMIT_NOFILE, &limit, NULL));
}
static int a41_priority(void) { return outcome(setpriority(PRIO_PROCESS, 0, -20)); }
static int a41_real_time(void) {
  const struct sched_param parameter = {.sched_priority = 1};
  return outcome(sched_setscheduler(0, SCHED_FIFO, &parameter));
}
static int a41_huge_lock(void) {
  const size_t size = 1UL << 30;
  void* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? errno : outcome(mlock(memory, size));
}

#define A(name) {#name, name}
const struct Named kKernelAttempts[] = {
    A(a07_unshare_user), A(a07_unshare_mount), A(a07_unshare_network), A(a07_unshare_pid), A(a07_unshare_time),
    A(a07_unshare_nothing), A(a07_clone_user), A(a07_clone_mount), A(a07_clone_network), A(a07_clone_pid),
    A(a07_clone_ipc), A(a07_clone_uts), A(a07_clone_cgroup), A(a07_clone3), A(a07_setns), A(a07_setns_by_pidfd),
    A(a17_abstract_socket),
    {"a19_host_port", a19_host_port_if_isolated},
    {"a19_metadata_service", a19_metadata_service_if_isolated},
    {"a19_elsewhere", a19_elsewhere_if_isolated},
    {"a20_name_server", a20_name_server_if_isolated},
    A(a21_raw), A(a21_packet), A(a21_vsock), A(a21_vsock_high_bits), A(a21_crypto), A(a21_key), A(a21_bluetooth),
    A(a21_xdp), A(a21_smc), A(a21_llc), A(a21_netfilter), A(a21_ipsec), A(a21_packet_by_old_name), A(a21_link_down),
    A(a22_controlling_terminal), A(a22_tiocsti), A(a22_tiocsti_high_bits), A(a22_tioclinux), A(a22_tioclinux_high_bits),
    A(a24_io_uring), A(a25_session_keyring), A(a25_search), A(a25_add_key), A(a25_request_key),
    A(a27_bpf), A(a27_perf), A(a27_userfaultfd), A(a27_syslog), A(a27_load_module), A(a27_load_module_file),
    A(a27_kexec), A(a27_reboot), A(a27_swapon), A(a27_quota), A(a27_iopl), A(a27_accounting), A(a27_personality),
    A(a27_personality_all_but_one), A(a27_hostname),
    A(a40_set_time), A(a40_set_clock), A(a40_adjust),
    A(a41_raise_limit), A(a41_limit_of_fork_server), A(a41_priority), A(a41_real_time), A(a41_huge_lock),
    {NULL, NULL}};
