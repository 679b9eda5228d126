#pragma once
// A small HTTP/1.1 server on a loopback or given address: one handler takes every request. Used by the
// emulator, the OIDC issuer and the results service; routing is theirs.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/http.h"
#include "base/result.h"

namespace base {

struct ServerRequest {
  std::string method;
  std::string path;    ///< percent-decoded, without the query
  std::string target;  ///< as sent: raw path and query, for signatures
  std::string query;   ///< raw, without '?'
  Headers headers;
  std::string remote_address;
  /// The request's body so far unread: calls `sink` for each chunk, false from it stops reading.
  std::function<Result<void>(const std::function<bool(std::string_view chunk)>& sink)> read_body;
  /// The whole body; larger than `limit` is an error.
  [[nodiscard]] Result<std::string> body(std::size_t limit = 32U << 20) const;
  /// The decoded value of a query parameter.
  [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
};

struct ServerResponse {
  int status = 200;
  Headers headers;
  std::string body;
  /// When set, `body` is not used: gives the bytes from `offset` on, empty ends it. `stream_size` is the
  /// length.
  std::function<std::string(std::uint64_t offset)> stream;
  std::uint64_t stream_size = 0;
  /// When set, neither of the two is used: calls `write` for each piece as it comes to be, and returns at the
  /// end or when `write` says that nobody reads any more. The answer's length is not known beforehand.
  std::function<void(const std::function<bool(std::string_view piece)>& write)> pour;
};

using RequestHandler = std::function<ServerResponse(const ServerRequest&)>;

class HttpServer {
 public:
  /// Listens at once; port 0 takes one that the system gives. The handler runs on several threads.
  static Result<std::unique_ptr<HttpServer>> start(const std::string& address, std::uint16_t port,
                                                   RequestHandler handler);
  /// On a socket that listens already.
  static Result<std::unique_ptr<HttpServer>> start_on(Fd listening, RequestHandler handler);
  /// Ends the requests under way and joins the threads.
  ~HttpServer();
  [[nodiscard]] std::uint16_t port() const;
  /// Serves what connects to a listening socket, too: one in another network namespace, say. The number is
  /// for stop_listening().
  Result<int> also_listen(Fd socket);
  /// Closes that socket; requests under way are answered.
  void stop_listening(int number);

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// `a=1&b=x+y` decoded; the order is kept.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

}  // namespace base
