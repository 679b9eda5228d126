// Sandboxes that share a network: the containers of one task.
#include "sandbox/neighbour.h"
#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

class NeighbourTest : public SandboxTest {
 protected:
  static std::unique_ptr<Sandbox> beside(Sandbox& first, const MemoryShare& share = {}) {
    Plan plan;
    plan.label = "neighbour-test";
    plan.network = NetworkMode::isolated;
    auto made = make_neighbour(first, plan, share);
    if (made.ok()) return std::move(made).value();
    throw std::runtime_error(made.error().to_string());
  }
};

TEST_F(NeighbourTest, IsFoundOnLoopback) {
  auto first = make({.network = NetworkMode::isolated});
  auto second = beside(*first);
  const auto listens = first->listen("127.0.0.1", 8000);
  ASSERT_TRUE(listens.ok()) << listens.error().to_string();
  EXPECT_EQ(output_of(*second, "exec 3<>/dev/tcp/127.0.0.1/8000 && echo reached"), "reached\n");
  const auto back = second->listen("127.0.0.1", 8001);
  ASSERT_TRUE(back.ok()) << back.error().to_string();
  EXPECT_TRUE(first->connect(8001).ok());
  EXPECT_FALSE(second->listen("127.0.0.1", 8000).ok()) << "they have one set of ports";
}

TEST_F(NeighbourTest, HasProcessesAndFilesOfItsOwn) {
  auto first = make({.network = NetworkMode::isolated});
  auto second = beside(*first);
  auto started = first->start(bash("sleep 300"));
  ASSERT_TRUE(started.ok());
  EXPECT_EQ(output_of(*first, "echo first >/tmp/name"), "");
  EXPECT_EQ(output_of(*second, "cat /tmp/name 2>/dev/null || echo none"), "none\n");
  EXPECT_EQ(second->processes().value().size(), 0U);
  EXPECT_EQ(output_of(*second, "echo second >/tmp/name; hostname"), "pipeline\n");
}

TEST_F(NeighbourTest, GoesOnWhenTheFirstOneEnds) {
  auto first = make({.network = NetworkMode::isolated});
  auto second = beside(*first);
  auto third = beside(*second);
  const auto listens = second->listen("127.0.0.1", 8000);
  ASSERT_TRUE(listens.ok());
  ASSERT_TRUE(first->destroy().ok());
  EXPECT_TRUE(third->connect(8000).ok());
  EXPECT_FALSE(make_neighbour(*first, {}).ok());
}

TEST_F(NeighbourTest, CountsAgainstTheLimitsOfTheFirst) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may always make control groups";
  auto first = make({.network = NetworkMode::isolated, .limits = {.memory_bytes = 64U << 20}});
  auto second = beside(*first);
  const auto killed = run_to_end(*second, python("x = bytearray(300 << 20)"), 20);
  ASSERT_TRUE(killed.ok());
  EXPECT_TRUE(killed->status.out_of_memory);
  EXPECT_EQ(killed->status.limit, "killed: out of memory, limit 64 MiB");
  const auto other = run_to_end(*first, bash("exit 1"), 20);
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(other->status.out_of_memory) << "that was its neighbour";
}

TEST_F(NeighbourTest, HoldsNoMoreThanItsShareOfTheMemory) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may always make control groups";
  auto first = make({.network = NetworkMode::isolated, .limits = {.memory_bytes = 256U << 20}});
  auto small = beside(*first, {.limit_bytes = 48U << 20, .reserved_bytes = 16U << 20});
  auto large = beside(*first);
  const auto killed = run_to_end(*small, python("x = bytearray(150 << 20)"), 20);
  ASSERT_TRUE(killed.ok());
  EXPECT_TRUE(killed->status.out_of_memory);
  EXPECT_EQ(killed->status.limit, "killed: out of memory, limit 48 MiB");
  const auto held = run_to_end(*large, python("x = bytearray(150 << 20); raise SystemExit(3)"), 20);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(held->status.code, 3) << "its neighbour's share is not its own";
  EXPECT_FALSE(held->status.out_of_memory);
  const auto of_all = run_to_end(*large, python("x = bytearray(500 << 20)"), 20);
  ASSERT_TRUE(of_all.ok());
  EXPECT_TRUE(of_all->status.out_of_memory);
}

TEST_F(NeighbourTest, HasAShareWhereTheFirstHasNoLimit) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may always make control groups";
  auto first = make({.network = NetworkMode::isolated});
  auto small = beside(*first, {.limit_bytes = 48U << 20});
  const auto killed = run_to_end(*small, python("x = bytearray(150 << 20)"), 20);
  ASSERT_TRUE(killed.ok());
  EXPECT_TRUE(killed->status.out_of_memory);
}

TEST_F(NeighbourTest, NeedsANetworkToShare) {
  auto first = make({.network = NetworkMode::host});
  EXPECT_EQ(make_neighbour(*first, {}).error().kind, base::ErrorKind::denied);
}

TEST_F(SandboxTest, TellsWhatItsProcessesUse) {
  auto sandbox = make();
  const auto before = usage_of(*sandbox);
  ASSERT_TRUE(before.ok()) << before.error().to_string();
  base::Pipe pipe = base::make_pipe().value();
  auto command = python(R"(
import os, sys, time
held = b"x" * (48 << 20)
while time.process_time() < 0.3: pass
if os.fork() == 0:
    while time.process_time() < 0.2: pass
    os._exit(0)
os.wait()
print("worked", flush=True)
time.sleep(300)
)");
  command.output = pipe.write.get();
  auto started = sandbox->start(command);
  ASSERT_TRUE(started.ok());
  char worked[7];
  ASSERT_EQ(::read(pipe.read.get(), worked, sizeof worked), 7);
  const auto after = usage_of(*sandbox);
  ASSERT_TRUE(after.ok());
  // The clock of /proc has a hundred ticks a second.
  EXPECT_GE(after->cpu_seconds - before->cpu_seconds, 0.4) << "with the child that has ended";
  EXPECT_GE(after->memory_bytes - before->memory_bytes, 48U << 20);
  EXPECT_EQ(after->processes, before->processes + 1);
  ASSERT_TRUE(sandbox->destroy().ok());
  EXPECT_FALSE(usage_of(*sandbox).ok());
}

TEST_F(NeighbourTest, TellsWhatWentOverTheirNetwork) {
  auto first = make({.network = NetworkMode::isolated});
  auto second = beside(*first);
  const auto before = usage_of(*second);
  ASSERT_TRUE(before.ok());
  const auto listens = first->listen("127.0.0.1", 8000);
  ASSERT_TRUE(listens.ok());
  EXPECT_EQ(output_of(*first, "exec 3<>/dev/tcp/127.0.0.1/8000; printf '%1000s' >&3"), "");
  const auto after = usage_of(*second);
  ASSERT_TRUE(after.ok());
  EXPECT_GE(after->received.bytes - before->received.bytes, 1000U) << "it is the same network";
  EXPECT_GT(after->sent.packets, before->sent.packets);
  EXPECT_EQ(after->received.errors, 0U);
}

}  // namespace
}  // namespace sandbox
