#include <signal.h>

#include "base/strings.h"
#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

using LimitsTest = SandboxTest;

TEST_F(LimitsTest, BoundTheProcessesOfAll) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may always make control groups";
  auto sandbox = make({.limits = {.processes = 20}});
  ASSERT_NE(sandbox, nullptr);
  const auto told = output_of(*sandbox, python(R"py(
import os, signal
children = []
try:
    while len(children) < 100: 
        child = os.fork()
        if child == 0:
            while True: signal.pause()
        children.append(child)
except OSError as error: print(error.strerror)
print(5 < len(children) < 20)
for child in children: os.kill(child, signal.SIGKILL)
)py"));
  EXPECT_EQ(told, "Resource temporarily unavailable\nTrue\n");
}

TEST_F(LimitsTest, BoundOpenFiles) {
  auto sandbox = make({.limits = {.open_files = 77}});
  EXPECT_EQ(output_of(*sandbox, "ulimit -Sn; ulimit -Hn; ulimit -n 100 2>/dev/null || echo refused"),
            "77\n77\nrefused\n");
}

TEST_F(LimitsTest, TellMemoryThatRanOutFromAnOrdinaryKill) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may always make control groups";
  auto sandbox = make({.limits = {.memory_bytes = 64U << 20}});
  ASSERT_NE(sandbox, nullptr);
  const auto killed = run_to_end(*sandbox, bash("kill -KILL $$"), 20);
  ASSERT_TRUE(killed.ok());
  EXPECT_EQ(killed->status.signal, SIGKILL);
  EXPECT_FALSE(killed->status.out_of_memory);
  const auto out_of_memory = run_to_end(*sandbox, python("x = bytearray(300 << 20)"), 20);
  ASSERT_TRUE(out_of_memory.ok());
  EXPECT_TRUE(out_of_memory->status.out_of_memory);
  const auto again = run_to_end(*sandbox, bash("kill -KILL $$"), 20);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->status.out_of_memory) << "that was the one before";
}

TEST_F(LimitsTest, LeaveNoGroupBehind) {
  const auto groups = [] {
    int count = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             "/sys/fs/cgroup", std::filesystem::directory_options::skip_permission_denied, error)) {
      if (entry.path().filename().string().ends_with("-sandbox-test-" + std::to_string(::getpid()))) ++count;
    }
    return count;
  };
  if (::geteuid() != 0) GTEST_SKIP() << "only root may always make control groups";
  {
    auto sandbox = make({.limits = {.memory_bytes = 64U << 20, .processes = 50}});
    ASSERT_NE(sandbox, nullptr);
    EXPECT_GT(groups(), 0);
    EXPECT_EQ(output_of(*sandbox, "sleep 300 & echo up"), "up\n");
  }
  EXPECT_EQ(groups(), 0);
}

}  // namespace
}  // namespace sandbox
