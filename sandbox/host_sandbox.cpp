#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/process.h"
#include "sandbox/marked_processes.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"
#include "sandbox/spawn_attributes.h"

namespace sandbox {

namespace {

using base::Result;

class HostSandbox : public Sandbox {
 public:
  HostSandbox() : mark_(make_process_mark()) {}
  ~HostSandbox() override { (void)destroy(); }

  Result<StartedProcess> start(const Command& command) override {
    if (command.argv.empty()) return base::make_error(base::ErrorKind::invalid_input, "no program to start");
    const auto path = command.environment.find("PATH");
    const auto program =
        base::find_program(command.argv[0], path == command.environment.end() ? "" : path->second);
    if (!program)
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("cannot start {}: not found on PATH", command.argv[0]));
    TRY(auto ended, base::make_pipe());
    std::vector<std::string> environment{mark_};
    for (const auto& [key, value] : command.environment) environment.push_back(key + "=" + value);
    auto arguments = command.argv;
    if (command.named_by_path) arguments[0] = program->string();
    TRY(const pid_t pid, spawn(*program, arguments, environment, command));
    std::thread([pid, write = std::move(ended.write)] {
      int status = 0;
      while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
      }
      const protocol::Ended how{WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                                WIFSIGNALED(status) ? WTERMSIG(status) : 0};
      (void)::write(write.get(), &how, sizeof how);
    }).detach();
    return StartedProcess{pid, std::move(ended.read)};
  }

  Result<ExitStatus> wait(StartedProcess& process) override {
    protocol::Ended ended;
    ssize_t count = -1;
    while ((count = ::read(process.ended.get(), &ended, sizeof ended)) < 0 && errno == EINTR) {
    }
    process.ended.reset();
    if (count != sizeof ended)
      return base::make_error(base::ErrorKind::internal, "a process can be waited for only once");
    return ExitStatus{.code = ended.code, .signal = ended.signal};
  }

  Result<void> signal(int id, int signal_number, SignalTarget target) override {
    if (target == SignalTarget::all) {
      for (const pid_t pid : processes_with(mark_)) ::kill(pid, signal_number);
      return {};
    }
    if (::kill(target == SignalTarget::process_group ? -id : id, signal_number) != 0 && errno != ESRCH) {
      return base::system_error("signalling a step", errno);
    }
    return {};
  }

  Result<base::Fd> connect(std::uint16_t) override {
    return base::make_error(base::ErrorKind::denied,
                            "without a sandbox there is no network namespace to connect into");
  }
  Result<base::Fd> listen(const std::string&, std::uint16_t) override {
    return base::make_error(base::ErrorKind::denied,
                            "without a sandbox there is no network namespace to listen in");
  }

  Result<void> destroy() override { return kill_processes_with(mark_); }

 private:
  static Result<pid_t> spawn(const base::Path& program, std::vector<std::string>& arguments,
                             std::vector<std::string>& environment, const Command& command) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const int given[] = {command.input, command.output, command.error};
    for (int i = 0; i < 3; ++i) {
      if (given[i] >= 0)
        posix_spawn_file_actions_adddup2(&actions, given[i], i);
      else
        posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawn_file_actions_addchdir_np(&actions, command.directory.c_str());
    const SpawnAttributes attributes;
    std::vector<char*> argv;
    for (auto& text : arguments) argv.push_back(text.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (auto& text : environment) envp.push_back(text.data());
    envp.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, program.c_str(), &actions, attributes.get(), argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return base::system_error("cannot start " + program.string(), error);
    return pid;
  }

  std::string mark_;
};

}  // namespace

std::unique_ptr<Sandbox> make_host_sandbox() {
  return std::make_unique<HostSandbox>();
}

}  // namespace sandbox
