#include "emulator/load_balancer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/listening_socket.h"
#include "emulator/forward_request.h"

namespace emulator {
namespace {

constexpr std::size_t kMostClients = 512;

}  // namespace

struct ListenerServer::Client {
  std::thread thread;
  std::atomic<bool> done{false};
};

base::Result<std::unique_ptr<ListenerServer>> ListenerServer::start(std::uint16_t port, Router router) {
  TRY(base::Fd listener,
      base::listen_on("127.0.0.1", port).while_doing("starting a load balancer's listener"));
  // A client may be gone again before it is accepted.
  if (fcntl(listener.get(), F_SETFL, O_NONBLOCK) != 0) return base::system_error("fcntl", errno);
  base::Fd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop) return base::system_error("eventfd", errno);
  const std::uint16_t bound = base::port_of(listener.get());
  return std::unique_ptr<ListenerServer>(
      new ListenerServer(std::move(listener), std::move(stop), bound, std::move(router)));
}

ListenerServer::ListenerServer(base::Fd listener, base::Fd stop, std::uint16_t port, Router router)
    : listener_(std::move(listener)), stop_(std::move(stop)), port_(port), router_(std::move(router)) {
  accepter_ = std::thread([this] { accept_connections(); });
}

ListenerServer::~ListenerServer() {
  const std::uint64_t one = 1;
  (void)!write(stop_.get(), &one, sizeof one);
  accepter_.join();
  reap(true);
}

void ListenerServer::reap(bool all) {
  std::erase_if(clients_, [&](const std::unique_ptr<Client>& client) {
    if (!all && !client->done) return false;
    client->thread.join();
    return true;
  });
}

void ListenerServer::accept_connections() {
  while (true) {
    std::array<pollfd, 2> polled{{{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), 5000) < 0 && errno != EINTR) return;
    if (polled[1].revents != 0) return;
    reap(false);
    if (polled[0].revents == 0) continue;
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    base::Fd socket_fd(accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC));
    if (!socket_fd) {
      // Out of file descriptors the listener stays readable: not in a busy loop.
      if (errno == EMFILE || errno == ENFILE) (void)poll(&polled[1], 1, 100);
      continue;
    }
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &peer.sin_addr, text.data(), text.size());
    auto connection = std::make_shared<HttpConnection>(std::move(socket_fd), stop_.get());
    if (clients_.size() >= kMostClients) {
      (void)connection->write(simple_response(503, "Service Temporarily Unavailable", "", false),
                              std::chrono::seconds(1));
      continue;
    }
    auto client = std::make_unique<Client>();
    Client* raw = client.get();
    raw->thread = std::thread([this, raw, connection, address = std::string(text.data())] {
      FrontConnection front{connection.get(), address, port_, stop_.get()};
      while (forward_next_request(front, router_, counters_) == AfterRequest::keep_open) {
      }
      raw->done = true;
    });
    clients_.push_back(std::move(client));
  }
}

}  // namespace emulator
