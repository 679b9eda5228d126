// Starts `bash --noprofile --norc -e -c true` N times, one after the other, with the environment that it has
// itself, and prints the milliseconds that took.

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 1000;
  char bash[] = "bash", no_profile[] = "--noprofile", no_rc[] = "--norc", e[] = "-e", c[] = "-c",
       script[] = "true";
  char* arguments[] = {bash, no_profile, no_rc, e, c, script, nullptr};
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    pid_t pid = 0;
    int status = 0;
    if (::posix_spawn(&pid, "/usr/bin/bash", nullptr, nullptr, arguments, environ) != 0) return 1;
    if (::waitpid(pid, &status, 0) != pid || status != 0) return 1;
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  std::printf("%.3f\n", took.count());
}
