#pragma once
// A Sandbox that records the commands it is given and plays an answer to each: bytes of output, an exit
// status, or a process that only a signal ends. It starts nothing.

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "sandbox/sandbox.h"

namespace fakes {

class FakeSandbox : public sandbox::Sandbox {
 public:
  struct Answer {
    std::string output;
    sandbox::ExitStatus status;
    int ends_on_signal = 0;          ///< 0: has ended at once; else it runs until this signal comes
    bool keeps_output_open = false;  ///< a child holds the output until SIGKILL
    std::function<void(const sandbox::Command&)> on_start;  ///< e.g. writes an environment file
  };
  struct Signal {
    int id;
    int number;
    sandbox::SignalTarget target;
    bool operator==(const Signal&) const = default;
  };

  /// The answers of the next commands, in order; when there is none left, commands succeed silently.
  void will(Answer answer) { answers_.push_back(std::move(answer)); }

  base::Result<sandbox::StartedProcess> start(const sandbox::Command& command) override {
    commands.push_back(command);
    Answer answer;
    if (!answers_.empty()) {
      answer = std::move(answers_.front());
      answers_.pop_front();
    }
    if (answer.on_start) answer.on_start(command);
    if (command.output >= 0 && !answer.output.empty()) {
      auto written = base::write_all(command.output, answer.output);
      if (!written) return written.error();
    }
    const int id = next_id_++;
    Process& process = processes_[id];
    process.ended = base::Fd(eventfd(0, EFD_CLOEXEC));
    process.status = answer.status;
    process.ends_on_signal = answer.ends_on_signal;
    if ((answer.keeps_output_open || answer.ends_on_signal != 0) && command.output >= 0) {
      process.output = base::Fd(fcntl(command.output, F_DUPFD_CLOEXEC, 0));
    }
    process.output_outlives_it = answer.keeps_output_open;
    if (answer.ends_on_signal == 0) end(process);
    return sandbox::StartedProcess{id, base::Fd(fcntl(process.ended.get(), F_DUPFD_CLOEXEC, 0))};
  }

  base::Result<sandbox::ExitStatus> wait(sandbox::StartedProcess& process) override {
    return processes_.at(process.id).status;
  }

  base::Result<void> signal(int id, int number, sandbox::SignalTarget target) override {
    signals.push_back({id, number, target});
    Process& process = processes_.at(id);
    if (!process.has_ended && number == process.ends_on_signal) {
      process.status.signal = number;
      end(process);
    }
    if (number == SIGKILL) process.output.reset();
    return {};
  }

  base::Result<base::Fd> connect(std::uint16_t) override { return none(); }
  base::Result<base::Fd> listen(const std::string&, std::uint16_t) override { return none(); }
  base::Result<void> destroy() override { return {}; }

  std::vector<sandbox::Command> commands;
  std::vector<Signal> signals;

 private:
  struct Process {
    base::Fd ended;
    base::Fd output;
    sandbox::ExitStatus status;
    int ends_on_signal = 0;
    bool has_ended = false;
    bool output_outlives_it = false;
  };

  static base::Error none() {
    return base::make_error(base::ErrorKind::denied, "a fake sandbox has no network");
  }

  static void end(Process& process) {
    process.has_ended = true;
    const std::uint64_t one = 1;
    (void)!write(process.ended.get(), &one, sizeof one);
    if (!process.output_outlives_it) process.output.reset();
  }

  std::deque<Answer> answers_;
  std::map<int, Process> processes_;
  int next_id_ = 100;
};

}  // namespace fakes
