#pragma once
// A target for load balancer tests: a TCP server on loopback that answers with the very bytes it is told to.

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/listening_socket.h"

namespace emulator {

/// True as soon as the condition is; false when it is not within ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

inline std::string ok_with(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class Backend {
 public:
  /// What to write for a request, given its head and an fd to read its body from; nothing closes.
  using Answer = std::function<std::string(const std::string& head, int socket)>;
  explicit Backend(Answer answer) : answer_(std::move(answer)) {
    listener_ = base::listen_on("127.0.0.1", 0).value();
    port_ = base::port_of(listener_.get());
    accepter_ = std::thread([this] { accept_all(); });
  }
  explicit Backend(const std::string& body)
      : Backend([body](const std::string&, int) { return ok_with(body); }) {}
  ~Backend() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    accepter_.join();
    for (auto& connection : connections_) {
      ::shutdown(connection.socket.get(), SHUT_RDWR);
      connection.thread.join();
    }
  }
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Heads of the requests so far, health checks not counted.
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::atomic<int> health{200};     ///< the status that health checks get
  std::atomic<int> connections{0};  ///< accepted so far

 private:
  struct Connection {
    base::Fd socket;
    std::thread thread;
  };

  void accept_all() {
    while (true) {
      base::Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket) return;
      ++connections;
      connections_.emplace_back().socket = std::move(socket);
      Connection& connection = connections_.back();
      connection.thread = std::thread([this, fd = connection.socket.get()] {
        serve(fd);
        ::shutdown(fd, SHUT_RDWR);
      });
    }
  }

  void serve(int socket) {
    while (true) {
      std::string head;
      for (char c = 0; !head.ends_with("\r\n\r\n"); head += c)
        if (::recv(socket, &c, 1, 0) != 1) return;
      std::string answer;
      if (head.find("ELB-HealthChecker") != std::string::npos) {
        answer = "HTTP/1.1 " + std::to_string(health) + " X\r\nContent-Length: 0\r\n\r\n";
      } else {
        {
          const std::lock_guard lock(mutex_);
          requests_.push_back(head);
        }
        answer = answer_(head, socket);
      }
      if (answer.empty()) return;
      std::string_view left = answer;
      while (!left.empty()) {
        const ssize_t count = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
        if (count <= 0) return;
        left.remove_prefix(static_cast<std::size_t>(count));
      }
      if (answer.find("\r\nConnection: close") != std::string::npos) return;
    }
  }

  Answer answer_;
  base::Fd listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::list<Connection> connections_;  ///< of the accepter until it is joined
  std::thread accepter_;
};

/// Exactly so many bytes of a body, or what came before the end.
inline std::string read_bytes(int socket, std::size_t count) {
  std::string bytes(count, '\0');
  const ssize_t got = ::recv(socket, bytes.data(), count, MSG_WAITALL);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

}  // namespace emulator
