#pragma once
// One accepted connection of http_server.cpp: buffered reading with limits, and how a request's body is
// framed. What requests mean and how answers are written is not known here.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/http.h"
#include "base/result.h"

namespace base {

class Connection {
 public:
  /// `socket` is connected; reading and writing wait at most a minute.
  explicit Connection(Fd socket);

  /// Waits for the first byte of the next request; false when none came in `time` or the peer is gone.
  bool wait_for_request(std::chrono::milliseconds time);
  /// From here until end_head() no more than 128 KiB are read, for no longer than half a minute.
  void begin_head();
  void end_head() { head_left_ = SIZE_MAX; }
  /// The header fields as they came in that time.
  [[nodiscard]] Headers headers() const;
  /// As read(2): 0 at the end, -1 on a fault, a time-out or a head that is too long.
  ssize_t read(char* buffer, std::size_t size);
  ssize_t write(const char* bytes, std::size_t size);

  /// The request is whole, with its body.
  void has_asked() { asks_since_ = Time(); }
  /// When the request began that the peer is still sending, or much of its body came last; the epoch when
  /// there is none.
  [[nodiscard]] std::chrono::steady_clock::time_point asks_since() const { return asks_since_; }

  /// Waiting for a request, so that nothing is lost when it is shut down.
  [[nodiscard]] bool idle() const { return idle_; }
  /// Ends both directions; may be called from another thread.
  void shut_down();
  /// Ends writing and reads what the peer still sends for a moment, lest a reset overtake our answer.
  void close_gently();
  /// The peer's address and port.
  [[nodiscard]] std::pair<std::string, int> peer() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kLongestHead = 128 * 1024;

  Fd socket_;
  std::atomic<bool> idle_ = false;
  std::atomic<Time> asks_since_ = Time();
  std::size_t head_left_ = SIZE_MAX;
  std::string head_;
  std::array<char, 16 * 1024> buffer_;
  std::size_t buffered_from_ = 0;
  std::size_t buffered_to_ = 0;
};

/// The body of the request whose head was just read from a connection (RFC 9112 section 6).
class RequestBody {
 public:
  /// Contradictory or unreadable framing is invalid_input: the connection cannot be used any further.
  static Result<RequestBody> of(Connection& connection, const Headers& headers);

  /// Gives the rest of the body to `sink` piece by piece; false from it stops and is an error.
  Result<void> read(const std::function<bool(std::string_view)>& sink);
  /// Reads away up to `limit` bytes of what nobody wanted; false when more is left.
  bool discard(std::uint64_t limit);

 private:
  RequestBody(Connection& connection, bool chunked, std::uint64_t length)
      : connection_(&connection), chunked_(chunked), left_(length), finished_(!chunked && length == 0) {
    if (finished_) connection.has_asked();
  }
  Result<void> read_piece(const std::function<bool(std::string_view)>& sink);
  Result<void> read_chunk_head();
  Result<std::string> read_line();

  Connection* connection_;
  bool chunked_;
  std::uint64_t left_;  ///< of the body, or of the chunk
  bool finished_;
  bool broken_ = false;
};

}  // namespace base
