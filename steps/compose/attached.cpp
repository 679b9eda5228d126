#include "steps/compose/attached.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "steps/compose/up.h"

namespace steps::compose {

namespace {

using base::Result;

constexpr int kInterrupted = 130;
constexpr long kLookNanoseconds = 100'000'000;

/// Cuts a stream into lines; the last one may lack its end.
class PrefixedLines {
 public:
  PrefixedLines(int fd, std::string prefix) : fd_(fd), prefix_(std::move(prefix)) {}
  ~PrefixedLines() {
    if (!begun_.empty()) (void)write("\n");
  }
  PrefixedLines(const PrefixedLines&) = delete;
  PrefixedLines& operator=(const PrefixedLines&) = delete;

  Result<void> add(std::string_view bytes) {
    while (true) {
      const auto end = bytes.find('\n');
      begun_ += bytes.substr(0, end);
      if (end == std::string_view::npos) return {};
      TRY(write("\n"));
      bytes.remove_prefix(end + 1);
    }
  }

 private:
  Result<void> write(std::string_view end) {
    static std::mutex one_line_at_a_time;
    const std::lock_guard lock(one_line_at_a_time);
    auto written = base::write_all(fd_, fmt::format("{}{}{}", prefix_, begun_, end));
    begun_.clear();
    return written;
  }

  int fd_;
  std::string prefix_;
  std::string begun_;
};

std::vector<Container> containers_of_services(const std::vector<Container>& all,
                                              const std::vector<const Service*>& services) {
  std::vector<Container> found;
  for (const auto& container : all) {
    const bool wanted = std::any_of(services.begin(), services.end(), [&](const Service* service) {
      return service->name == container.service;
    });
    if (wanted && !container.one_off) found.push_back(container);
  }
  return found;
}

/// SIGINT and SIGTERM wait to be asked for, in this thread and those that it starts.
class HeldSignals {
 public:
  HeldSignals() {
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGINT);
    ::sigaddset(&set_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  /// Waits a moment for one.
  [[nodiscard]] bool came() const {
    const timespec moment{.tv_sec = 0, .tv_nsec = kLookNanoseconds};
    return ::sigtimedwait(&set_, nullptr, &moment) > 0;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

struct Ends {
  std::map<std::string, int> codes;  ///< by service
  std::optional<int> first;
};

/// Looks once; true when it is time to end.
bool is_over(const std::vector<Container>& containers, const CommandLine& line, Ends& ends) {
  bool one_runs = false;
  bool abort = false;
  for (const auto& container : containers) {
    one_runs = one_runs || container.runs();
    if (container.status != "exited" ||
        !ends.codes.try_emplace(container.service, container.exit_code).second)
      continue;
    if (!ends.first) ends.first = container.exit_code;
    abort = abort || line.abort_on_exit || (line.abort_on_failure && container.exit_code != 0);
  }
  return abort || !one_runs;
}

}  // namespace

std::string short_name(const Container& container) {
  const auto at = container.name.find(container.service + "-");
  return at == std::string::npos ? container.name : container.name.substr(at);
}

LogPrinter::LogPrinter(const CommandLine& line, const std::vector<Container>& containers) : line_(line) {
  for (const auto& container : containers) width_ = std::max(width_, short_name(container).size() + 1);
}

Result<int> LogPrinter::print(const Container& container, Follow follow) const {
  Asked asked{.arguments = {"logs"}};
  if (follow == Follow::yes) asked.arguments.emplace_back("-f");
  if (!line_.tail.empty()) asked.arguments.push_back("--tail=" + line_.tail);
  asked.arguments.push_back(container.id);
  const auto prefix = line_.no_prefix ? "" : fmt::format("{:<{}} | ", short_name(container), width_);
  PrefixedLines out(STDOUT_FILENO, prefix), errors(STDERR_FILENO, prefix);
  return ask(asked, [&](FrameKind kind, std::string_view bytes) {
    return (kind == FrameKind::output ? out : errors).add(bytes);
  });
}

Result<int> stay_attached(const Project& project, const CommandLine& line,
                          const std::vector<const Service*>& services) {
  const HeldSignals signals;
  TRY(const auto all, containers_of(project.name));
  const auto attached = containers_of_services(all, services);
  const LogPrinter printer(line, attached);
  std::vector<std::jthread> followers;
  for (const auto& container : attached) {
    followers.emplace_back(
        [&printer, &container] { (void)printer.print(container, LogPrinter::Follow::yes).ok(); });
  }
  Ends ends;
  bool interrupted = false;
  while (!interrupted) {
    TRY(const auto now, containers_of(project.name));
    if (is_over(containers_of_services(now, services), line, ends)) break;
    interrupted = signals.came();
  }
  Asked stop{.arguments = {"stop"}};
  if (!line.seconds.empty()) stop.arguments.push_back("--time=" + line.seconds);
  for (auto container = attached.rbegin(); container != attached.rend(); ++container)
    stop.arguments.push_back(container->id);
  TRY(output_of(stop));
  followers.clear();  // all of it is printed now
  TRY(const auto now, containers_of(project.name));
  for (const auto& container : containers_of_services(now, services)) {
    (void)base::write_all(STDOUT_FILENO,
                          fmt::format("{} exited with code {}\n", short_name(container), container.exit_code))
        .ok();
    if (container.service == line.exit_code_from) return container.exit_code;
  }
  if (interrupted) return kInterrupted;
  return line.abort_on_exit || line.abort_on_failure ? ends.first.value_or(0) : 0;
}

}  // namespace steps::compose
