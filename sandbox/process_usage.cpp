#include "sandbox/process_usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "base/files.h"
#include "base/strings.h"
#include "sandbox/process_stat.h"

namespace sandbox {

namespace {

// proc(5), fields of `stat` behind the name, the state being the first: user and system time of the process,
// then of its children that were waited for.
constexpr std::size_t kFirstTime = 11;
constexpr std::size_t kTimes = 4;
constexpr std::size_t kMostProcesses = 100'000;

double seconds_of_ticks(std::int64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double cpu_seconds_of(const std::string& pid) {
  const auto fields = process_stat(pid);
  std::int64_t ticks = 0;
  for (std::size_t i = kFirstTime; i < kFirstTime + kTimes && i < fields.size(); ++i)
    ticks += base::parse_integer(fields[i]).value_or(0);
  return seconds_of_ticks(ticks);
}

// Without pages of files: an image's are the same for all containers of it.
std::uint64_t memory_of(const std::string& folder) {
  std::uint64_t kibibytes = 0;
  const auto status = base::read_file(folder + "/status").value_or("");
  for (const auto line : base::lines_of(status)) {
    for (const std::string_view key : {"RssAnon:", "RssShmem:"}) {
      if (!line.starts_with(key)) continue;
      const auto number = base::trim(line.substr(key.size()));
      kibibytes +=
          static_cast<std::uint64_t>(base::parse_integer(number.substr(0, number.find(' '))).value_or(0));
    }
  }
  return kibibytes << 10;
}

void add_children_of(const std::string& folder, std::vector<std::string>& pids) {
  for (const auto& thread : base::list_directory(folder + "/task").value_or(std::vector<std::string>())) {
    const auto list = base::read_file(folder + "/task/" + thread + "/children").value_or("");
    for (const auto& pid : base::split(list, ' ')) {
      if (!pid.empty()) pids.emplace_back(pid);
    }
  }
}

// proc(5), net/dev: of each interface eight numbers of what was received, then eight of what was sent.
void add_traffic(const std::string& folder, Usage& usage) {
  constexpr std::size_t kNumbers = 8;
  const auto table = base::read_file(folder + "/net/dev").value_or("");
  for (const auto line : base::lines_of(table)) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::vector<std::uint64_t> numbers;
    for (const auto& field : base::split(line.substr(colon + 1), ' ')) {
      if (const auto number = base::parse_integer(field))
        numbers.push_back(static_cast<std::uint64_t>(*number));
    }
    if (numbers.size() < 2 * kNumbers) continue;
    for (const auto& [traffic, from] :
         {std::pair(&usage.received, std::size_t{0}), std::pair(&usage.sent, kNumbers)}) {
      traffic->bytes += numbers[from];
      traffic->packets += numbers[from + 1];
      traffic->errors += numbers[from + 2];
      traffic->dropped += numbers[from + 3];
    }
  }
}

}  // namespace

Usage usage_below(pid_t pid) {
  Usage usage;
  std::vector<std::string> left{std::to_string(pid)};
  while (!left.empty() && usage.processes < kMostProcesses) {
    const auto next = left.back();
    const auto folder = "/proc/" + next;
    left.pop_back();
    usage.cpu_seconds += cpu_seconds_of(next);
    usage.memory_bytes += memory_of(folder);
    ++usage.processes;
    add_children_of(folder, left);
    // The uppermost waits outside for the first inside.
    if (usage.processes == 1 && !left.empty()) add_traffic("/proc/" + left.front(), usage);
  }
  return usage;
}

// The first line: cpu, then user, nice, system, idle, iowait, irq, softirq, steal; guests are in user
// already.
double machine_cpu_seconds() {
  constexpr std::size_t kKinds = 8;
  const auto stat = base::read_file("/proc/stat").value_or("");
  const auto lines = base::lines_of(stat);
  std::int64_t ticks = 0;
  std::size_t kinds = 0;
  for (const auto& field : base::split(lines.empty() ? "" : lines.front(), ' ')) {
    const auto number = base::parse_integer(field);
    if (number && kinds++ < kKinds) ticks += *number;
  }
  return seconds_of_ticks(ticks);
}

}  // namespace sandbox
