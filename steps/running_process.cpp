#include "steps/running_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include "base/fd.h"

namespace steps {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A process that prints much is not woken for every page of it. Memory that nothing was read into costs
// nothing.
constexpr int kPipeBytes = 256 << 10;

/// One process while it runs: what is still awaited and when the next stage is due.
class ProcessLoop {
 public:
  ProcessLoop(sandbox::Sandbox& sandbox, sandbox::StartedProcess& process, base::Fd output,
              LineSplitter& lines, const ProcessOptions& options, int wake)
      : sandbox_(sandbox),
        process_(process),
        output_(std::move(output)),
        lines_(lines),
        options_(options),
        wake_(wake) {}

  base::Result<ProcessEnd> run() {
    while (!ended_ || output_) {
      if (options_.stop.stop_requested() && !stop_seen_) begin_stop();
      TRY(wait_once());
      if (due_ && SteadyClock::now() >= *due_) next_stage();
    }
    lines_.finish();
    TRY(end_.status, sandbox_.wait(process_));
    return std::move(end_);
  }

 private:
  enum class Stage { running, interrupted, terminated, killed };

  base::Result<void> wait_once() {
    std::array<pollfd, 3> waited{pollfd{output_ ? output_.get() : -1, POLLIN, 0},
                                 pollfd{ended_ ? -1 : process_.ended.get(), POLLIN, 0},
                                 pollfd{stop_seen_ ? -1 : wake_, POLLIN, 0}};
    int milliseconds = -1;
    if (due_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due_ - SteadyClock::now()).count();
      milliseconds = static_cast<int>(std::clamp<long>(left, 0, 60'000));
    }
    const int count = poll(waited.data(), waited.size(), milliseconds);
    if (count < 0 && errno != EINTR) return base::system_error("poll for a step's output", errno);
    if (count <= 0) return {};
    if (waited[0].revents != 0) read_some();
    if (waited[1].revents != 0) on_exit();
    return {};
  }

  void read_some() {
    const ssize_t count = read(output_.get(), buffer_.get(), kPipeBytes);
    if (count > 0) {
      lines_.feed({buffer_.get(), static_cast<std::size_t>(count)});
    } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
      output_.reset();
    }
  }

  void on_exit() {
    ended_ = true;
    due_ = SteadyClock::now() + (end_.stopped ? options_.times.after_terminate : options_.times.after_exit);
  }

  void begin_stop() {
    stop_seen_ = true;
    if (ended_) {
      due_ = SteadyClock::now();
      return;
    }
    end_.stopped = true;
    stage_ = Stage::interrupted;
    signal_group(SIGINT);
    due_ = SteadyClock::now() + options_.times.after_interrupt;
  }

  void next_stage() {
    due_.reset();
    if (ended_) {  // its children hold the output
      if (!output_) return;
      end_.output_was_held = true;
      signal_group(SIGKILL);
      drain();
      output_.reset();
    } else if (stage_ == Stage::interrupted) {
      stage_ = Stage::terminated;
      signal_group(SIGTERM);
      due_ = SteadyClock::now() + options_.times.after_terminate;
    } else if (stage_ == Stage::terminated) {
      stage_ = Stage::killed;
      signal_group(SIGKILL);
    }
  }

  /// What is in the pipe already; a writer outside the group could go on for ever.
  void drain() {
    fcntl(output_.get(), F_SETFL, O_NONBLOCK);
    for (int reads = 0; reads < 32; ++reads) {
      const ssize_t count = read(output_.get(), buffer_.get(), kPipeBytes);
      if (count <= 0) return;
      lines_.feed({buffer_.get(), static_cast<std::size_t>(count)});
    }
  }

  void signal_group(int number) {
    // It may just have ended: then there is nothing to signal.
    (void)sandbox_.signal(process_.id, number, sandbox::SignalTarget::process_group).ok();
  }

  sandbox::Sandbox& sandbox_;
  sandbox::StartedProcess& process_;
  base::Fd output_;
  LineSplitter& lines_;
  const ProcessOptions& options_;
  int wake_;
  bool ended_ = false;
  bool stop_seen_ = false;
  Stage stage_ = Stage::running;
  std::optional<SteadyClock::time_point> due_;
  ProcessEnd end_;
  // Not zeroed: most steps print little, and touching all of it takes longer than they run.
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kPipeBytes);
};

/// A program, folder or environment that cannot be used is the step's fault; a sandbox that is gone is not.
base::Result<ProcessEnd> not_started(base::Error error) {
  if (error.kind == base::ErrorKind::cancelled) return error;
  constexpr int kNotFound = 127;
  constexpr int kCannotRun = 126;
  ProcessEnd end;
  end.status.code = error.kind == base::ErrorKind::not_found ? kNotFound : kCannotRun;
  end.status.failure = error.to_string();
  return end;
}

}  // namespace

base::Result<ProcessEnd> run_process(sandbox::Sandbox& sandbox, sandbox::Command command,
                                     const LineSplitter::Receiver& on_lines, const ProcessOptions& options) {
  TRY(auto pipe, base::make_pipe());
  base::Fd wake(eventfd(0, EFD_CLOEXEC));
  if (!wake) return base::system_error("eventfd", errno);
  command.output = pipe.write.get();
  command.error = pipe.write.get();
  auto started = sandbox.start(command);
  if (!started) return not_started(std::move(started).error());
  sandbox::StartedProcess process = std::move(*started);
  pipe.write.reset();
  // Where a user's pipes are used up, the usual size does.
  (void)fcntl(pipe.read.get(), F_SETPIPE_SZ, kPipeBytes);
  if (options.meanwhile) options.meanwhile();

  std::stop_callback on_stop(options.stop, [&wake] {
    const std::uint64_t one = 1;
    (void)!write(wake.get(), &one, sizeof one);
  });
  LineSplitter lines(on_lines, options.safe_cut);
  return ProcessLoop(sandbox, process, std::move(pipe.read), lines, options, wake.get()).run();
}

}  // namespace steps
