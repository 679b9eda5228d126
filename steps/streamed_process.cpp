#include "steps/streamed_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/strings.h"

namespace steps {
namespace {

constexpr int kStreamBytes = 1 << 20;
constexpr std::size_t kMostErrors = 64 * 1024;

void prepare(int fd) {
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  ::fcntl(fd, F_SETPIPE_SZ, kStreamBytes);  // fewer turns; may be refused
}

class StreamLoop {
 public:
  StreamLoop(sandbox::Sandbox& sandbox, sandbox::StartedProcess& process, const ProcessStreams& streams,
             int wake)
      : sandbox_(sandbox), process_(process), streams_(streams), wake_(wake), buffer_(kStreamBytes) {}

  base::Fd output;
  base::Fd error;
  base::Fd input;

  base::Result<StreamedEnd> run() {
    while (!ended_ || output || error) {
      if (streams_.stop.stop_requested() && !failure_)
        fail(base::make_error(base::ErrorKind::cancelled, "it was cancelled"));
      if (due_ && std::chrono::steady_clock::now() >= *due_) {
        kill();
        break;
      }
      TRY(turn());
    }
    StreamedEnd end;
    input.reset();
    TRY(end.status, sandbox_.wait(process_));
    if (failure_) return *failure_;
    end.errors = std::move(errors_);
    return end;
  }

 private:
  base::Result<void> turn() {
    std::array<pollfd, 5> waited{
        pollfd{output.get(), POLLIN, 0}, pollfd{error.get(), POLLIN, 0}, pollfd{input.get(), POLLOUT, 0},
        pollfd{ended_ ? -1 : process_.ended.get(), POLLIN, 0}, pollfd{failure_ ? -1 : wake_, POLLIN, 0}};
    const int milliseconds = due_ ? 20 : -1;
    if (::poll(waited.data(), waited.size(), milliseconds) < 0 && errno != EINTR)
      return base::system_error("poll", errno);
    if (waited[0].revents != 0) read_output();
    if (waited[1].revents != 0) read_errors();
    if (waited[2].revents != 0) write_input();
    if (waited[3].revents != 0) {
      ended_ = true;
      input.reset();
      due_ = std::chrono::steady_clock::now() + streams_.after_exit;
    }
    return {};
  }

  void read_output() {
    const auto count = ::read(output.get(), buffer_.data(), buffer_.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) return output.reset();
    if (failure_ || !streams_.output) return;
    if (auto taken = streams_.output({buffer_.data(), static_cast<std::size_t>(count)}); !taken)
      fail(taken.error());
  }

  void read_errors() {
    std::array<char, 16 * 1024> piece;
    const auto count = ::read(error.get(), piece.data(), piece.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) return error.reset();
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(count));
    if (streams_.error) {
      if (failure_) return;
      if (auto taken = streams_.error(bytes); !taken) fail(taken.error());
      return;
    }
    const auto room = kMostErrors - errors_.size();
    errors_ += bytes.substr(0, room);
  }

  void write_input() {
    if (left_.empty()) {
      if (outgoing_.empty()) outgoing_.resize(kStreamBytes);
      auto count = streams_.input(outgoing_.data(), outgoing_.size());
      if (!count) fail(count.error());
      if (!count || *count == 0) return input.reset();
      left_ = {outgoing_.data(), *count};
    }
    const auto written = ::write(input.get(), left_.data(), left_.size());
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (written < 0) return input.reset();  // it reads no further; its status says whether that is right
    left_.remove_prefix(static_cast<std::size_t>(written));
  }

  void fail(base::Error why) {
    failure_ = std::move(why);
    kill();
  }
  void kill() { (void)sandbox_.signal(process_.id, SIGKILL, sandbox::SignalTarget::process_group).ok(); }

  sandbox::Sandbox& sandbox_;
  sandbox::StartedProcess& process_;
  const ProcessStreams& streams_;
  int wake_;
  std::vector<char> buffer_;
  std::vector<char> outgoing_;
  std::string_view left_;
  std::string errors_;
  std::optional<base::Error> failure_;
  std::optional<std::chrono::steady_clock::time_point> due_;
  bool ended_ = false;
};

}  // namespace

base::Result<StreamedEnd> run_streamed(sandbox::Sandbox& sandbox, sandbox::Command command,
                                       const ProcessStreams& streams) {
  TRY(auto output, base::make_pipe());
  TRY(auto error, base::make_pipe());
  base::Pipe input;
  if (streams.input) {
    TRY(input, base::make_pipe());
  }
  const base::Fd wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake) return base::system_error("eventfd", errno);
  command.output = output.write.get();
  command.error = error.write.get();
  if (streams.input) command.input = input.read.get();
  TRY(auto process, sandbox.start(command));
  if (streams.started) streams.started(process.id);
  output.write.reset();
  error.write.reset();
  input.read.reset();
  const std::stop_callback on_stop(streams.stop, [&wake] { (void)::eventfd_write(wake.get(), 1); });
  StreamLoop loop(sandbox, process, streams, wake.get());
  loop.output = std::move(output.read);
  loop.error = std::move(error.read);
  loop.input = std::move(input.write);
  for (const int fd : {loop.output.get(), loop.error.get(), loop.input.get()}) {
    if (fd >= 0) prepare(fd);
  }
  return loop.run();
}

base::Result<void> run_streamed_or_fail(sandbox::Sandbox& sandbox, sandbox::Command command,
                                        const ProcessStreams& streams, const std::string& what) {
  TRY(const auto end, run_streamed(sandbox, std::move(command), streams).while_doing(what));
  if (end.status.shell_code() == 0) return {};
  const auto said = base::trim(end.errors);
  return base::make_error(base::ErrorKind::internal,
                          fmt::format("{} failed with exit code {}{}{}", what, end.status.shell_code(),
                                      said.empty() ? "" : ": ", base::clipped(said, 2000)));
}

}  // namespace steps
