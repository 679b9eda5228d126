#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/strings.h"
#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

using Steps = SandboxTest;

TEST_F(Steps, HaveExactlyTheEnvironmentTheyWereGiven) {
  ASSERT_EQ(::setenv("SANDBOX_TEST_SECRET", "x", 1), 0);
  auto sandbox = make();
  const EnvVars given{{"A", "1"}, {"EMPTY", ""}, {"LINES", "one\ntwo"}, {"PATH", "/usr/bin"}, {"T", "a=b"}};
  EXPECT_EQ(output_of(*sandbox, Command{.argv = {"env", "-0"}, .environment = given}),
            std::string("A=1\0EMPTY=\0LINES=one\ntwo\0PATH=/usr/bin\0T=a=b\0", 45));
  EXPECT_EQ(output_of(*sandbox, Command{.argv = {"/usr/bin/env"}}), "");
  ::unsetenv("SANDBOX_TEST_SECRET");
}

TEST_F(Steps, HaveExactlyTheArgumentsTheyWereGiven) {
  auto sandbox = make();
  EXPECT_EQ(output_of(*sandbox, Command{.argv = {"printf", "[%s]", "", "a b", "$HOME", "-n", "\n", "ü"}}),
            "[][a b][$HOME][-n][\n][ü]");
}

TEST_F(Steps, TakeAnEnvironmentLargerThanAPacket) {
  auto sandbox = make();
  Command command = bash("echo ${#A} ${#B}");
  command.environment["A"] = std::string(100'000, 'a');
  command.environment["B"] = std::string(100'000, 'b');
  EXPECT_EQ(output_of(*sandbox, command), "100000 100000\n");
}

TEST_F(Steps, SayThatAnArgumentIsTooLong) {
  auto sandbox = make();
  const auto finished = run_to_end(*sandbox, {.argv = {"true", std::string(1U << 20, 'x')}}, 20);
  ASSERT_FALSE(finished.ok());
  EXPECT_NE(finished.error().message.find("Argument list too long"), std::string::npos)
      << finished.error().message;
  EXPECT_EQ(output_of(*sandbox, "echo next"), "next\n");
}

TEST_F(Steps, ReadTheirInputToItsEnd) {
  auto sandbox = make();
  auto input = base::make_pipe();
  auto output = base::make_pipe();
  ASSERT_TRUE(input.ok() && output.ok());
  auto command = bash("wc -c");
  command.input = input->read.get();
  command.output = output->write.get();
  auto started = sandbox->start(command);
  ASSERT_TRUE(started.ok());
  input->read.reset();
  output->write.reset();
  ASSERT_TRUE(base::write_all(input->write.get(), std::string(300'000, 'x')).ok());
  input->write.reset();
  EXPECT_EQ(base::read_all(output->read.get()).value_or(""), "300000\n");
  EXPECT_EQ(sandbox->wait(*started).value().code, 0);
}

TEST_F(Steps, HaveAnEmptyInputWhenNoneIsGiven) {
  auto sandbox = make();
  EXPECT_EQ(output_of(*sandbox, "wc -c; readlink /proc/self/fd/0"), "0\n/dev/null\n");
}

TEST_F(Steps, KeepTheirTwoOutputsApart) {
  auto sandbox = make();
  auto output = base::make_pipe();
  auto error = base::make_pipe();
  ASSERT_TRUE(output.ok() && error.ok());
  auto command = bash("echo out; echo err >&2");
  command.output = output->write.get();
  command.error = error->write.get();
  auto started = sandbox->start(command);
  ASSERT_TRUE(started.ok());
  output->write.reset();
  error->write.reset();
  EXPECT_EQ(base::read_all(output->read.get()).value_or(""), "out\n");
  EXPECT_EQ(base::read_all(error->read.get()).value_or(""), "err\n");
}

TEST_F(Steps, InheritNoDescriptorOfOurs) {
  const base::Fd leaky(::open("/dev/null", O_RDONLY));  // without close-on-exec, as a library may have it
  const base::Fd high(::fcntl(leaky.get(), F_DUPFD, 300));
  auto sandbox = make();
  ASSERT_NE(sandbox, nullptr);
  auto other = sandbox->start(bash("exec sleep 300"));
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(output_of(*sandbox, Command{.argv = {"ls", "/proc/self/fd"}}), "0\n1\n2\n3\n");  // 3 is ls's own
}

TEST_F(Steps, InheritNoHeldBackOrIgnoredSignal) {
  const auto before = ::signal(SIGQUIT, SIG_IGN);  // as nohup and a shell's & start a runner
  auto sandbox = make();
  ::signal(SIGQUIT, before);
  // Beyond the 31 that have names the C library ignores two that are its own.
  EXPECT_EQ(
      output_of(*sandbox,
                "grep -cE '^SigBlk:.0{16}$' /proc/self/status; grep -cE '^SigIgn:.[0-9a-f]{8}[08]0{7}$' "
                "/proc/self/status"),
      "1\n1\n");
}

TEST_F(Steps, StartWhereTheyAreTold) {
  auto sandbox = make();
  auto command = bash("pwd");
  EXPECT_EQ(output_of(*sandbox, command), "/\n");
  command.directory = "/usr/bin";
  EXPECT_EQ(output_of(*sandbox, command), "/usr/bin\n");
  command.directory = "/absent";
  const auto finished = run_to_end(*sandbox, command, 20);
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(finished.error().message, "cannot start bash (chdir): No such file or directory");
}

TEST_F(Steps, SayThatAProgramMayNotBeExecuted) {
  auto sandbox = make();
  const auto finished = run_to_end(*sandbox, {.argv = {"/etc/passwd"}}, 20);
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().message, "cannot start /etc/passwd (execve): Permission denied");
  EXPECT_FALSE(run_to_end(*sandbox, {}, 20).ok());
}

struct UserCase {
  const char* name;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  const char* ids;
};
void PrintTo(const UserCase& given, std::ostream* out) {
  *out << given.ids;
}

class StepUsers : public Steps, public testing::WithParamInterface<UserCase> {};

TEST_P(StepUsers, AreThePlansUnlessTheCommandNamesOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can map more than one id";
  auto sandbox = make({.uid = 1000, .gid = 2000});
  auto command = bash("id -u; id -g; id -G");
  command.uid = GetParam().uid;
  command.gid = GetParam().gid;
  EXPECT_EQ(output_of(*sandbox, command), GetParam().ids);
}

INSTANTIATE_TEST_SUITE_P(, StepUsers,
                         testing::Values(UserCase{"None", {}, {}, "1000\n2000\n2000\n"},
                                         UserCase{"AUser", 5, {}, "5\n2000\n2000\n"},
                                         UserCase{"AGroup", {}, 5, "1000\n5\n5\n"},
                                         UserCase{"Both", 5, 6, "5\n6\n6\n"},
                                         UserCase{"Root", 0, 0, "0\n0\n0\n"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

class NoStepUser : public Steps, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(NoStepUser, BecomesRootInstead) {
  auto sandbox = make();
  auto command = bash("id -u; id -g");
  command.uid = GetParam();
  EXPECT_FALSE(run_to_end(*sandbox, command, 20).ok()) << output_of(*sandbox, command);
  command.uid = 0;
  command.gid = GetParam();
  EXPECT_FALSE(run_to_end(*sandbox, command, 20).ok()) << output_of(*sandbox, command);
}

INSTANTIATE_TEST_SUITE_P(, NoStepUser,
                         testing::Values(65'536U, 100'000U, 0x7fffffffU, 0x80000000U, 0xffffffffU));

TEST_F(Steps, RunManyAfterEachOther) {
  auto sandbox = make();
  for (int i = 0; i < 200; ++i) {
    const auto finished =
        run_to_end(*sandbox, {.argv = {"printenv", "N"}, .environment = {{"N", std::to_string(i)}}}, 20);
    ASSERT_TRUE(finished.ok()) << finished.error().to_string();
    ASSERT_EQ(finished->output, std::to_string(i) + "\n");
  }
  EXPECT_EQ(output_of(*sandbox, "cat /proc/[0-9]*/stat 2>/dev/null | grep -c ' Z '"), "0\n")
      << "no zombie stays";
}

TEST_F(Steps, RunManyAtOnceAndEndInAnyOrder) {
  auto sandbox = make();
  auto gate = base::make_pipe();
  ASSERT_TRUE(gate.ok());
  std::vector<StartedProcess> processes;
  for (int i = 0; i < 20; ++i) {
    auto command = bash("read -r; exit " + std::to_string(i));
    command.input = gate->read.get();
    auto started = sandbox->start(command);
    ASSERT_TRUE(started.ok()) << started.error().to_string();
    processes.push_back(std::move(*started));
  }
  gate->write.reset();
  for (int i = 19; i >= 0; --i)
    EXPECT_EQ(sandbox->wait(processes[static_cast<std::size_t>(i)]).value().code, i);
}

TEST_F(Steps, ReapOrphansOfTheirs) {
  auto sandbox = make();
  EXPECT_EQ(output_of(*sandbox, "for i in 1 2 3 4 5; do (true & ) ; done; echo done"), "done\n");
  EXPECT_EQ(output_of(*sandbox,
                      "until [ -z \"$(cat /proc/[0-9]*/stat 2>/dev/null | grep ' Z ')\" ]; do :; done; "
                      "echo reaped"),
            "reaped\n");
}

TEST_F(Steps, EndWhenTheirTimeIsOver) {
  auto sandbox = make();
  const auto finished = run_to_end(*sandbox, bash("trap '' TERM; sleep 300 & wait"), 0);
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().kind, base::ErrorKind::cancelled);
  EXPECT_EQ(finished.error().message, "bash took longer than 0 s");
}

TEST_F(Steps, EndWithTheirChildrenWhenTheirGroupIsSignalled) {
  auto sandbox = make();
  auto output = base::make_pipe();
  ASSERT_TRUE(output.ok());
  auto command = bash("trap '' TERM; sleep 300 & echo up; wait");
  command.output = output->write.get();
  auto started = sandbox->start(command);
  ASSERT_TRUE(started.ok());
  output->write.reset();
  char up[3];
  ASSERT_EQ(::read(output->read.get(), up, sizeof up), 3);
  ASSERT_TRUE(sandbox->signal(started->id, SIGKILL, SignalTarget::process_group).ok());
  EXPECT_EQ(sandbox->wait(*started).value().signal, SIGKILL);
  EXPECT_EQ(base::read_all(output->read.get()).value_or("failed"), "") << "nobody holds it any more";
}

TEST_F(Steps, GiveOutputUpToItsLimit) {
  auto sandbox = make();
  const auto finished = run_to_end(*sandbox, {.argv = {"head", "-c", "3000001", "/dev/zero"}}, 20);
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->status.code, 0);
  EXPECT_EQ(finished->output.size(), 1U << 20);
}

TEST_F(Steps, EndThoughAChildOfTheirsWritesForEver) {
  auto sandbox = make();
  const auto finished = run_to_end(*sandbox, bash("yes & exit 3"), 20);
  ASSERT_TRUE(finished.ok()) << finished.error().to_string();
  EXPECT_EQ(finished->status.code, 3);
}

TEST_F(Steps, AreSignalledAllAtOnce) {
  auto sandbox = make();
  auto first = sandbox->start(bash("exec sleep 300"));
  auto second = sandbox->start(bash("exec sleep 300"));
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(sandbox->signal(0, SIGKILL, SignalTarget::all).ok());
  EXPECT_EQ(sandbox->wait(*first).value().signal, SIGKILL);
  EXPECT_EQ(sandbox->wait(*second).value().signal, SIGKILL);
  EXPECT_EQ(output_of(*sandbox, "echo next"), "next\n");
}

TEST_F(Steps, AreSignalledWithoutAnErrorWhenTheyAreGone) {
  auto sandbox = make();
  auto started = sandbox->start(bash("exit 0"));
  ASSERT_TRUE(started.ok());
  const int id = started->id;
  EXPECT_EQ(sandbox->wait(*started).value().code, 0);
  EXPECT_TRUE(sandbox->signal(id, SIGTERM, SignalTarget::process).ok());
  EXPECT_TRUE(sandbox->signal(id, SIGTERM, SignalTarget::process_group).ok());
}

struct CodeCase {
  const char* name;
  ExitStatus status;
  int code;
};
void PrintTo(const CodeCase& given, std::ostream* out) {
  *out << given.name;
}

class ShellCode : public testing::TestWithParam<CodeCase> {};

TEST_P(ShellCode, IsWhatAShellWouldTell) {
  EXPECT_EQ(GetParam().status.shell_code(), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(, ShellCode,
                         testing::Values(CodeCase{"Success", {}, 0}, CodeCase{"Failure", {.code = 3}, 3},
                                         CodeCase{"Killed", {.signal = SIGKILL}, 137},
                                         CodeCase{"NotFound", {.failure = "execve x: ENOENT"}, 127},
                                         CodeCase{"NotExecutable", {.code = 126, .failure = "execve"}, 126}),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace sandbox
