#include "runner/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace runner {

namespace {

constexpr std::size_t kPipeSize = 1U << 20;

/// One direction: what was read and not yet written waits in a pipe.
class Direction {
 public:
  Direction(int from, int to, base::Pipe pipe) : from_(from), to_(to), pipe_(std::move(pipe)) {
    ::fcntl(pipe_.write.get(), F_SETPIPE_SZ, static_cast<int>(kPipeSize));
  }

  [[nodiscard]] bool done() const { return ended_ && waiting_ == 0; }
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] short wanted_from() const { return !ended_ && waiting_ == 0 ? POLLIN : 0; }
  [[nodiscard]] short wanted_to() const { return waiting_ > 0 ? POLLOUT : 0; }

  void move() {
    if (!ended_ && waiting_ == 0) read();
    if (waiting_ > 0) write();
  }

 private:
  void read() {
    const ssize_t count =
        ::splice(from_, nullptr, pipe_.write.get(), nullptr, kPipeSize, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count > 0) waiting_ = static_cast<std::size_t>(count);
    if (count < 0 && errno != EAGAIN && errno != EINTR) broken_ = true;
    if (count != 0) return;
    ended_ = true;
    ::shutdown(to_, SHUT_WR);
  }
  void write() {
    const ssize_t count =
        ::splice(pipe_.read.get(), nullptr, to_, nullptr, waiting_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count < 0 && errno != EAGAIN && errno != EINTR) broken_ = true;
    if (count <= 0) return;
    waiting_ -= static_cast<std::size_t>(count);
    bytes_ += static_cast<std::uint64_t>(count);
  }

  int from_;
  int to_;
  base::Pipe pipe_;
  std::size_t waiting_ = 0;
  std::uint64_t bytes_ = 0;
  bool ended_ = false;
  bool broken_ = false;
};

}  // namespace

RelayedBytes relay(int first, int second, int wake) {
  auto there = base::make_pipe();
  auto back = base::make_pipe();
  if (!there || !back) return {};
  for (const int socket : {first, second}) ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  Direction out(first, second, std::move(*there));
  Direction in(second, first, std::move(*back));
  while (!(out.done() && in.done()) && !out.broken() && !in.broken()) {
    // A socket that nothing is wanted of is left out: it would report its end again and again.
    const auto of_first = static_cast<short>(out.wanted_from() | in.wanted_to());
    const auto of_second = static_cast<short>(in.wanted_from() | out.wanted_to());
    pollfd watched[3] = {{of_first != 0 ? first : -1, of_first, 0},
                         {of_second != 0 ? second : -1, of_second, 0},
                         {wake, POLLIN, 0}};
    if (::poll(watched, 3, -1) < 0 && errno != EINTR) break;
    if (watched[2].revents != 0) break;
    out.move();
    in.move();
  }
  return {out.bytes(), in.bytes()};
}

}  // namespace runner
