#pragma once
// HTTP/1.1 message heads and body framing as bytes, for the load balancer, which passes messages through
// without owning them. Pure; sockets are http_connection.h. Strict where leniency lets one message hide
// another.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace emulator {

/// Fields in the order they came, names as written.
struct MessageHead {
  std::string start_line;
  std::vector<std::pair<std::string, std::string>> fields;

  [[nodiscard]] std::optional<std::string> field(std::string_view name) const;
  void remove(std::string_view name);
  void add(std::string name, std::string value) { fields.emplace_back(std::move(name), std::move(value)); }
  /// With the empty line that ends it.
  [[nodiscard]] std::string to_text() const;
};

struct RequestHead : MessageHead {
  std::string method;
  std::string target;
  int minor_version = 1;
  [[nodiscard]] std::string path() const;  ///< the target without its query
  [[nodiscard]] std::string host() const;  ///< lower case, without its port
};

struct ResponseHead : MessageHead {
  int status = 0;
  int minor_version = 1;
};

/// `text` is all bytes before and with the empty line. Folded lines, blanks before a colon and control
/// characters are errors (RFC 9112 section 5).
base::Result<RequestHead> parse_request_head(std::string_view text);
base::Result<ResponseHead> parse_response_head(std::string_view text);

struct BodyFraming {
  enum class Kind { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

/// Transfer-Encoding together with Content-Length, or lengths that disagree, are errors (RFC 9112
/// section 6.3).
base::Result<BodyFraming> request_framing(const RequestHead& head);
base::Result<BodyFraming> response_framing(const ResponseHead& head, std::string_view request_method);

/// Whether the sender of this message keeps its connection open after it.
bool keeps_alive(const MessageHead& head, int minor_version);
/// Removes Connection, what it names, Keep-Alive, Proxy-Connection, TE and Upgrade.
void remove_hop_by_hop(MessageHead& head);

/// Finds the end of a chunked body in a stream and its payload.
class ChunkScanner {
 public:
  /// How many of `bytes` belong to the body; all of them until it is done. Payload is appended when wanted.
  base::Result<std::size_t> feed(std::string_view bytes, std::string* payload = nullptr);
  [[nodiscard]] bool done() const { return state_ == State::done; }

 private:
  enum class State { size_line, payload, payload_end, trailer_line, done };
  base::Result<void> end_of_line();
  State state_ = State::size_line;
  std::string line_;
  std::uint64_t left_ = 0;
};

/// A whole answer of the load balancer itself.
std::string simple_response(int status, std::string_view reason, std::string_view body, bool keep_alive);

}  // namespace emulator
