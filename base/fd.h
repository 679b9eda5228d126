#pragma once
// Owned file descriptors and pipes. Not for sockets' protocols (http_*) nor for whole files (files.h).

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace base {

/// Owns one file descriptor; -1 is none. Closing errors are ignored.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};
/// Both ends are close-on-exec.
Result<Pipe> make_pipe();

/// Writes all bytes, retrying on EINTR and on a full pipe.
Result<void> write_all(int fd, std::string_view bytes);
/// Reads until end of file; more than `limit` bytes is an error.
Result<std::string> read_all(int fd, std::size_t limit = 1U << 30);

}  // namespace base
