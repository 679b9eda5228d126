#include "cli/approval_prompt.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <optional>

#include "base/strings.h"

namespace cli {

namespace {

constexpr int kLookAgainMilliseconds = 200;

/// What was typed, once it is yes or no; nothing while nobody typed, or it was neither.
std::optional<bool> typed_answer() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, kLookAgainMilliseconds) <= 0) return std::nullopt;
  char line[256];
  const ssize_t count = ::read(STDIN_FILENO, line, sizeof line);
  if (count <= 0) {
    // The terminal is gone: somebody has to decide elsewhere.
    std::this_thread::sleep_for(std::chrono::milliseconds(kLookAgainMilliseconds));
    return std::nullopt;
  }
  const auto answer = base::to_lower(base::trim({line, static_cast<std::size_t>(count)}));
  if (answer == "y" || answer == "yes") return true;
  if (answer == "n" || answer == "no") return false;
  return std::nullopt;
}

void ask_until_decided(const base::Path& state_folder, const runner::Approval& asked,
                       const std::stop_token& stop) {
  static std::mutex one_question_at_a_time;
  const std::lock_guard turn(one_question_at_a_time);
  auto approvals = runner::Approvals::open(state_folder);
  if (!approvals) return;
  const auto question =
      fmt::format("run {}: may its jobs deploy to environment '{}'? [y/n] ", asked.run_id, asked.environment);
  fmt::print(stderr, "{}", question);
  std::fflush(stderr);
  while (!stop.stop_requested()) {
    const auto now = approvals->find(asked.run_id, asked.attempt, asked.environment);
    if (!now || now->decision != runner::Decision::pending) return;
    const auto answer = typed_answer();
    if (!answer) continue;
    const auto decided =
        approvals->decide(asked.run_id, asked.environment,
                          *answer ? runner::Decision::approved : runner::Decision::rejected, user_name(), "");
    if (decided) return;
    fmt::print(stderr, "{}\n", decided.error().to_string());
    if (decided.error().kind == base::ErrorKind::denied) return;  // another has to
  }
}

}  // namespace

void ApprovalPrompt::ask(const runner::Approval& approval) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return;
  threads_.emplace_back([folder = state_folder_, approval](const std::stop_token& stop) {
    ask_until_decided(folder, approval, stop);
  });
}

}  // namespace cli
