#include "sandbox/stream_relay.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

namespace sandbox {

namespace {

constexpr std::size_t kMostConnections = 400;  // two descriptors each
constexpr std::size_t kBuffer = 64 * 1024;
constexpr int kMostRounds = 16;  // of one connection before the others have their turn
constexpr int kPauseMilliseconds = 20;

// What an event is about: the wake-up, a listener or a connection by its number.
constexpr std::uint64_t kWake = 0;
constexpr std::uint64_t kListener = 1ULL << 62;
constexpr std::uint64_t kConnection = 1ULL << 63;

/// One way of a connection.
class Flow {
 public:
  /// Moves what can be moved now. False when the connection is broken.
  bool pump(int source, int target, bool& progress) {
    if (!source_ended_ && begin_ == end_) {
      const ssize_t count = ::read(source, buffer_.data(), buffer_.size());
      if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (count == 0) source_ended_ = true;
      if (count > 0) {
        begin_ = 0;
        end_ = static_cast<std::size_t>(count);
      }
      progress = progress || count >= 0;
    }
    if (begin_ < end_) {
      const ssize_t count = ::send(target, buffer_.data() + begin_, end_ - begin_, MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (count > 0) {
        begin_ += static_cast<std::size_t>(count);
        progress = true;
      }
    }
    if (source_ended_ && begin_ == end_ && !passed_on_) {
      passed_on_ = true;
      ::shutdown(target, SHUT_WR);
    }
    return true;
  }
  [[nodiscard]] bool done() const { return passed_on_; }

 private:
  std::vector<char> buffer_ = std::vector<char>(kBuffer);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool source_ended_ = false;
  bool passed_on_ = false;
};

void make_ready(int socket) {
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

bool watch(int epoll, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/// So that whoever connected is told at once, as by a port where nobody listens.
void refuse(const base::Fd& socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

struct StreamRelay::Connection {
  base::Fd near;
  base::Fd far;
  Flow out;
  Flow back;

  enum class State { waits, has_more, ended };
  State pump() {
    for (int round = 0; round < kMostRounds; ++round) {
      bool progress = false;
      if (!out.pump(near.get(), far.get(), progress) || !back.pump(far.get(), near.get(), progress))
        return State::ended;
      if (out.done() && back.done()) return State::ended;
      if (!progress) return State::waits;
    }
    return State::has_more;
  }
};

base::Result<std::unique_ptr<StreamRelay>> StreamRelay::start() {
  std::unique_ptr<StreamRelay> relay(new StreamRelay());
  relay->epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  relay->wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!relay->epoll_ || !relay->wake_) return base::system_error("making a relay", errno);
  if (!watch(relay->epoll_.get(), relay->wake_.get(), EPOLLIN, kWake))
    return base::system_error("epoll_ctl", errno);
  relay->thread_ = std::thread([raw = relay.get()] { raw->run(); });
  return relay;
}

StreamRelay::~StreamRelay() {
  ending_ = true;
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

base::Result<int> StreamRelay::add(base::Fd listener, Connect connect) {
  ::fcntl(listener.get(), F_SETFL, ::fcntl(listener.get(), F_GETFL) | O_NONBLOCK);
  const std::lock_guard lock(mutex_);
  const int number = next_++;
  if (listening_ && !watch(epoll_.get(), listener.get(), EPOLLIN, kListener | static_cast<unsigned>(number)))
    return base::system_error("epoll_ctl", errno);
  listeners_[number] = {std::move(listener), std::move(connect)};
  return number;
}

void StreamRelay::remove(int number) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(number);
}

void StreamRelay::run() {
  std::vector<std::uint64_t> busy;  // connections that had more to move than their turn allowed
  while (!ending_) {
    std::array<epoll_event, 64> events{};
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), busy.empty() ? -1 : 0);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
      if ((tag & kListener) != 0) accept_at(static_cast<int>(tag & 0xffffffffU));
      if ((tag & kConnection) != 0) busy.push_back(tag);
    }
    std::vector<std::uint64_t> still_busy;
    for (const std::uint64_t tag : busy) {
      const auto found = connections_.find(tag);
      if (found == connections_.end()) continue;
      const auto state = found->second->pump();
      if (state == Connection::State::has_more) still_busy.push_back(tag);
      if (state == Connection::State::ended) connections_.erase(found);
    }
    busy = std::move(still_busy);
    watch_listeners();
  }
  connections_.clear();
}

void StreamRelay::accept_at(int number) {
  // Held while it connects: remove() promises that this is over when it returns.
  const std::lock_guard lock(mutex_);
  const auto found = listeners_.find(number);
  if (found == listeners_.end()) return;
  base::Fd accepted(::accept4(found->second.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted) {
    // Out of descriptors: the connection waits until there are some again.
    if (errno == EMFILE || errno == ENFILE) ::usleep(kPauseMilliseconds * 1000);
    return;
  }
  open(std::move(accepted), found->second.connect);
}

void StreamRelay::open(base::Fd accepted, const Connect& connect) {
  auto far = connect();
  if (!far) {
    refuse(accepted);
    return;
  }
  auto connection = std::make_unique<Connection>();
  connection->near = std::move(accepted);
  connection->far = std::move(*far);
  const std::uint64_t tag = kConnection | ++next_connection_;
  constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  for (const base::Fd* end : {&connection->near, &connection->far}) {
    make_ready(end->get());
    if (!watch(epoll_.get(), end->get(), kEvents, tag)) return;
  }
  connections_[tag] = std::move(connection);
}

// With too many connections, those that come wait in the backlog.
void StreamRelay::watch_listeners() {
  const bool wanted = connections_.size() < kMostConnections;
  const std::lock_guard lock(mutex_);
  if (wanted == listening_) return;
  listening_ = wanted;
  for (const auto& [number, listener] : listeners_) {
    if (wanted)
      watch(epoll_.get(), listener.socket.get(), EPOLLIN, kListener | static_cast<unsigned>(number));
    else
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener.socket.get(), nullptr);
  }
}

RelayListeners::~RelayListeners() {
  for (const int number : numbers_) relay_.remove(number);
}

}  // namespace sandbox
