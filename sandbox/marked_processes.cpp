#include "sandbox/marked_processes.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/crypto.h"
#include "base/files.h"
#include "base/strings.h"

namespace sandbox {

std::string make_process_mark() {
  return fmt::format("PIPELINE_SANDBOX_ID={}", base::random_uuid());
}

std::vector<pid_t> processes_with(const std::string& mark) {
  std::vector<pid_t> found;
  const auto names = base::list_directory("/proc");
  if (!names) return found;
  for (const auto& name : *names) {
    const auto pid = base::parse_integer(name);
    if (!pid || *pid == ::getpid()) continue;
    const auto environment = base::read_file(base::Path("/proc") / name / "environ");
    if (environment && environment->find(mark) != std::string::npos)
      found.push_back(static_cast<pid_t>(*pid));
  }
  return found;
}

base::Result<void> kill_processes_with(const std::string& mark) {
  constexpr int kMostRounds = 50;
  // What is killed may just have forked: look again until nothing is found.
  for (int round = 0; round < kMostRounds; ++round) {
    const auto left = processes_with(mark);
    if (left.empty()) return {};
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return base::make_error(base::ErrorKind::internal, "processes of the job could not be killed");
}

}  // namespace sandbox
