#pragma once
// One TCP connection that speaks HTTP/1.1, for the load balancer and the health checks: reads heads and bytes
// with time limits, writes all, and gives up at once when its owner stops. Parsing is http_message.h.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "emulator/http_message.h"

namespace emulator {

enum class Transfer { ok, closed, timed_out, too_large, malformed, stopped };

class HttpConnection {
 public:
  /// `stop_fd` becomes readable when everything shall end; it is borrowed.
  HttpConnection(base::Fd socket, int stop_fd);
  HttpConnection(HttpConnection&&) = default;
  HttpConnection& operator=(HttpConnection&&) = default;

  /// All bytes of the next head, with its empty line; `closed` when the other side ended before the first
  /// byte.
  Transfer read_head(std::string& head, std::chrono::milliseconds timeout);
  /// Some bytes, at most `limit`.
  Transfer read_some(std::string& bytes, std::size_t limit, std::chrono::milliseconds timeout);
  /// Gives back bytes that were read too far.
  void unread(std::string_view bytes) { buffer_.insert(0, bytes); }
  Transfer write(std::string_view bytes, std::chrono::milliseconds timeout);

  /// From now on another owner's.
  void stop_with(int stop_fd) { stop_fd_ = stop_fd; }

  /// Whether bytes or the end came although nothing was asked: then an idle connection may not be used again.
  [[nodiscard]] bool has_something_to_read() const;
  [[nodiscard]] bool has_started_to_answer() const { return !buffer_.empty(); }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  Transfer wait_for(short events, std::chrono::steady_clock::time_point deadline) const;
  Transfer fill(std::chrono::steady_clock::time_point deadline);

  base::Fd socket_;
  int stop_fd_ = -1;
  std::string buffer_;
};

/// Which side of a relay ended it.
struct RelayEnd {
  Transfer source = Transfer::ok;
  Transfer sink = Transfer::ok;
  [[nodiscard]] bool ok() const { return source == Transfer::ok && sink == Transfer::ok; }
};

using BodySink = std::function<Transfer(std::string_view bytes)>;
enum class ChunkedBytes { as_they_are, decoded };
/// Passes one message body on, piece by piece. An until_close body ends ok when the source closes.
RelayEnd relay_body(HttpConnection& source, const BodyFraming& framing, ChunkedBytes chunked,
                    std::chrono::milliseconds idle_timeout, const BodySink& sink);
/// Bytes both ways until one side closes, for an upgraded connection.
void relay_both_ways(HttpConnection& a, HttpConnection& b, int stop_fd);

}  // namespace emulator
