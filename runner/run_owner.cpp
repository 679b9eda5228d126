#include "runner/run_owner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/strings.h"

// glibc 2.36 does not say in it that its functions are C's.
extern "C" {
#include <sys/pidfd.h>
}

namespace runner {

namespace {

constexpr const char* kRunLock = "lock";

bool is_held(const base::Path& lock_file) {
  const base::Fd fd(::open(lock_file.c_str(), O_RDONLY | O_CLOEXEC));
  // Shared, so that two who look do not take each other for the owner.
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace

base::Path run_folder(const base::Path& state_folder, std::int64_t run_id) {
  return state_folder / "runs" / std::to_string(run_id);
}

bool is_running(const base::Path& state_folder, std::int64_t run_id) {
  return is_held(run_folder(state_folder, run_id) / kRunLock);
}

base::Error still_running(std::int64_t run_id) {
  return base::invalid_input(fmt::format(
      "run {0} is still running: wait for its end (`pipeline logs -f {0}`), or end it: `pipeline cancel {0}`",
      run_id));
}

base::Result<pid_t> signal_owner(const base::Path& state_folder, std::int64_t run_id, int signal_number) {
  const auto lock_file = run_folder(state_folder, run_id) / kRunLock;
  const auto nobody = [&] {
    return base::make_error(base::ErrorKind::not_found, fmt::format("run {} is not running", run_id));
  };
  if (!is_held(lock_file)) return nobody();
  TRY(const auto text, base::read_file(lock_file, 64));
  const auto pid = base::parse_integer(base::trim(text));
  if (!pid || *pid <= 1) return nobody();
  const base::Fd process(::pidfd_open(static_cast<pid_t>(*pid), 0));
  // Held still, now that the process cannot be mistaken any more: it is the one that wrote its number.
  if (!process || !is_held(lock_file)) return nobody();
  if (::pidfd_send_signal(process.get(), signal_number, nullptr, 0) != 0)
    return base::system_error(fmt::format("signalling the runner of run {} (process {})", run_id, *pid),
                              errno);
  return static_cast<pid_t>(*pid);
}

base::Result<void> write_owner(const base::Path& lock_file) {
  // Not by a rename: the lock is on this very file.
  const base::Fd fd(::open(lock_file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!fd) return base::system_error("cannot write " + lock_file.string(), errno);
  return base::write_all(fd.get(), fmt::format("{}\n", ::getpid()));
}

}  // namespace runner
