#include "runner/network_gate.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <list>
#include <thread>

#include "base/log.h"
#include "runner/dns_message.h"
#include "runner/first_bytes.h"
#include "runner/network_gate_state.h"
#include "runner/relay.h"

namespace runner {

namespace {

constexpr int kMostConnections = 512;
constexpr int kMostLookUps = 64;
constexpr int kFirstBytesMilliseconds = 60'000;
constexpr std::chrono::milliseconds kPatienceAtTheEnd{500};
constexpr const char* kNotListed = "it is not on the list of --network";

struct Forwarded {
  base::Fd listener;
  std::uint16_t port = 0;
};

// The other side learns at once that nobody is there, not that all was said.
void reset_connection(const base::Fd& connection) {
  const linger at_once{1, 0};
  ::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

base::Result<base::Fd> connect_to_loopback(std::uint16_t port) {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return base::system_error(fmt::format("connecting to port {}", port), errno);
  return socket;
}

/// Whom the gate tells. Threads may outlive it by a name's look-up, and then tell nobody.
class Audience {
 public:
  explicit Audience(NetworkGateOptions options) : options_(std::move(options)) {}
  std::string step() {
    const std::lock_guard lock(mutex_);
    return gone_ ? "" : options_.step();
  }
  void refused(const std::string& message) {
    const std::lock_guard lock(mutex_);
    if (!gone_) options_.refused(message);
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    gone_ = true;
  }

 private:
  std::mutex mutex_;
  NetworkGateOptions options_;
  bool gone_ = false;
};

}  // namespace

/// Shared with the threads of connections, which may outlive the gate by a name's look-up.
struct NetworkGate::State : std::enable_shared_from_this<NetworkGate::State> {
  State(sandbox::Egress sockets, const NetworkGateOptions& given)
      : audience(std::make_shared<Audience>(given)), egress(std::move(sockets)), record(options) {
    options.policy = given.policy;
    options.step = [to = audience] { return to->step(); };
    options.refused = [to = audience](const std::string& message) { to->refused(message); };
  }

  std::shared_ptr<Audience> audience;
  NetworkGateOptions options;
  sandbox::Egress egress;
  StandInAddresses stand_ins;
  TrafficRecord record;
  base::Fd wake;     ///< readable for ever once the gate ends
  base::Fd changed;  ///< readable when there is a new forwarded listener
  std::atomic<bool> ending = false;
  std::atomic<int> connections = 0;
  std::atomic<int> look_ups = 0;
  std::mutex forwarded_mutex;
  std::list<Forwarded> forwarded;
  std::thread server;

  void serve();
  void accept_from(const base::Fd& listener, std::uint16_t service);
  void answer_name();
  void drop_datagram();
  void pass(base::Fd connection);
  void pass_named(const base::Fd& connection, const std::string& name, std::uint16_t port);
  bool pass_first_bytes(const base::Fd& connection, const base::Fd& outside, const std::string& name,
                        std::uint16_t port, std::uint64_t& sent);
  void answer(const DnsQuestion& question, const sockaddr_in& from);
};

void NetworkGate::State::serve() {
  while (!ending) {
    std::vector<pollfd> watched{{wake.get(), POLLIN, 0},         {changed.get(), POLLIN, 0},
                                {egress.tcp.get(), POLLIN, 0},   {egress.tcp_over_ipv6.get(), POLLIN, 0},
                                {egress.names.get(), POLLIN, 0}, {egress.datagrams.get(), POLLIN, 0}};
    const std::size_t fixed = watched.size();
    std::vector<Forwarded*> services;
    {
      const std::lock_guard lock(forwarded_mutex);
      for (auto& service : forwarded) {
        services.push_back(&service);  // never removed while this runs
        watched.push_back({service.listener.get(), POLLIN, 0});
      }
    }
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) {
      std::uint64_t count = 0;
      (void)!::read(changed.get(), &count, sizeof count);
    }
    if (watched[2].revents != 0) accept_from(egress.tcp, 0);
    if (watched[3].revents != 0) accept_from(egress.tcp_over_ipv6, 0);
    if (watched[4].revents != 0) answer_name();
    if (watched[5].revents != 0) drop_datagram();
    for (std::size_t i = 0; i < services.size(); ++i) {
      if (watched[fixed + i].revents != 0) accept_from(services[i]->listener, services[i]->port);
    }
  }
}

void NetworkGate::State::accept_from(const base::Fd& listener, std::uint16_t service) {
  base::Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) return;
  if (connections >= kMostConnections) {
    reset_connection(connection);
    return;
  }
  ++connections;
  std::thread([self = shared_from_this(), service, held = std::move(connection)]() mutable {
    if (service == 0) {
      self->pass(std::move(held));
    } else if (const auto target = connect_to_loopback(service); target) {
      relay(held.get(), target->get(), self->wake.get());
    } else {
      reset_connection(held);
    }
    --self->connections;
  }).detach();
}

void NetworkGate::State::pass(base::Fd connection) {
  const auto destination = sandbox::original_destination(connection.get());
  // Whoever connects to the gate's own socket has no destination.
  if (!destination || is_loopback(destination->address)) {
    reset_connection(connection);
    return;
  }
  const auto& [address, port] = *destination;
  const std::string name = stand_ins.name_of(address).value_or(address);
  if (!may_connect(options.policy, name, port)) {
    record.refused(name, port, fmt::format("a connection to {} port {}", name, port), kNotListed);
    reset_connection(connection);
    return;
  }
  pass_named(connection, name, port);
}

void NetworkGate::State::pass_named(const base::Fd& connection, const std::string& name, std::uint16_t port) {
  const auto step = options.step();
  bool by_policy = false;
  const auto outside = connect_outside(options.policy, name, port, by_policy);
  if (!outside) {
    if (by_policy) {
      record.refused(name, port, fmt::format("a connection to {} port {}", name, port),
                     outside.error().message);
    } else {
      base::log(base::LogLevel::debug, outside.error().to_string());
    }
    reset_connection(connection);
    return;
  }
  std::uint64_t sent = 0;
  if (!pass_first_bytes(connection, *outside, name, port, sent)) {
    reset_connection(connection);
    return;
  }
  const auto bytes = relay(connection.get(), outside->get(), wake.get());
  record.passed(name, port, step, sent + bytes.sent, bytes.received);
}

// Held back until they say which host they are for. A protocol in which the server speaks first is not held:
// what it says is passed on meanwhile.
bool NetworkGate::State::pass_first_bytes(const base::Fd& connection, const base::Fd& outside,
                                          const std::string& name, std::uint16_t port, std::uint64_t& sent) {
  std::string held;
  FirstBytes first{FirstBytes::Verdict::more, ""};
  while (first.verdict == FirstBytes::Verdict::more) {
    pollfd watched[3] = {{connection.get(), POLLIN, 0}, {outside.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
    const int ready = ::poll(watched, 3, held.empty() ? -1 : kFirstBytesMilliseconds);
    if (ready == 0 || watched[2].revents != 0) return false;
    if (held.empty() && watched[0].revents == 0 && watched[1].revents != 0) return true;  // the server's turn
    if (watched[0].revents == 0) continue;
    char buffer[4096];
    const ssize_t count = ::read(connection.get(), buffer, sizeof buffer);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) {
      if (held.empty()) return true;
      first.verdict = FirstBytes::Verdict::broken;  // ended before it said what it is
      break;
    }
    held.append(buffer, static_cast<std::size_t>(count));
    first = read_first_bytes(held);
    if (first.verdict == FirstBytes::Verdict::more && held.size() >= kMostFirstBytes)
      first.verdict = FirstBytes::Verdict::broken;
  }
  const bool other_name = first.verdict == FirstBytes::Verdict::named && first.name != name &&
                          !may_connect(options.policy, first.name, port);
  if (other_name || first.verdict == FirstBytes::Verdict::broken) {
    record.refused(
        name, port, fmt::format("a connection to {} port {}", name, port),
        other_name ? fmt::format("it asks for the host {}, which is not on the list of --network", first.name)
                   : "what it sends cannot be read as what it begins like");
    return false;
  }
  sent = held.size();
  return base::write_all(outside.get(), held).ok();
}

void NetworkGate::State::answer_name() {
  char buffer[1500];
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const ssize_t count = ::recvfrom(egress.names.get(), buffer, sizeof buffer, MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&from), &size);
  if (count <= 0) return;
  auto question = parse_dns_question({buffer, static_cast<std::size_t>(count)});
  if (!question) return;
  const auto reply = [&](DnsOutcome outcome) {
    const auto text = dns_answer(*question, outcome);
    ::sendto(egress.names.get(), text.data(), text.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from),
             size);
  };
  // Names of addresses are asked for by habit; nobody outside hears of it.
  if (question->name.ends_with(".arpa")) return reply(DnsOutcome::no_such_name);
  if (!may_resolve(options.policy, question->name)) {
    record.refused(question->name, 0, fmt::format("the name {}", question->name), kNotListed);
    return reply(DnsOutcome::refused);
  }
  if (question->type != static_cast<std::uint16_t>(DnsType::a)) return reply(DnsOutcome::answered);
  if (look_ups >= kMostLookUps) return reply(DnsOutcome::failed);
  ++look_ups;
  std::thread([self = shared_from_this(), asked = *std::move(question), from] {
    self->answer(asked, from);
    --self->look_ups;
  }).detach();
}

void NetworkGate::State::answer(const DnsQuestion& question, const sockaddr_in& from) {
  const bool exists = name_exists(question.name);
  const auto address = exists ? stand_ins.of_name(question.name) : std::nullopt;
  auto outcome = DnsOutcome::answered;
  if (!exists) outcome = DnsOutcome::no_such_name;
  if (exists && !address) outcome = DnsOutcome::failed;
  const auto text = dns_answer(question, outcome, address);
  ::sendto(egress.names.get(), text.data(), text.size(), MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&from), sizeof from);
}

void NetworkGate::State::drop_datagram() {
  char buffer[16];
  if (::recv(egress.datagrams.get(), buffer, sizeof buffer, MSG_DONTWAIT | MSG_TRUNC) < 0) return;
  record.refused("(datagrams)", 0, "a UDP datagram", "of UDP only questions for names leave a job's network");
}

NetworkGate::NetworkGate(std::shared_ptr<State> state) : state_(std::move(state)) {}

base::Result<std::unique_ptr<NetworkGate>> NetworkGate::start(sandbox::Egress egress,
                                                              const NetworkGateOptions& options) {
  auto state = std::make_shared<State>(std::move(egress), options);
  state->wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  state->changed.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state->wake || !state->changed) return base::system_error("eventfd", errno);
  state->server = std::thread([raw = state.get()] { raw->serve(); });
  return std::unique_ptr<NetworkGate>(new NetworkGate(std::move(state)));
}

NetworkGate::~NetworkGate() {
  (void)finish();
}

void NetworkGate::forward(base::Fd listener, std::uint16_t port) {
  {
    const std::lock_guard lock(state_->forwarded_mutex);
    state_->forwarded.push_back({std::move(listener), port});
  }
  const std::uint64_t one = 1;
  (void)!::write(state_->changed.get(), &one, sizeof one);
}

std::vector<Traffic> NetworkGate::finish() {
  state_->ending = true;
  const std::uint64_t one = 1;
  (void)!::write(state_->wake.get(), &one, sizeof one);
  if (state_->server.joinable()) state_->server.join();
  // They end at once, but for those that look a name up or connect: those find nobody to tell.
  const auto deadline = std::chrono::steady_clock::now() + kPatienceAtTheEnd;
  while (state_->connections > 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  state_->audience->leave();
  return state_->record.all();
}

}  // namespace runner
