#include "ecr/build_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/crypto.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

constexpr int kPollMilliseconds = 100;  // how soon a stop is noticed
constexpr std::size_t kLongestLine = 64 * 1024;

// What a sandbox mounts of its own; where the image lacks the place, it is made, and is no part of the layer.
constexpr const char* kMountPoints[] = {"etc/resolv.conf", "etc/hosts", "etc/hostname", "dev", "proc", "sys"};

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
                     .root = sandbox::RootKind::image};
  for (const auto& folder : command.lower) plan.image.lower.push_back(folder.string());
  plan.image.upper = command.upper.upper.string();
  plan.image.work = command.upper.work.string();
  plan.network = command.network;
  plan.limits = command.limits;
  plan.hostname = "buildkitsandbox";  // the name that RUN finds elsewhere, too
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

bool is_in_image(const BuildCommand& command, const char* name) {
  struct stat status {};
  for (const auto& folder : command.lower) {
    if (::lstat((folder / name).c_str(), &status) == 0) return true;
  }
  return false;
}

void remove_mount_points(const BuildCommand& command) {
  for (const char* name : kMountPoints) {
    const auto place = command.upper.upper / name;
    struct stat status {};
    if (is_in_image(command, name) || ::lstat(place.c_str(), &status) != 0) continue;
    if (S_ISREG(status.st_mode) && status.st_size == 0) ::unlink(place.c_str());
    if (S_ISDIR(status.st_mode)) ::rmdir(place.c_str());
  }
}

}  // namespace

Result<int> run_build_command(const BuildCommand& command) {
  TRY(const auto sandbox, sandbox::make_namespace_sandbox(plan_of(command)));
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
  remove_mount_points(command);
  return status.shell_code();
}

}  // namespace ecr
