#include "ecr/build_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/crypto.h"
#include "ecr/mount_points.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

constexpr int kPollMilliseconds = 100;  // how soon a stop is noticed
constexpr std::size_t kLongestLine = 64 * 1024;

// What a sandbox mounts of its own.
const std::vector<MountPoint>& own_mount_points() {
  static const std::vector<MountPoint> kPoints = {
      {"/etc/resolv.conf", false}, {"/etc/hosts", false}, {"/etc/hostname", false}, {"/dev"}, {"/proc"}};
  return kPoints;
}

class LineCutter {
 public:
  explicit LineCutter(const std::function<void(std::string_view)>& take) : take_(take) {}
  void add(std::string_view text) {
    for (const char c : text) {
      if (c != '\n') line_ += c;
      if (c == '\n' || line_.size() >= kLongestLine) flush();
    }
  }
  void end() {
    if (!line_.empty()) flush();
  }

 private:
  void flush() {
    if (line_.ends_with('\r')) line_.pop_back();
    if (take_) take_(line_);
    line_.clear();
  }
  const std::function<void(std::string_view)>& take_;
  std::string line_;
};

sandbox::Plan plan_of(const BuildCommand& command) {
  sandbox::Plan plan{.label = "build/" + base::to_hex(base::random_bytes(6)),
                     .root = sandbox::RootKind::image,
                     .one_id = true};
  for (const auto& folder : command.lower) plan.image.lower.push_back(folder.string());
  plan.image.upper = command.upper.upper.string();
  plan.image.work = command.upper.work.string();
  plan.network = command.network;
  plan.mounts = command.mounts;
  plan.limits = command.limits;
  plan.hostname = command.hostname;
  plan.hosts = {"127.0.0.1 " + command.hostname};
  return plan;
}

/// Reads until the process has ended (true) or the stop came (false).
bool pass_output(const sandbox::StartedProcess& process, int output, const std::stop_token& stop,
                 LineCutter& lines) {
  char buffer[16384];
  pollfd watched[] = {{.fd = output, .events = POLLIN}, {.fd = process.ended.get(), .events = POLLIN}};
  while (!stop.stop_requested()) {
    if (::poll(watched, 2, kPollMilliseconds) < 0 && errno != EINTR) return true;
    const bool ended = (watched[1].revents & (POLLIN | POLLHUP)) != 0;
    const ssize_t count =
        (watched[0].revents & (POLLIN | POLLHUP)) != 0 ? ::read(output, buffer, sizeof buffer) : -1;
    if (count > 0) lines.add({buffer, static_cast<std::size_t>(count)});
    if (count == 0) watched[0].fd = -1;  // all of them closed it; the process may go on
    if (ended && count <= 0) return true;
  }
  return false;
}

Result<MountPoints> make_mount_points(const BuildCommand& command) {
  auto points = own_mount_points();
  for (const auto& mount : command.mounts) {
    const bool is_file = mount.kind == sandbox::MountKind::bind && !base::is_directory(mount.source);
    points.push_back({mount.target, !is_file});
  }
  return MountPoints::make(command.lower, command.upper, points);
}

}  // namespace

Result<int> run_build_command(const BuildCommand& command) {
  TRY(const auto mount_points, make_mount_points(command));
  TRY(const auto sandbox, sandbox::make_namespace_sandbox(plan_of(command)));
  if (command.when_mounted) command.when_mounted();
  TRY(base::Pipe pipe, base::make_pipe());
  auto started = command.command;
  started.output = started.error = pipe.write.get();
  TRY(auto process, sandbox->start(started));
  pipe.write.reset();
  ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  LineCutter lines(command.on_line);
  if (!pass_output(process, pipe.read.get(), command.stop, lines)) {
    return make_error(ErrorKind::cancelled, "the build was stopped");
  }
  lines.end();
  TRY(const auto status, sandbox->wait(process));
  TRY(sandbox->destroy());
  if (!status.failure.empty() && command.on_line) command.on_line(status.failure);
  if (status.out_of_memory && command.on_line) {
    command.on_line(fmt::format("killed: out of memory, limit {} MiB", command.limits.memory_bytes >> 20));
  }
  mount_points.remove_empty();
  return status.shell_code();
}

}  // namespace ecr
