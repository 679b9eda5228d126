#include "emulator/http_connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <tuple>

namespace emulator {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kLargestHead = 64 * 1024;
constexpr std::size_t kPiece = 64 * 1024;

int milliseconds_until(SteadyClock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

}  // namespace

HttpConnection::HttpConnection(base::Fd socket, int stop_fd) : socket_(std::move(socket)), stop_fd_(stop_fd) {
  const int flags = fcntl(socket_.get(), F_GETFL);
  (void)fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
  const int one = 1;
  (void)setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

Transfer HttpConnection::wait_for(short events, SteadyClock::time_point deadline) const {
  while (true) {
    std::array<pollfd, 2> polled{{{socket_.get(), events, 0}, {stop_fd_, POLLIN, 0}}};
    const int count = poll(polled.data(), polled.size(), milliseconds_until(deadline));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Transfer::closed;
    if (polled[1].revents != 0) return Transfer::stopped;
    if (polled[0].revents != 0) return Transfer::ok;
    if (SteadyClock::now() >= deadline) return Transfer::timed_out;
  }
}

Transfer HttpConnection::fill(SteadyClock::time_point deadline) {
  std::array<char, kPiece> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by recv
  while (true) {
    const ssize_t count = recv(socket_.get(), piece.data(), piece.size(), 0);
    if (count > 0) {
      buffer_.append(piece.data(), static_cast<std::size_t>(count));
      return Transfer::ok;
    }
    if (count == 0) return Transfer::closed;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Transfer::closed;
    if (const Transfer ready = wait_for(POLLIN, deadline); ready != Transfer::ok) return ready;
  }
}

Transfer HttpConnection::read_head(std::string& head, std::chrono::milliseconds timeout) {
  const auto deadline = SteadyClock::now() + timeout;
  std::size_t searched = 0;
  while (true) {
    // Empty lines before a request line are skipped (RFC 9112 section 2.2).
    while (buffer_.starts_with("\r\n")) buffer_.erase(0, 2);
    const std::size_t end = buffer_.find("\r\n\r\n", searched);
    if (end != std::string::npos) {
      if (end + 4 > kLargestHead) return Transfer::too_large;
      head = buffer_.substr(0, end + 4);
      buffer_.erase(0, end + 4);
      return Transfer::ok;
    }
    if (buffer_.size() > kLargestHead) return Transfer::too_large;
    searched = buffer_.size() < 3 ? 0 : buffer_.size() - 3;
    const Transfer filled = fill(deadline);
    if (filled == Transfer::closed && !buffer_.empty()) return Transfer::malformed;
    if (filled != Transfer::ok) return filled;
  }
}

Transfer HttpConnection::read_some(std::string& bytes, std::size_t limit, std::chrono::milliseconds timeout) {
  if (buffer_.empty()) {
    if (const Transfer filled = fill(SteadyClock::now() + timeout); filled != Transfer::ok) return filled;
  }
  const std::size_t count = std::min(limit, buffer_.size());
  bytes.assign(buffer_, 0, count);
  buffer_.erase(0, count);
  return Transfer::ok;
}

Transfer HttpConnection::write(std::string_view bytes, std::chrono::milliseconds timeout) {
  auto deadline = SteadyClock::now() + timeout;
  while (!bytes.empty()) {
    const ssize_t count = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      deadline = SteadyClock::now() + timeout;
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return Transfer::closed;
    if (const Transfer ready = wait_for(POLLOUT, deadline); ready != Transfer::ok) return ready;
  }
  return Transfer::ok;
}

bool HttpConnection::has_something_to_read() const {
  if (!buffer_.empty()) return true;
  pollfd polled{socket_.get(), POLLIN | POLLRDHUP, 0};
  return poll(&polled, 1, 0) != 0;
}

RelayEnd relay_body(HttpConnection& source, const BodyFraming& framing, ChunkedBytes chunked,
                    std::chrono::milliseconds idle_timeout, const BodySink& sink) {
  RelayEnd end;
  std::uint64_t left = framing.length;
  ChunkScanner scanner;
  std::string bytes;
  while (true) {
    if (framing.kind == BodyFraming::Kind::none) return end;
    if (framing.kind == BodyFraming::Kind::length && left == 0) return end;
    if (framing.kind == BodyFraming::Kind::chunked && scanner.done()) return end;
    const std::size_t limit =
        framing.kind == BodyFraming::Kind::length ? std::min<std::uint64_t>(left, kPiece) : kPiece;
    end.source = source.read_some(bytes, limit, idle_timeout);
    if (end.source == Transfer::closed && framing.kind == BodyFraming::Kind::until_close)
      end.source = Transfer::ok;
    else if (end.source == Transfer::ok && !bytes.empty()) {
      if (framing.kind == BodyFraming::Kind::length) left -= bytes.size();
      if (framing.kind == BodyFraming::Kind::chunked) {
        std::string payload;
        auto used = scanner.feed(bytes, chunked == ChunkedBytes::decoded ? &payload : nullptr);
        if (!used) {
          end.source = Transfer::malformed;
          return end;
        }
        source.unread(std::string_view(bytes).substr(*used));
        bytes.resize(*used);
        if (chunked == ChunkedBytes::decoded) bytes = std::move(payload);
      }
      end.sink = sink(bytes);
      if (end.sink != Transfer::ok) return end;
      continue;
    }
    return end;
  }
}

void relay_both_ways(HttpConnection& a, HttpConnection& b, int stop_fd) {
  constexpr auto kIdle = std::chrono::seconds(60);
  std::string bytes;
  while (true) {
    std::array<pollfd, 3> polled{{{a.fd(), POLLIN, 0}, {b.fd(), POLLIN, 0}, {stop_fd, POLLIN, 0}}};
    const bool buffered = a.has_started_to_answer() || b.has_started_to_answer();
    const int count = poll(polled.data(), polled.size(), buffered ? 0 : 60'000);
    if ((count < 0 && errno != EINTR) || polled[2].revents != 0 || (count == 0 && !buffered)) return;
    for (auto [from, to, ready] :
         {std::tuple(&a, &b, polled[0].revents != 0), std::tuple(&b, &a, polled[1].revents != 0)}) {
      if (!ready && !from->has_started_to_answer()) continue;
      if (from->read_some(bytes, kPiece, kIdle) != Transfer::ok) return;
      if (to->write(bytes, kIdle) != Transfer::ok) return;
    }
  }
}

}  // namespace emulator
