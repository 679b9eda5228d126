// Attempts on other processes: the fork server, the runner, those of the host; and on rights by programs.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "probe.h"

static int read_some(const char* path) {
  char buffer[16];
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? errno : outcome(read(fd, buffer, sizeof buffer));
}

static int a10_environment(void) { return read_some("/proc/1/environ"); }
static int a10_memory(void) { return try_open("/proc/1/mem", O_RDWR); }
static int a10_maps(void) { return read_some("/proc/1/maps"); }
static int a10_root(void) { return try_open("/proc/1/root", O_RDONLY | O_DIRECTORY); }
static int a10_folder(void) { return try_open("/proc/1/cwd", O_RDONLY | O_DIRECTORY); }
static int a10_descriptors(void) { return try_open("/proc/1/fd", O_RDONLY | O_DIRECTORY); }
static int a10_program(void) { return try_open("/proc/1/exe", O_RDONLY); }
static int a10_write_program(void) { return try_open("/proc/1/exe", O_WRONLY); }
static int a10_stack(void) { return read_some("/proc/1/syscall"); }
static int a10_attach(void) { return outcome(ptrace(PTRACE_ATTACH, 1, 0, 0)); }
static int a10_seize(void) { return outcome(ptrace(PTRACE_SEIZE, 1, 0, 0)); }
static int a10_write_memory(void) {
  char byte = 0;
  const struct iovec local = {&byte, 1};
  const struct iovec remote = {(void*)0x400000, 1};
  return outcome(process_vm_writev(1, &local, 1, &remote, 1, 0));
}
static int a10_take_descriptor(void) { return outcome(syscall(438, (int)syscall(434, 1, 0), 3, 0)); }
static int a10_host_process(void) { return outcome(kill(atoi(told("ATTACK_PID")), SIGKILL)); }
static int a10_host_process_in_proc(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s", told("ATTACK_PID"));
  return try_open(path, O_RDONLY);
}
static int a10_signal_beyond(void) { return outcome(kill(-1, 0)); }

static int a11_own_program(void) { return try_open("/proc/self/exe", O_WRONLY); }

// Descriptors beyond the three, and what the three are.
static int a12_descriptors(void) {
  said[0] = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    char path[64];
    char target[256];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) continue;
    target[length] = 0;
    char* end = strpbrk(target, ":");
    if (end != NULL) *end = 0;  // "pipe:[1]": whatever number it has
    if (fd > 2 && strcmp(target, "pipe") == 0) continue;  // that of this attempt
    snprintf(said + strlen(said), sizeof said - strlen(said), "%s%d=%s", said[0] == 0 ? "" : " ", fd, target);
  }
  return SAID;
}

static int copy_of_self(const char* path) {
  const int from = open("/proc/self/exe", O_RDONLY);
  unlink(path);
  const int to = open(path, O_CREAT | O_WRONLY, 0755);
  if (from < 0 || to < 0) return errno;
  char buffer[65536];
  ssize_t count = 0;
  while ((count = read(from, buffer, sizeof buffer)) > 0) {
    if (write(to, buffer, (size_t)count) != count) return errno;
  }
  close(to);
  close(from);
  return 0;
}

// What a program gets that another user starts.
static int start_as_other(const char* path) {
  int ends[2];
  if (pipe(ends) != 0) return errno;
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    if (setresgid(1000, 1000, 1000) != 0 || setresuid(1000, 1000, 1000) != 0) {
      dprintf(1, "no other user: %s", strerrorname_np(errno));
      _exit(0);
    }
    char* arguments[] = {(char*)path, "--ids", NULL};
    char* environment[] = {NULL};
    execve(path, arguments, environment);
    dprintf(1, "execve: %s", strerrorname_np(errno));
    _exit(0);
  }
  close(ends[1]);
  const ssize_t count = read(ends[0], said, sizeof said - 1);
  said[count < 0 ? 0 : count] = 0;
  waitpid(pid, NULL, 0);
  return SAID;
}
static int a26_setuid_program(void) {
  const int copied = copy_of_self("/tmp/setuid-program");
  if (copied != 0) return copied;
  if (chmod("/tmp/setuid-program", 04755) != 0) return errno;
  return start_as_other("/tmp/setuid-program");
}
static int a26_file_capabilities(void) {
  const int copied = copy_of_self("/tmp/capable-program");
  if (copied != 0) return copied;
  const unsigned char all[20] = {1, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 1};
  if (setxattr("/tmp/capable-program", "security.capability", all, sizeof all, 0) != 0) return errno;
  return start_as_other("/tmp/capable-program");
}
static int a26_own_capabilities(void) {
  char line[256];
  FILE* status = fopen("/proc/self/status", "r");
  said[0] = 0;
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "CapEff:", 7) == 0 || strncmp(line, "CapBnd:", 7) == 0 || strncmp(line, "NoNewPrivs:", 11) == 0 ||
        strncmp(line, "Seccomp:", 8) == 0) {
      char name[32], value[64];
      if (sscanf(line, "%31[^:]: %63s", name, value) == 2)
        snprintf(said + strlen(said), sizeof said - strlen(said), "%s%s=%s", said[0] == 0 ? "" : " ", name, value);
    }
  }
  return SAID;
}
static int a26_host_root_in_map(void) {
  FILE* map = fopen("/proc/self/uid_map", "r");
  unsigned inside = 0, outside = 0, count = 0;
  while (map != NULL && fscanf(map, "%u %u %u", &inside, &outside, &count) == 3) {
    if (outside == 0) return 0;
  }
  return EPERM;
}

// The fork server handles none of them; PID 1 gets only what it handles.
static int a35_signal_the_fork_server(void) {
  for (int number = 1; number < 65; ++number) {
    if (kill(1, number) != 0 && errno != EINVAL) return errno;
  }
  return 0;
}
static int a37_other_processes(void) {
  DIR* processes = opendir("/proc");
  said[0] = 0;
  for (struct dirent* entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
    char path[300];
    char line[64];
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
    FILE* name = fopen(path, "r");
    if (name == NULL || fgets(line, sizeof line, name) == NULL) continue;
    line[strcspn(line, "\n")] = 0;
    if (strstr(said, line) == NULL && strlen(said) + strlen(line) + 2 < sizeof said) {
      strcat(strcat(said, said[0] == 0 ? "" : " "), line);
    }
    fclose(name);
  }
  return SAID;
}

#define A(name) {#name, name}
const struct Named kProcessAttempts[] = {
    A(a10_environment), A(a10_memory), A(a10_maps), A(a10_root), A(a10_folder), A(a10_descriptors), A(a10_program),
    A(a10_write_program), A(a10_stack), A(a10_attach), A(a10_seize), A(a10_write_memory), A(a10_take_descriptor),
    A(a10_host_process), A(a10_host_process_in_proc), A(a10_signal_beyond), A(a11_own_program), A(a12_descriptors),
    A(a26_setuid_program), A(a26_file_capabilities), A(a26_own_capabilities), A(a26_host_root_in_map),
    A(a35_signal_the_fork_server), A(a37_other_processes), {NULL, NULL}};
