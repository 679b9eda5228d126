#include "base/http_connection.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace base {

namespace {

constexpr int kIoSeconds = 60;
constexpr auto kHeadTime = std::chrono::seconds(30);
constexpr ssize_t kMuch = 4096;
constexpr std::size_t kLongestChunkLine = 4096;
constexpr auto kGentleClose = std::chrono::milliseconds(500);

Error framing_error(std::string_view what) {
  return make_error(ErrorKind::invalid_input, fmt::format("the request's body cannot be read: {}", what));
}

Error cut_short() {
  return make_error(ErrorKind::unavailable, "the request's body did not arrive whole");
}

std::chrono::milliseconds left_until(std::chrono::steady_clock::time_point end) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
}

bool wait_readable(int socket, std::chrono::milliseconds time) {
  pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
}

}  // namespace

Connection::Connection(Fd socket) : socket_(std::move(socket)) {
  const int yes = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const timeval limit{.tv_sec = kIoSeconds, .tv_usec = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool Connection::wait_for_request(std::chrono::milliseconds time) {
  if (buffered_from_ < buffered_to_) return true;
  idle_ = true;
  const bool came = wait_readable(socket_.get(), time);
  idle_ = false;
  return came;
}

void Connection::begin_head() {
  head_.clear();
  head_left_ = kLongestHead;
  asks_since_ = std::chrono::steady_clock::now();
}

Headers Connection::headers() const {
  Headers headers;
  bool is_request_line = true;
  for (const auto line : lines_of(head_)) {
    const auto colon = line.find(':');
    if (!is_request_line && colon != std::string_view::npos) {
      headers.emplace(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
    is_request_line = false;
  }
  return headers;
}

ssize_t Connection::read(char* buffer, std::size_t size) {
  if (head_left_ == 0) return -1;
  size = std::min(size, head_left_);
  if (buffered_from_ == buffered_to_) {
    const bool in_head = head_left_ != SIZE_MAX;
    // Who sends a byte now and then would hold its thread for days.
    if (in_head) {
      const auto left = left_until(asks_since_.load() + kHeadTime);
      if (left.count() <= 0 || !wait_readable(socket_.get(), left)) return -1;
    }
    const bool direct = size >= buffer_.size() && !in_head;
    ssize_t count = -1;
    do {
      count = ::recv(socket_.get(), direct ? buffer : buffer_.data(), direct ? size : buffer_.size(), 0);
    } while (count < 0 && errno == EINTR);
    // A long body that keeps coming is not slow.
    if (!in_head && count >= kMuch) asks_since_ = std::chrono::steady_clock::now();
    if (count <= 0 || direct) return count;
    buffered_from_ = 0;
    buffered_to_ = static_cast<std::size_t>(count);
  }
  const std::size_t count = std::min(size, buffered_to_ - buffered_from_);
  std::memcpy(buffer, buffer_.data() + buffered_from_, count);
  buffered_from_ += count;
  if (head_left_ != SIZE_MAX) {
    head_left_ -= count;
    head_.append(buffer, count);
  }
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* bytes, std::size_t size) {
  while (true) {
    const ssize_t count = ::send(socket_.get(), bytes, size, MSG_NOSIGNAL);
    if (count >= 0 || errno != EINTR) return count;
  }
}

void Connection::shut_down() {
  ::shutdown(socket_.get(), SHUT_RDWR);
}

void Connection::close_gently() {
  ::shutdown(socket_.get(), SHUT_WR);
  const auto end = std::chrono::steady_clock::now() + kGentleClose;
  while (true) {
    const auto left = left_until(end);
    if (left.count() <= 0 || !wait_readable(socket_.get(), left)) return;
    if (::recv(socket_.get(), buffer_.data(), buffer_.size(), 0) <= 0) return;
  }
}

std::pair<std::string, int> Connection::peer() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  char text[INET6_ADDRSTRLEN] = "";
  if (::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {"", 0};
  if (storage.ss_family == AF_INET6) {
    const auto* address = reinterpret_cast<const sockaddr_in6*>(&storage);
    ::inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof text);
    return {text, ntohs(address->sin6_port)};
  }
  const auto* address = reinterpret_cast<const sockaddr_in*>(&storage);
  ::inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
  return {text, ntohs(address->sin_port)};
}

Result<RequestBody> RequestBody::of(Connection& connection, const Headers& headers) {
  const auto coding = header_value(headers, "Transfer-Encoding");
  const auto [first, last] = headers.equal_range(std::string_view("Content-Length"));
  if (coding) {
    // Both at once is how a request is smuggled past a proxy.
    if (first != last) return framing_error("it has both a Transfer-Encoding and a Content-Length");
    if (!equals_ignoring_case(trim(*coding), "chunked")) {
      return framing_error(fmt::format("expected the transfer encoding 'chunked', found '{}'", *coding));
    }
    return RequestBody(connection, true, 0);
  }
  if (first == last) return RequestBody(connection, false, 0);
  for (auto other = first; other != last; ++other) {
    if (other->second != first->second) return framing_error("it has two different Content-Lengths");
  }
  const auto length = parse_integer(trim(first->second));
  if (!length || *length < 0) {
    return framing_error(fmt::format("expected a Content-Length of digits, found '{}'", first->second));
  }
  return RequestBody(connection, false, static_cast<std::uint64_t>(*length));
}

Result<std::string> RequestBody::read_line() {
  std::string line;
  char c = 0;
  while (line.size() < kLongestChunkLine) {
    if (connection_->read(&c, 1) != 1) return cut_short();
    if (c == '\n') {
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    line += c;
  }
  return framing_error("a chunk's line is too long");
}

Result<void> RequestBody::read_chunk_head() {
  TRY(const auto line, read_line());
  const std::string_view digits = trim(std::string_view(line).substr(0, line.find(';')));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return framing_error("expected a chunk's size in hexadecimal digits");
  }
  if (left_ > 0) return {};
  for (int trailers = 0; trailers < 100; ++trailers) {
    TRY(const auto trailer, read_line());
    if (!trailer.empty()) continue;
    finished_ = true;
    return {};
  }
  return framing_error("too many trailers");
}

Result<void> RequestBody::read_piece(const std::function<bool(std::string_view)>& sink) {
  if (chunked_ && left_ == 0) {
    TRY(read_chunk_head());
    if (finished_) return {};
  }
  std::array<char, 64 * 1024> buffer;
  const ssize_t count = connection_->read(buffer.data(), std::min<std::uint64_t>(left_, buffer.size()));
  if (count <= 0) return cut_short();
  left_ -= static_cast<std::uint64_t>(count);
  if (left_ == 0) {
    if (!chunked_) finished_ = true;
    if (chunked_) {
      TRY(const auto end, read_line());
      if (!end.empty()) return framing_error("a chunk is longer than it says");
    }
  }
  if (!sink({buffer.data(), static_cast<std::size_t>(count)})) {
    return make_error(ErrorKind::cancelled, "the request's body was refused while it came in");
  }
  return {};
}

Result<void> RequestBody::read(const std::function<bool(std::string_view)>& sink) {
  while (!finished_) {
    if (broken_) return cut_short();
    bool refused = false;
    auto read = read_piece([&](std::string_view piece) {
      refused = !sink(piece);
      return !refused;
    });
    if (read) continue;
    broken_ = !refused;
    return read;
  }
  connection_->has_asked();
  return {};
}

bool RequestBody::discard(std::uint64_t limit) {
  if (!chunked_ && left_ > limit) return false;
  std::uint64_t seen = 0;
  const auto counted = read([&](std::string_view piece) {
    seen += piece.size();
    return seen <= limit;
  });
  return counted.ok();
}

}  // namespace base
