#pragma once
// The data plane of a load balancer: one real HTTP/1.1 listener that passes requests to targets. Which target
// group a request goes to is the router's answer (elb_state.h), which target the group's (target_group.h).

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/fd.h"
#include "base/result.h"
#include "emulator/http_message.h"
#include "emulator/target_group.h"

namespace emulator {

/// Where a request goes: to a group, or answered at once.
struct RouteDecision {
  std::shared_ptr<TargetGroup> group;
  struct FixedResponse {
    int status = 503;
    std::string content_type = "text/plain";
    std::string body;
  };
  std::optional<FixedResponse> fixed;
  std::string cookie;  ///< for Set-Cookie of the answer; empty: none
};
using Router = std::function<RouteDecision(const RequestHead& head)>;

/// What the listener itself counted.
struct FrontCounters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> answered_502{0};
  std::atomic<std::uint64_t> answered_503{0};
  std::atomic<std::uint64_t> answered_504{0};
  std::atomic<std::uint64_t> retried{0};
};

class ListenerServer {
 public:
  /// Listens on 127.0.0.1; port 0 takes one that the system gives.
  static base::Result<std::unique_ptr<ListenerServer>> start(std::uint16_t port, Router router);
  /// Closes the connections and joins the threads, within a second.
  ~ListenerServer();
  ListenerServer(const ListenerServer&) = delete;
  ListenerServer& operator=(const ListenerServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const FrontCounters& counters() const { return counters_; }

 private:
  struct Client;
  ListenerServer(base::Fd listener, base::Fd stop, std::uint16_t port, Router router);
  void accept_connections();
  void reap(bool all);

  base::Fd listener_;
  base::Fd stop_;
  std::uint16_t port_;
  Router router_;
  FrontCounters counters_;
  std::list<std::unique_ptr<Client>> clients_;
  std::thread accepter_;
};

}  // namespace emulator
