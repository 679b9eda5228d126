// Tries what a hostile step would try, each in a process of its own, and prints one JSON object: attempt → errno
// name, "OK", a signal, or what was seen. Names begin with the number of the attack in docs/attacks.md.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

char said[512];

const char* told(const char* variable) {
  const char* value = getenv(variable);
  return value == NULL ? "" : value;
}

int outcome(long result) { return result < 0 ? errno : 0; }

int try_open(const char* path, int flags) {
  const int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC, 0666);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

static const char* text_of(int result, char* buffer, size_t size) {
  if (result == 0) return "OK";
  if (result == SAID) return said;
  const char* name = strerrorname_np(result);
  if (name != NULL) return name;
  snprintf(buffer, size, "%d", result);
  return buffer;
}

static void print_json_text(const char* text) {
  putchar('"');
  for (; *text != 0; ++text) {
    if (*text == '"' || *text == '\\') putchar('\\');
    if ((unsigned char)*text >= 0x20) putchar(*text);
  }
  putchar('"');
}

// In a child: an attempt may end its process, or leave it without rights.
static void run(const struct Named* named, int* first) {
  int ends[2];
  if (pipe(ends) != 0) exit(2);
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    alarm(10);
    char buffer[32];
    const char* text = text_of(named->attempt(), buffer, sizeof buffer);
    const ssize_t written = write(ends[1], text, strlen(text));
    _exit(written < 0);
  }
  close(ends[1]);
  char text[sizeof said] = "";
  size_t length = 0;
  ssize_t count = 0;
  while (length < sizeof text - 1 && (count = read(ends[0], text + length, sizeof text - 1 - length)) > 0) {
    length += (size_t)count;
  }
  text[length] = 0;
  close(ends[0]);
  int status = 0;
  if (pid < 0) snprintf(text, sizeof text, "fork: %s", strerrorname_np(errno));
  if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status)) {
    snprintf(text, sizeof text, "SIG%s", sigabbrev_np(WTERMSIG(status)));
  }
  if (!*first) putchar(',');
  *first = 0;
  print_json_text(named->name);
  putchar(':');
  print_json_text(text);
}

// Every port of an address: which of them take a connection.
static int scan(const char* address) {
  printf("open on %s:", address);
  for (int port = 1; port < 65536; ++port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) return 2;
    int result = connect(fd, (struct sockaddr*)&to, sizeof to);
    struct pollfd watched = {.fd = fd, .events = POLLOUT};
    if (result != 0 && errno == EINPROGRESS && poll(&watched, 1, 1000) == 1) {
      socklen_t length = sizeof result;
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &length);
    }
    // A connection that got its own port for a sender's is one to itself.
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    const int to_itself = getsockname(fd, (struct sockaddr*)&own, &size) == 0 && ntohs(own.sin_port) == port;
    if (result == 0 && !to_itself) printf(" %d", port);
    close(fd);
  }
  puts(".");
  return 0;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "--ids") == 0) {  // what an attempt at setuid started
    char line[256];
    char capabilities[64] = "?";
    FILE* status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) sscanf(line, "CapEff: %63s", capabilities);
    printf("uid %d, capabilities %s", (int)geteuid(), capabilities);
    return 0;
  }
  if (argc > 2 && strcmp(argv[1], "--scan") == 0) return scan(argv[2]);
  char map[64] = "";
  FILE* ids = fopen("/proc/self/uid_map", "r");
  // Without namespaces a filter shows that it is a sandbox; root of the host it may not be.
  const int filtered = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 && geteuid() != 0;
  if (!filtered && (ids == NULL || fgets(map, sizeof map, ids) == NULL || strstr(map, "4294967295") != NULL)) {
    fputs("attack_probe: only inside a sandbox; here it would succeed\n", stderr);
    return 2;
  }
  fclose(ids);
  const struct Named* tables[] = {kFileAttempts, kKernelAttempts, kProcessAttempts, kForeignAttempts};
  int first = 1;
  putchar('{');
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; ++i) {
    for (const struct Named* named = tables[i]; named->name != NULL; ++named) run(named, &first);
  }
  puts("}");
  return 0;
}
