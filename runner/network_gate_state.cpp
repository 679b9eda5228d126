#include "runner/network_gate_state.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

namespace runner {

namespace {

constexpr std::uint32_t kFirstStandIn = 0xC6120001;  // 198.18.0.1
constexpr std::size_t kMostNames = 60'000;
constexpr std::size_t kMostPlaces = 5'000;  // of a report: a step may try any number
constexpr std::size_t kMostTold = 200;
constexpr int kConnectMilliseconds = 15'000;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses look_up(const std::string& name, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return nullptr;
  return Addresses(list);
}

std::string text_of(const addrinfo& address) {
  char text[NI_MAXHOST] = "";
  ::getnameinfo(address.ai_addr, address.ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  return text;
}

base::Result<base::Fd> connect_to(const addrinfo& address) {
  base::Fd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return base::system_error("socket", errno);
  int error = 0;
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return base::system_error("connecting to " + text_of(address), errno);
    pollfd watched{socket.get(), POLLOUT, 0};
    socklen_t size = sizeof error;
    if (::poll(&watched, 1, kConnectMilliseconds) == 0) error = ETIMEDOUT;
    if (error == 0) ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return base::system_error("connecting to " + text_of(address), error);
  }
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return socket;
}

}  // namespace

std::optional<std::uint32_t> StandInAddresses::of_name(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = addresses_.find(name); found != addresses_.end()) return found->second;
  if (addresses_.size() >= kMostNames) return std::nullopt;
  const auto address = kFirstStandIn + static_cast<std::uint32_t>(addresses_.size());
  addresses_[name] = address;
  names_[address] = name;
  return address;
}

std::optional<std::string> StandInAddresses::name_of(const std::string& address) const {
  in_addr parsed{};
  if (::inet_pton(AF_INET, address.c_str(), &parsed) != 1) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(ntohl(parsed.s_addr));
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

Traffic* TrafficRecord::entry(const Key& key) {
  const auto found = traffic_.find(key);
  if (found != traffic_.end()) return &found->second;
  if (traffic_.size() >= kMostPlaces) return nullptr;
  auto& made = traffic_[key];
  std::tie(made.name, made.port, made.step) = key;
  return &made;
}

void TrafficRecord::passed(const std::string& name, std::uint16_t port, const std::string& step,
                           std::uint64_t sent, std::uint64_t received) {
  const std::lock_guard lock(mutex_);
  if (auto* traffic = entry({name, port, step}); traffic != nullptr) {
    ++traffic->connections;
    traffic->sent += sent;
    traffic->received += received;
  }
}

void TrafficRecord::refused(const std::string& name, std::uint16_t port, const std::string& what,
                            const std::string& why) {
  const auto step = options_.step();
  const auto message = fmt::format("{} was refused: {} (step {})", what, why, step);
  {
    const std::lock_guard lock(mutex_);
    if (auto* traffic = entry({name, port, step}); traffic != nullptr) ++traffic->refused;
    if (told_.size() >= kMostTold || !told_.insert(message).second) return;
  }
  options_.refused(message);
}

std::vector<Traffic> TrafficRecord::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Traffic> all;
  all.reserve(traffic_.size());
  for (const auto& [key, traffic] : traffic_) all.push_back(traffic);
  return all;
}

bool name_exists(const std::string& name) {
  return look_up(name, 0) != nullptr;
}

base::Result<base::Fd> connect_outside(const NetworkPolicy& policy, const std::string& name,
                                       std::uint16_t port, bool& refused) {
  const auto addresses = look_up(name, port);
  if (!addresses) {
    return base::make_error(base::ErrorKind::not_found, fmt::format("{} has no address", name));
  }
  base::Error last = base::make_error(base::ErrorKind::unavailable, "no address");
  for (const auto* address = addresses.get(); address != nullptr; address = address->ai_next) {
    const auto text = text_of(*address);
    // What was named by its address was listed by it, or all may pass.
    const bool by_itself =
        text == name || (policy.rule == NetworkRule::allow && may_connect(policy, text, port));
    if (is_inner_address(text) && !by_itself) {
      refused = true;
      last = base::make_error(
          base::ErrorKind::denied,
          fmt::format("the name leads to {}, an inner address that is not listed itself", text));
      continue;
    }
    auto socket = connect_to(*address);
    if (socket) {
      refused = false;
      return socket;
    }
    last = std::move(socket).error();
    refused = false;
  }
  return last;
}

}  // namespace runner
