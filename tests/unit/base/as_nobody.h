#pragma once
// What the kernel lets root pass over can only be tested as somebody else.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"

namespace base {

inline constexpr uid_t kNobody = 65534;

/// What `run` tells as a user without rights, in a process of its own; "" is that all went well.
template <typename Run>
std::string as_nobody(Run run) {
  auto pipe = make_pipe();
  if (!pipe.ok()) return pipe.error().to_string();
  const pid_t pid = ::fork();
  if (pid < 0) return "cannot fork";
  if (pid == 0) {
    const bool became = ::geteuid() != 0 || (::setresgid(kNobody, kNobody, kNobody) == 0 &&
                                             ::setresuid(kNobody, kNobody, kNobody) == 0);
    const std::string told = became ? run() : "cannot become nobody";
    (void)write_all(pipe->write.get(), told);
    ::_exit(0);
  }
  pipe->write.reset();
  const auto told = read_all(pipe->read.get());
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0) return "the process ended with status " + std::to_string(status);
  return told.ok() ? *told : told.error().to_string();
}

/// Gives a tree's entry to nobody.
inline void give_to_nobody(const Path& path) {
  if (::geteuid() != 0) return;
  EXPECT_EQ(::lchown(path.c_str(), kNobody, kNobody), 0) << path;
}

}  // namespace base
