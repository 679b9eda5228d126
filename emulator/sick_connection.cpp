#include "emulator/sick_connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "emulator/http_connection.h"

namespace emulator {

namespace {

constexpr std::chrono::seconds kPatience(60);
constexpr std::string_view kChecker = "ELB-HealthChecker";

void answer_check(HttpConnection& client, const TaskFaults::Health& health, int stop_fd) {
  if (health.delay_seconds > 0) {
    pollfd stop{stop_fd, POLLIN, 0};
    if (poll(&stop, 1, static_cast<int>(health.delay_seconds * 1000)) != 0) return;
  }
  (void)client.write(fmt::format("HTTP/1.1 {} Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                                 health.delay_seconds > 0 ? 200 : health.status),
                     kPatience);
}

}  // namespace

SickConnections::SickConnections(TaskFaults::Health health)
    : health_(health), stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

SickConnections::~SickConnections() {
  const std::uint64_t one = 1;
  (void)!write(stop_.get(), &one, sizeof one);
  for (auto& relay : relays_) relay.thread.join();
}

base::Result<base::Fd> SickConnections::stand_before(base::Fd task) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return base::system_error("socketpair", errno);
  base::Fd client(ends[0]);
  const std::lock_guard lock(mutex_);
  relays_.remove_if([](Relay& relay) {
    if (relay.over) relay.thread.join();
    return relay.over.load();
  });
  Relay& entry = relays_.emplace_back();
  entry.thread = std::thread([this, &entry, inner = base::Fd(ends[1]), dialled = std::move(task)]() mutable {
    relay(std::move(inner), std::move(dialled));
    entry.over = true;
  });
  return client;
}

/// The first check begins the time in which the task is still well.
bool SickConnections::is_sick_by_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto from = now + std::chrono::duration<double>(health_.after_seconds);
  std::int64_t sick_from = 0;
  const auto proposed = std::chrono::duration_cast<std::chrono::nanoseconds>(from).count();
  if (sick_from_.compare_exchange_strong(sick_from, proposed)) sick_from = proposed;
  return std::chrono::nanoseconds(now).count() >= sick_from;
}

void SickConnections::relay(base::Fd client_fd, base::Fd task_fd) {
  HttpConnection client(std::move(client_fd), stop_.get());
  HttpConnection task(std::move(task_fd), stop_.get());
  std::string head;
  if (client.read_head(head, kPatience) != Transfer::ok) return;
  if (head.find(kChecker) != std::string::npos && is_sick_by_now())
    return answer_check(client, health_, stop_.get());
  if (task.write(head, kPatience) == Transfer::ok) relay_both_ways(client, task, stop_.get());
}

}  // namespace emulator
