#pragma once
// Passes bytes between connections that are made in different network namespaces: accepts at listeners, opens
// the other side by a function, copies both ways until both sides have ended. One thread for all of them. Not
// for what may connect to where: who adds a listener decides that.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace sandbox {

class StreamRelay {
 public:
  /// Opens the other side. Called on the relay's thread; an Error closes the connection.
  using Connect = std::function<base::Result<base::Fd>()>;

  static base::Result<std::unique_ptr<StreamRelay>> start();
  /// Ends all connections.
  ~StreamRelay();
  StreamRelay(const StreamRelay&) = delete;
  StreamRelay& operator=(const StreamRelay&) = delete;

  /// Serves a listening socket from now on; the number is for remove().
  base::Result<int> add(base::Fd listener, Connect connect);
  /// Stops accepting there. Connections that are open go on. When this returns, `connect` is not called any
  /// more.
  void remove(int number);

 private:
  struct Listener {
    base::Fd socket;
    Connect connect;
  };
  struct Connection;

  StreamRelay() = default;
  void run();
  void accept_at(int number);
  void open(base::Fd accepted, const Connect& connect);
  void watch_listeners();

  base::Fd epoll_;
  base::Fd wake_;
  std::atomic<bool> ending_{false};
  std::mutex mutex_;  ///< of the listeners
  std::map<int, Listener> listeners_;
  bool listening_ = true;  ///< not while there are too many connections
  int next_ = 1;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t next_connection_ = 0;
  std::thread thread_;
};

/// Takes listeners of a relay away when whatever they were made for ends. The relay must outlive it.
class RelayListeners {
 public:
  explicit RelayListeners(StreamRelay& relay) : relay_(relay) {}
  RelayListeners(const RelayListeners&) = delete;
  RelayListeners& operator=(const RelayListeners&) = delete;
  ~RelayListeners();
  void keep(int number) { numbers_.push_back(number); }

 private:
  StreamRelay& relay_;
  std::vector<int> numbers_;
};

}  // namespace sandbox
