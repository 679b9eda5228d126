// The same calls by the numbers of other architectures: 32-bit by int 0x80, and x32.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

#if defined(__x86_64__)
static int by_interrupt(long number, long a, long b, long c, long d) {
  long result = 0;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(0L)
                   : "memory", "r8", "r9", "r10", "r11");
  const int answer = (int)result;
  return answer < 0 && answer > -4096 ? -answer : 0;
}
static int x32(long number, long a) { return outcome(syscall(0x40000000L | number, a, 0, 0, 0, 0, 0)); }

static int a23_i386_mount(void) { return by_interrupt(21, 0, 0, 0, 0); }
static int a23_i386_unmount(void) { return by_interrupt(52, 0, 0, 0, 0); }
static int a23_i386_unmount_old(void) { return by_interrupt(22, 0, 0, 0, 0); }
static int a23_i386_unshare(void) { return by_interrupt(310, CLONE_NEWUSER, 0, 0, 0); }
static int a23_i386_setns(void) { return by_interrupt(346, -1, 0, 0, 0); }
static int a23_i386_clone_user(void) { return by_interrupt(120, CLONE_NEWUSER | 17, 0, 0, 0); }
static int a23_i386_clone3(void) { return by_interrupt(435, 0, 0, 0, 0); }
static int a23_i386_pivot_root(void) { return by_interrupt(217, 0, 0, 0, 0); }
static int a23_i386_keyctl(void) { return by_interrupt(288, 0, -3, 0, 0); }
static int a23_i386_bpf(void) { return by_interrupt(357, 0, 0, 0, 0); }
static int a23_i386_userfaultfd(void) { return by_interrupt(374, 1, 0, 0, 0); }
static int a23_i386_perf(void) { return by_interrupt(336, 0, 0, -1, -1); }
static int a23_i386_init_module(void) { return by_interrupt(128, 0, 0, 0, 0); }
static int a23_i386_open_by_handle(void) { return by_interrupt(342, -1, 0, 0, 0); }
static int a23_i386_io_uring(void) { return by_interrupt(425, 1, 0, 0, 0); }
static int a23_i386_settimeofday(void) { return by_interrupt(79, 0, 0, 0, 0); }
static int a23_i386_stime(void) { return by_interrupt(25, 0, 0, 0, 0); }
static int a23_i386_clock_settime64(void) { return by_interrupt(404, 0, 0, 0, 0); }
static int a23_i386_tiocsti(void) { return by_interrupt(54, 0, 0x5412, 0, 0); }
static int a23_i386_modify_ldt(void) { return by_interrupt(123, 99, 0, 0, 0); }
static int a23_i386_vm86(void) { return by_interrupt(166, 0, 0, 0, 0); }
static int a23_i386_iopl(void) { return by_interrupt(110, 3, 0, 0, 0); }
static int a23_i386_personality(void) { return by_interrupt(136, 0x0400000, 0, 0, 0); }
static int a23_i386_vsock(void) { return by_interrupt(359, AF_VSOCK, SOCK_STREAM, 0, 0); }
// Its arguments lie in memory, where no filter can look.
static int a23_i386_vsock_by_socketcall(void) {
  int* arguments = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (arguments == MAP_FAILED) return errno;
  arguments[0] = AF_VSOCK;
  arguments[1] = SOCK_STREAM;
  arguments[2] = 0;
  return by_interrupt(102, 1, (long)arguments, 0, 0);
}
static int a23_x32_mount(void) { return x32(165, 0); }
static int a23_x32_unshare(void) { return x32(272, CLONE_NEWUSER); }
static int a23_x32_keyctl(void) { return x32(250, 0); }
static int a23_x32_bpf(void) { return x32(321, 0); }
static int a23_x32_clone_user(void) { return x32(56, CLONE_NEWUSER | 17); }
static int a23_x32_init_module(void) { return x32(175, 0); }

#define A(name) {#name, name}
const struct Named kForeignAttempts[] = {
    A(a23_i386_mount), A(a23_i386_unmount), A(a23_i386_unmount_old), A(a23_i386_unshare), A(a23_i386_setns),
    A(a23_i386_clone_user), A(a23_i386_clone3), A(a23_i386_pivot_root), A(a23_i386_keyctl), A(a23_i386_bpf),
    A(a23_i386_userfaultfd), A(a23_i386_perf), A(a23_i386_init_module), A(a23_i386_open_by_handle),
    A(a23_i386_io_uring), A(a23_i386_settimeofday), A(a23_i386_stime), A(a23_i386_clock_settime64),
    A(a23_i386_tiocsti), A(a23_i386_modify_ldt), A(a23_i386_vm86), A(a23_i386_iopl), A(a23_i386_personality),
    A(a23_i386_vsock), A(a23_i386_vsock_by_socketcall),
    A(a23_x32_mount), A(a23_x32_unshare), A(a23_x32_keyctl), A(a23_x32_bpf), A(a23_x32_clone_user),
    A(a23_x32_init_module), {NULL, NULL}};
#else
const struct Named kForeignAttempts[] = {{NULL, NULL}};
#endif
