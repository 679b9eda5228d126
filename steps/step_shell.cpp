#include "steps/step_shell.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "steps/environment_files.h"
#include "steps/step_environment.h"
#include "steps/step_run.h"

namespace steps {
namespace {

// How soon a terminal that changes its size tells the shell; nobody notices.
constexpr int kLookAtSizeMilliseconds = 250;

/// The user's terminal without its own line editing, until destroyed.
class RawTerminal {
 public:
  RawTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    is_raw_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0;
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() {
    if (is_raw_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool is_raw_ = false;
};

struct Terminal {
  base::Fd ours;
  base::Fd of_the_shell;
};

base::Result<Terminal> make_terminal() {
  Terminal made;
  made.ours.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  char name[128];
  if (!made.ours || ::grantpt(made.ours.get()) != 0 || ::unlockpt(made.ours.get()) != 0 ||
      ::ptsname_r(made.ours.get(), name, sizeof name) != 0)
    return base::system_error("making a terminal for the shell", errno);
  made.of_the_shell.reset(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!made.of_the_shell) return base::system_error("making a terminal for the shell", errno);
  return made;
}

void pass_size_on(int terminal) {
  winsize size{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) ::ioctl(terminal, TIOCSWINSZ, &size);
}

/// Moves what there is; false at the end.
bool move_bytes(int from, int to) {
  char buffer[4096];
  const ssize_t count = ::read(from, buffer, sizeof buffer);
  if (count < 0 && errno == EINTR) return true;
  return count > 0 && base::write_all(to, {buffer, static_cast<std::size_t>(count)}).ok();
}

base::Result<sandbox::ExitStatus> relay(sandbox::Sandbox& sandbox, sandbox::StartedProcess& process,
                                        int terminal) {
  const RawTerminal raw;
  bool input_open = true;
  bool output_open = true;
  bool ended = false;
  while (output_open && !ended) {
    pass_size_on(terminal);
    pollfd watched[3] = {
        {terminal, POLLIN, 0}, {process.ended.get(), POLLIN, 0}, {input_open ? STDIN_FILENO : -1, POLLIN, 0}};
    if (::poll(watched, 3, kLookAtSizeMilliseconds) < 0) continue;
    if (watched[0].revents != 0) {
      output_open = move_bytes(terminal, STDOUT_FILENO);
    } else {
      ended = watched[1].revents != 0;  // and all of its output is read
    }
    if (watched[2].revents != 0) input_open = move_bytes(STDIN_FILENO, terminal);
  }
  return sandbox.wait(process);
}

/// The step's environment as it would get it.
base::Result<sandbox::Command> shell_command(const workflow::Step& step, RunningJob& job) {
  sandbox::Command command;
  TRY(const auto variables, environment_of_step(step, job));
  TRY(command.directory, folder_of_step(step, job));
  command.environment =
      process_environment(job, variables, job.contexts.get("github"), job.contexts.get("runner"));
  for (const char* name : {"TERM", "COLORTERM"}) {
    if (const char* value = std::getenv(name); value != nullptr) command.environment[name] = value;
  }
  return command;
}

}  // namespace

base::Result<int> open_step_shell(const workflow::Step& step, RunningJob& job) {
  const ContextsOfStep contexts(job);
  TRY(auto files, EnvironmentFiles::create(job.folders.file_commands, job.services->host_uid));
  set_github(job, files.paths());
  TRY(auto command, shell_command(step, job));
  if (::isatty(STDIN_FILENO) != 1) {
    command.argv = {"bash", "--norc"};
    command.input = STDIN_FILENO;
    command.output = STDOUT_FILENO;
    command.error = STDERR_FILENO;
    TRY(auto process, job.sandbox->start(command));
    TRY(const auto status, job.sandbox->wait(process));
    return status.shell_code();
  }
  TRY(auto terminal, make_terminal());
  command.environment.try_emplace("PS1", "[step] \\w \\$ ");
  command.argv = {"setsid", "--ctty", "--wait", "bash", "--norc", "-i"};
  command.input = command.output = command.error = terminal.of_the_shell.get();
  TRY(auto process, job.sandbox->start(command));
  terminal.of_the_shell.reset();
  TRY(const auto status, relay(*job.sandbox, process, terminal.ours.get()));
  return status.shell_code();
}

}  // namespace steps
