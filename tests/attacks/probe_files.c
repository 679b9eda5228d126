// Attempts on files, mounts and devices.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe.h"

// A file that stands behind /dev/null says so: writing to it reaches nothing.
static int masked_or_open(const char* path, int flags) {
  const int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return errno;
  struct stat status;
  fstat(fd, &status);
  close(fd);
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) return 0;
  strcpy(said, "masked");
  return SAID;
}

static int a01_create_in_etc(void) { return try_open("/etc/attack", O_CREAT | O_WRONLY); }
static int a01_create_in_usr(void) { return try_open("/usr/attack", O_CREAT | O_WRONLY); }
static int a01_write_passwd(void) { return try_open("/etc/passwd", O_WRONLY); }
static int a01_truncate_passwd(void) { return outcome(truncate("/etc/passwd", 0)); }
static int a01_unlink_passwd(void) { return outcome(unlink("/etc/passwd")); }
static int a01_chmod_program(void) { return outcome(chmod("/usr/bin/env", 04755)); }
static int a01_rename_program(void) { return outcome(rename("/usr/bin/env", "/usr/bin/env-attack")); }
static int a01_link_program(void) { return outcome(link("/usr/bin/env", "/usr/bin/env-link")); }
static int a01_set_attribute(void) {
  return outcome(syscall(SYS_setxattr, "/usr/bin/env", "user.attack", "1", 1, 0));
}
static int a01_runner_program(void) { return try_open(told("ATTACK_RUNNER"), O_WRONLY); }

static int a02_canary(void) { return try_open(told("ATTACK_CANARY"), O_RDONLY); }
static int a02_canary_by_own_root(void) {
  char path[4096];
  snprintf(path, sizeof path, "/proc/self/root%s", told("ATTACK_CANARY"));
  return try_open(path, O_RDONLY);
}
static int a02_state_folder(void) { return try_open(told("ATTACK_STATE"), O_RDONLY | O_DIRECTORY); }
static int a02_ssh_keys(void) { return try_open("/root/.ssh", O_RDONLY); }
static int a02_aws_credentials(void) { return try_open("/root/.aws/credentials", O_RDONLY); }
static int a02_docker_logins(void) { return try_open("/root/.docker/config.json", O_RDONLY); }
static int a02_shadow(void) { return try_open("/etc/shadow", O_RDONLY); }
static int a02_docker_socket(void) { return try_open("/run/docker.sock", O_RDONLY); }
static int a02_host_socket(void) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", told("ATTACK_SOCKET"));
  return outcome(connect(fd, (struct sockaddr*)&address, sizeof address));
}

static int a03_core_pattern(void) { return try_open("/proc/sys/kernel/core_pattern", O_WRONLY); }
static int a03_modprobe(void) { return try_open("/proc/sys/kernel/modprobe", O_WRONLY); }
static int a03_hostname(void) { return try_open("/proc/sys/kernel/hostname", O_WRONLY); }
static int a03_user_namespaces(void) { return try_open("/proc/sys/user/max_user_namespaces", O_WRONLY); }
static int a03_sysrq(void) { return masked_or_open("/proc/sysrq-trigger", O_WRONLY); }
static int a03_uevent_helper(void) { return try_open("/sys/kernel/uevent_helper", O_WRONLY); }
static int a03_binfmt(void) { return try_open("/proc/sys/fs/binfmt_misc/register", O_WRONLY); }
static int a03_irq(void) { return try_open("/proc/irq/default_smp_affinity", O_WRONLY); }

static int a04_cgroups(void) { return try_open("/sys/fs/cgroup", O_RDONLY); }
static int a04_mount_cgroups(void) { return outcome(mount("none", "/tmp", "cgroup", 0, "memory")); }
static int a04_mount_cgroups_2(void) { return outcome(mount("none", "/tmp", "cgroup2", 0, NULL)); }

static int a05_make_memory(void) { return outcome(mknod("/tmp/memory", S_IFCHR | 0666, makedev(1, 1))); }
static int a05_make_disk(void) { return outcome(mknod("/tmp/disk", S_IFBLK | 0666, makedev(254, 0))); }
static int a05_open_memory(void) { return try_open("/dev/mem", O_RDONLY); }
static int a05_open_disk(void) { return try_open("/dev/vda", O_RDONLY); }
static int a05_open_kvm(void) { return try_open("/dev/kvm", O_RDWR); }
static int a05_open_fuse(void) { return try_open("/dev/fuse", O_RDWR); }
static int a05_open_tun(void) { return try_open("/dev/net/tun", O_RDWR); }
static int a05_open_kmsg(void) { return try_open("/dev/kmsg", O_RDONLY); }

static int a06_mount(void) { return outcome(mount("none", "/tmp", "tmpfs", 0, NULL)); }
static int a06_remount(void) { return outcome(mount("none", "/", NULL, MS_REMOUNT | MS_BIND, NULL)); }
static int a06_remount_proc_sys(void) { return outcome(mount("none", "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL)); }
static int a06_unmount_mask(void) { return outcome(umount2("/proc/kcore", MNT_DETACH)); }
static int a06_bind(void) { return outcome(mount("/proc", "/tmp", NULL, MS_BIND | MS_REC, NULL)); }
static int a06_make_shared(void) { return outcome(mount("none", "/", NULL, MS_SHARED | MS_REC, NULL)); }
static int a06_overlay(void) { return outcome(mount("o", "/tmp", "overlay", 0, "lowerdir=/,upperdir=/tmp,workdir=/tmp")); }
static int a06_proc(void) { return outcome(mount("none", "/tmp", "proc", 0, NULL)); }
static int a06_move_mount(void) { return outcome(syscall(429, -1, "", -1, "", 0)); }
static int a06_open_tree(void) { return outcome(syscall(428, AT_FDCWD, "/", 1)); }
static int a06_open_tree_attr(void) { return outcome(syscall(467, AT_FDCWD, "/", 1, 0, 0)); }
static int a06_fsopen(void) { return outcome(syscall(430, "tmpfs", 0)); }
static int a06_fspick(void) { return outcome(syscall(433, AT_FDCWD, "/", 0)); }
static int a06_mount_setattr(void) {
  unsigned long attributes[4] = {0, MOUNT_ATTR_RDONLY, 0, 0};
  return outcome(syscall(442, AT_FDCWD, "/", 0, attributes, sizeof attributes));
}

// The classic: a descriptor from before the second chroot leads out of it. Where it leads to is still inside.
static int a08_double_chroot(void) {
  const int before = open("/", O_RDONLY | O_DIRECTORY);
  mkdir("/tmp/jail", 0700);
  if (chroot("/tmp/jail") != 0) return errno;
  if (fchdir(before) != 0) return errno;
  for (int i = 0; i < 64; ++i) {
    if (chdir("..") != 0) return errno;
  }
  if (chroot(".") != 0) return errno;
  return try_open(told("ATTACK_CANARY"), O_RDONLY);
}
static int a08_pivot_root(void) { return outcome(syscall(SYS_pivot_root, "/tmp", "/tmp")); }

static int a09_open_by_handle(void) {
  unsigned char handle[] = {8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
  return outcome(syscall(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY));
}
static int a09_name_to_handle(void) {
  unsigned char handle[136] = {128};
  int mount_id = 0;
  return outcome(syscall(SYS_name_to_handle_at, AT_FDCWD, "/", handle, &mount_id, 0));
}

static int a14_symlink_to_canary(void) {
  unlink("/tmp/link");
  if (symlink(told("ATTACK_CANARY"), "/tmp/link") != 0) return errno;
  return try_open("/tmp/link", O_RDONLY);
}
static int a14_hardlink_to_program(void) {
  unlink("/tmp/hardlink");
  return outcome(link("/usr/bin/env", "/tmp/hardlink"));
}

static int a27_kallsyms(void) { return masked_or_open("/proc/kallsyms", O_RDONLY); }
static int a27_kcore(void) { return masked_or_open("/proc/kcore", O_RDONLY); }
static int a27_kmsg(void) { return masked_or_open("/proc/kmsg", O_RDONLY); }
static int a27_timer_list(void) { return masked_or_open("/proc/timer_list", O_RDONLY); }
static int a27_keys(void) { return masked_or_open("/proc/keys", O_RDONLY); }
static int a27_sys(void) { return try_open("/sys/kernel", O_RDONLY); }
static int a27_debugfs(void) { return try_open("/sys/kernel/debug", O_RDONLY); }

static int a41_oom_score(void) {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY);
  return fd < 0 ? errno : outcome(write(fd, "-1000", 5));
}

#define A(name) {#name, name}
const struct Named kFileAttempts[] = {
    A(a01_create_in_etc), A(a01_create_in_usr), A(a01_write_passwd), A(a01_truncate_passwd), A(a01_unlink_passwd),
    A(a01_chmod_program), A(a01_rename_program), A(a01_link_program), A(a01_set_attribute), A(a01_runner_program),
    A(a02_canary), A(a02_canary_by_own_root), A(a02_state_folder), A(a02_ssh_keys), A(a02_aws_credentials),
    A(a02_docker_logins), A(a02_shadow), A(a02_docker_socket), A(a02_host_socket),
    A(a03_core_pattern), A(a03_modprobe), A(a03_hostname), A(a03_user_namespaces), A(a03_sysrq),
    A(a03_uevent_helper), A(a03_binfmt), A(a03_irq),
    A(a04_cgroups), A(a04_mount_cgroups), A(a04_mount_cgroups_2),
    A(a05_make_memory), A(a05_make_disk), A(a05_open_memory), A(a05_open_disk), A(a05_open_kvm),
    A(a05_open_fuse), A(a05_open_tun), A(a05_open_kmsg),
    A(a06_mount), A(a06_remount), A(a06_remount_proc_sys), A(a06_unmount_mask), A(a06_bind), A(a06_make_shared),
    A(a06_overlay), A(a06_proc), A(a06_move_mount), A(a06_open_tree), A(a06_open_tree_attr), A(a06_fsopen),
    A(a06_fspick), A(a06_mount_setattr),
    A(a08_double_chroot), A(a08_pivot_root), A(a09_open_by_handle), A(a09_name_to_handle),
    A(a14_symlink_to_canary), A(a14_hardlink_to_program),
    A(a27_kallsyms), A(a27_kcore), A(a27_kmsg), A(a27_timer_list), A(a27_keys), A(a27_sys), A(a27_debugfs),
    A(a41_oom_score), {NULL, NULL}};
