#include <poll.h>
#include <signal.h>

#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

class HostSandboxTest : public testing::Test {
 protected:
  static std::unique_ptr<Sandbox> make() { return make_host_sandbox(); }
};

TEST_F(HostSandboxTest, RunsAProcessAndTellsHowItEnded) {
  auto sandbox = make();
  const auto finished = run_to_end(*sandbox, bash("echo hello; exit 7"), 20);
  ASSERT_TRUE(finished.ok()) << finished.error().to_string();
  EXPECT_EQ(finished->output, "hello\n");
  EXPECT_EQ(finished->status.code, 7);
  EXPECT_EQ(run_to_end(*sandbox, bash("kill -TERM $$"), 20).value().status.signal, SIGTERM);
}

TEST_F(HostSandboxTest, GivesTheEnvironmentAndAMarkOfItsOwn) {
  auto sandbox = make();
  const auto told = output_of(*sandbox, Command{.argv = {"/usr/bin/env"}, .environment = {{"A", "1"}}});
  EXPECT_TRUE(told.starts_with("PIPELINE_SANDBOX_ID=")) << told;
  EXPECT_TRUE(told.ends_with("\nA=1\n")) << told;
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 2) << told;
}

TEST_F(HostSandboxTest, NamesTheProgramThatDoesNotExist) {
  auto sandbox = make();
  const auto started = sandbox->start({.argv = {"no-such-program"}});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().kind, base::ErrorKind::not_found);
  EXPECT_FALSE(sandbox->start({}).ok()) << "nor is no program at all one";
}

TEST_F(HostSandboxTest, TellsTheEndOfAProcessOnce) {
  auto sandbox = make();
  auto started = sandbox->start(bash("exit 5"));
  ASSERT_TRUE(started.ok());
  EXPECT_EQ(sandbox->wait(*started).value().code, 5);
  EXPECT_FALSE(sandbox->wait(*started).ok()) << "a second answer would be made up";
}

TEST_F(HostSandboxTest, KillsWhatItsStepsLeftBehind) {
  auto sandbox = make();
  auto output = base::make_pipe();
  ASSERT_TRUE(output.ok());
  auto command = bash("setsid bash -c 'trap \"\" TERM HUP INT; echo up; sleep 300 & wait' & ");
  command.output = output->write.get();
  auto started = sandbox->start(command);
  ASSERT_TRUE(started.ok());
  output->write.reset();
  char up[3];
  ASSERT_EQ(::read(output->read.get(), up, sizeof up), 3);
  ASSERT_TRUE(sandbox->destroy().ok());
  pollfd watched{.fd = output->read.get(), .events = POLLIN, .revents = 0};
  char byte = 0;
  EXPECT_EQ(::poll(&watched, 1, 10'000), 1);
  EXPECT_EQ(::read(output->read.get(), &byte, 1), 0);
}

TEST_F(HostSandboxTest, HasNoNetworkToReachInto) {
  auto sandbox = make();
  EXPECT_EQ(sandbox->connect(80).error().kind, base::ErrorKind::denied);
  EXPECT_EQ(sandbox->listen("127.0.0.1", 80).error().kind, base::ErrorKind::denied);
}

}  // namespace
}  // namespace sandbox
