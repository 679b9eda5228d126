#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <thread>

#include "base/strings.h"
#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

// A daemon as daemons are made: two forks, a session of its own, deaf to signals; it holds the given output
// open, so that the end of that output is its own end.
constexpr const char* kDaemon = R"py(
import os, signal
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
os.write(1, b'up')
while True: signal.pause()
)py";

class Lifetime : public SandboxTest {
 protected:
  void start(Sandbox& sandbox, const std::string& script = kDaemon) {
    auto command = python(script);
    command.output = output_.write.get();
    started_ = sandbox.start(command).value();
    output_.write.reset();
    char up[2];
    ASSERT_EQ(::read(output_.read.get(), up, 2), 2);
  }
  // Whether nobody holds the output any more, now or within the time that a loaded machine may take.
  [[nodiscard]] bool all_ended() const {
    pollfd watched{.fd = output_.read.get(), .events = POLLIN, .revents = 0};
    char byte = 0;
    return ::poll(&watched, 1, 10'000) == 1 && ::read(output_.read.get(), &byte, 1) == 0;
  }
  [[nodiscard]] bool all_ended_now() const {
    pollfd watched{.fd = output_.read.get(), .events = POLLIN, .revents = 0};
    char byte = 0;
    return ::poll(&watched, 1, 0) == 1 && ::read(output_.read.get(), &byte, 1) == 0;
  }
  base::Pipe output_ = base::make_pipe().value();
  StartedProcess started_;
};

TEST_F(Lifetime, OfADaemonEndsWithTheSandbox) {
  auto sandbox = make();
  start(*sandbox);
  EXPECT_EQ(sandbox->wait(started_).value().code, 0) << "it left its parent";
  EXPECT_FALSE(all_ended_now());
  ASSERT_TRUE(sandbox->destroy().ok());
  EXPECT_TRUE(all_ended_now()) << "what destroy() says is so when it returns";
}

TEST_F(Lifetime, OfAForkBombEndsWithTheSandbox) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may always make control groups";
  auto sandbox = make({.limits = {.processes = 64}});
  start(*sandbox,
        "import os\nos.write(1, b'up')\nwhile True:\n  try:\n    if os.fork() == 0: os.setsid()\n  except "
        "OSError: pass");
  ASSERT_TRUE(sandbox->destroy().ok());
  EXPECT_TRUE(all_ended_now());
}

TEST_F(Lifetime, OfADaemonEndsWithTheObject) {
  {
    auto sandbox = make();
    start(*sandbox);
  }
  EXPECT_TRUE(all_ended_now());
}

TEST_F(Lifetime, OfADaemonEndsWithTheSupervisorHoweverThatEnds) {
  auto ready = base::make_pipe();
  ASSERT_TRUE(ready.ok());
  const pid_t supervisor = ::fork();
  if (supervisor == 0) {
    auto sandbox = make();
    auto command = python(kDaemon);
    command.output = output_.write.get();
    const bool started = sandbox != nullptr && sandbox->start(command).ok();
    output_ = {};
    (void)base::write_all(ready->write.get(), started ? "y" : "n");
    while (true) ::pause();
  }
  output_.write.reset();
  char answer = 0;
  ASSERT_EQ(::read(ready->read.get(), &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  char up[2];
  EXPECT_EQ(::read(output_.read.get(), up, 2), 2);
  ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
  ASSERT_EQ(::waitpid(supervisor, nullptr, 0), supervisor);
  EXPECT_TRUE(all_ended());
}

TEST_F(Lifetime, LeavesNoChildOfOurs) {
  {
    auto sandbox = make();
    ASSERT_NE(sandbox, nullptr);
    EXPECT_EQ(output_of(*sandbox, "echo x"), "x\n");
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(Lifetime, LeavesNoDescriptorOfOurs) {
  ASSERT_NE(make(), nullptr);  // the program of all sandboxes stays open
  const auto before = base::list_directory("/proc/self/fd").value().size();
  for (int i = 0; i < 3; ++i) {
    auto sandbox = make();
    ASSERT_NE(sandbox, nullptr);
    EXPECT_EQ(output_of(*sandbox, "echo x"), "x\n");
  }
  EXPECT_EQ(base::list_directory("/proc/self/fd").value().size(), before);
}

TEST_F(Lifetime, LeavesNothingMountedOnTheHost) {
  const auto before = base::read_file("/proc/self/mountinfo").value();
  {
    auto sandbox = make({.mounts = {{.kind = MountKind::tmpfs, .target = "/scratch"}}});
    ASSERT_NE(sandbox, nullptr);
    EXPECT_EQ(base::read_file("/proc/self/mountinfo").value(), before);
  }
  EXPECT_EQ(base::read_file("/proc/self/mountinfo").value(), before);
}

TEST_F(Lifetime, RefusesEverythingAfterItsEnd) {
  auto sandbox = make();
  ASSERT_TRUE(sandbox->destroy().ok());
  EXPECT_TRUE(sandbox->destroy().ok()) << "once more is no error";
  EXPECT_EQ(sandbox->start(bash("true")).error().kind, base::ErrorKind::cancelled);
  EXPECT_FALSE(sandbox->signal(1, SIGTERM, SignalTarget::process).ok());
  EXPECT_FALSE(sandbox->connect(80).ok());
  EXPECT_FALSE(sandbox->listen("127.0.0.1", 80).ok());
}

TEST_F(Lifetime, TellsWhoWaitsThatTheSandboxEnded) {
  auto sandbox = make();
  auto started = sandbox->start(bash("exec sleep 300"));
  ASSERT_TRUE(started.ok());
  base::Result<ExitStatus> status = ExitStatus{};
  std::jthread waiting([&] { status = sandbox->wait(*started); });
  ASSERT_TRUE(sandbox->destroy().ok());
  waiting.join();
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->signal, SIGKILL);
}

TEST_F(Lifetime, NamesWhatTheMachineDoesNotAllowAndWhatToDo) {
  const auto made = make_namespace_sandbox({.label = "test", .root = RootKind::image});
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("an image root needs a layer"), std::string::npos)
      << made.error().message;
  EXPECT_NE(made.error().to_string().find("--sandbox none"), std::string::npos);
}

}  // namespace
}  // namespace sandbox
