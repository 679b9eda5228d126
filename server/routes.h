#pragma once
// Which handler answers which request: methods and paths with names in braces. Who may ask is checked here,
// once for all.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_server.h"
#include "base/json_fwd.h"
#include "server/config.h"

namespace server {

/// What a route asks of the caller.
enum class Access { anybody, read, run, admin };

struct Call {
  const base::ServerRequest& request;
  std::map<std::string, std::string, std::less<>> parts;  ///< what stands for {names}
  std::string caller;                                     ///< the token's name; empty: nobody in particular

  [[nodiscard]] const std::string& part(std::string_view name) const { return parts.find(name)->second; }
  /// A part that is a number; 0 when it is none.
  [[nodiscard]] std::int64_t number(std::string_view name) const;
};

using CallHandler = std::function<base::ServerResponse(const Call&)>;

class Routes {
 public:
  explicit Routes(const Config& config) : config_(config) {}
  /// `GET`, `/api/runs/{id}`.
  void add(std::string_view method, std::string_view path, Access access, CallHandler handler);
  [[nodiscard]] base::ServerResponse answer(const base::ServerRequest& request) const;
  /// "GET /api/runs/{id}" of each, for the test of the API's document.
  [[nodiscard]] std::vector<std::string> list() const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Access access;
    CallHandler handler;
  };
  [[nodiscard]] std::optional<base::ServerResponse> refuse(const Route& route, Call& call) const;

  const Config& config_;
  std::vector<Route> routes_;
};

base::ServerResponse json_answer(int status, const base::Json& body);
/// `{"error": {"message": …}}`
base::ServerResponse refusal(int status, std::string_view message);
/// With the status that fits the error's kind.
base::ServerResponse refusal(const base::Error& error);

}  // namespace server
