#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/json.h"
#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

TEST_F(SandboxTest, RunsAProcessAndTellsItsExitCode) {
  auto sandbox = make();
  const auto finished = run_to_end(*sandbox, bash("echo hello; exit 7"), 10);
  ASSERT_TRUE(finished.ok()) << finished.error().to_string();
  EXPECT_EQ(finished->output, "hello\n");
  EXPECT_EQ(finished->status.code, 7);
}

TEST_F(SandboxTest, TellsTheSignalThatEndedAProcess) {
  auto sandbox = make();
  const auto finished = run_to_end(*sandbox, bash("kill -TERM $$"), 10);
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->status.signal, SIGTERM);
  EXPECT_EQ(finished->status.shell_code(), 128 + SIGTERM);
}

TEST_F(SandboxTest, NamesAProgramThatDoesNotExist) {
  auto sandbox = make();
  const auto finished =
      run_to_end(*sandbox, {.argv = {"no-such-program"}, .environment = {{"PATH", "/usr/bin"}}}, 10);
  ASSERT_FALSE(finished.ok());
  EXPECT_NE(finished.error().message.find("no-such-program"), std::string::npos);
}

TEST_F(SandboxTest, NeverMapsTheHostsRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root could map it";
  auto sandbox = make();
  EXPECT_EQ(output_of(*sandbox, "id -u; grep -c '^ *0 *0 ' /proc/self/uid_map").substr(0, 4), "0\n0\n");
}

TEST_F(SandboxTest, HidesTheHostsFilesBeyondItsTools) {
  auto dir = base::TempDir::create("sandbox-test");
  ASSERT_TRUE(base::write_file(dir->path() / "canary", "host").ok());
  auto sandbox = make();
  const auto script = "cat " + (dir->path() / "canary").string() +
                      " /etc/shadow /root/.profile 2>/dev/null; ls -A /root /home /mnt 2>/dev/null | grep -v "
                      "^/ | tr -d '\\n'; "
                      "touch /etc/x /usr/x /x 2>/dev/null && echo WROTE; echo done";
  EXPECT_EQ(output_of(*sandbox, script), "done\n");
}

TEST_F(SandboxTest, SharesAFolderReadWriteWithTheRightOwner) {
  auto dir = base::TempDir::create("sandbox-test");
  ASSERT_EQ(::chmod(dir->path().c_str(), 0755), 0);
  Plan plan{
      .mounts = {
          {.source = dir->path().string(), .target = "/home/runner/work", .access = Access::read_write}}};
  const auto owner = host_uid(plan, 0);
  ASSERT_TRUE(owner.has_value());
  ASSERT_EQ(::chown(dir->path().c_str(), *owner, *owner), 0);
  auto sandbox = make(plan);
  EXPECT_EQ(output_of(*sandbox, "cd /home/runner/work && echo inside > file && stat -c %u file"), "0\n");
  EXPECT_EQ(base::read_file(dir->path() / "file").value_or(""), "inside\n");
  struct stat status {};
  ASSERT_EQ(::stat((dir->path() / "file").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, *owner);
}

TEST_F(SandboxTest, KillsEverythingWhenItIsDestroyed) {
  auto sandbox = make();
  const std::string mark = "sandbox-mark-" + std::to_string(::getpid());
  EXPECT_EQ(output_of(*sandbox,
                      "MARK=" + mark +
                          " setsid bash -c 'trap \"\" TERM HUP; sleep 300 & wait' >/dev/null 2>&1 & echo up"),
            "up\n");
  ASSERT_TRUE(sandbox->destroy().ok());
  const auto names = base::list_directory("/proc");
  for (const auto& name : *names) {
    const auto environment = base::read_file(base::Path("/proc") / name / "environ");
    EXPECT_FALSE(environment.ok() && environment->find(mark) != std::string::npos) << name;
  }
}

TEST_F(SandboxTest, SignalsAProcessGroup) {
  auto sandbox = make();
  auto started = sandbox->start(bash("trap 'exit 3' INT; sleep 60 & wait"));
  ASSERT_TRUE(started.ok());
  // The trap may not stand yet; an INT before it also ends the process, by the signal.
  ASSERT_TRUE(sandbox->signal(started->id, SIGINT, SignalTarget::process_group).ok());
  const auto status = sandbox->wait(*started);
  ASSERT_TRUE(status.ok());
  EXPECT_TRUE(status->code == 3 || status->signal == SIGINT);
}

TEST_F(SandboxTest, ForbidsMountsAndNamespaces) {
  auto sandbox = make();
  EXPECT_EQ(
      output_of(
          *sandbox,
          "mount -t tmpfs none /mnt 2>/dev/null && echo MOUNTED; unshare -U true 2>/dev/null && echo USERNS; "
          "unshare -n true 2>/dev/null && echo NETNS; echo done"),
      "done\n");
}

TEST_F(SandboxTest, HidesItsOwnForkServer) {
  auto sandbox = make();
  EXPECT_EQ(output_of(*sandbox,
                      "cat /proc/1/environ /proc/1/mem /proc/1/cmdline 2>/dev/null | head -c 1 | wc -c; ls "
                      "/proc/1/fd 2>/dev/null | wc -l"),
            "1\n0\n");
}

TEST_F(SandboxTest, LeaksNoDescriptorIntoAStep) {
  auto sandbox = make();
  EXPECT_EQ(output_of(*sandbox, "ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3 ");  // 3 is ls's own
}

TEST_F(SandboxTest, ReachesAPortInsideAnIsolatedNetwork) {
  auto sandbox = make({.network = NetworkMode::isolated});
  auto started =
      sandbox->start({.argv = {"python3", "-c",
                               "import socket\ns=socket.create_server(('127.0.0.1', 80))\nprint('x', "
                               "flush=True)\nc,_=s.accept()\nc.sendall(b'pong')\nc.close()"},
                      .environment = {{"PATH", "/usr/bin:/bin"}}});
  ASSERT_TRUE(started.ok());
  base::Result<base::Fd> connection = base::make_error(base::ErrorKind::unavailable, "");
  for (int i = 0; i < 200 && !connection.ok(); ++i) {
    connection = sandbox->connect(80);
    if (!connection.ok()) ::usleep(20'000);
  }
  ASSERT_TRUE(connection.ok()) << connection.error().to_string();
  EXPECT_EQ(base::read_all(connection->get()).value_or(""), "pong");
}

TEST_F(SandboxTest, ListensInsideAnIsolatedNetwork) {
  auto sandbox = make({.network = NetworkMode::isolated});
  auto listener = sandbox->listen("127.0.0.1", 4000);
  ASSERT_TRUE(listener.ok()) << listener.error().to_string();
  auto started = sandbox->start(bash("echo -n ping > /dev/tcp/127.0.0.1/4000"));
  ASSERT_TRUE(started.ok());
  const base::Fd accepted(::accept(listener->get(), nullptr, nullptr));
  EXPECT_EQ(base::read_all(accepted.get()).value_or(""), "ping");
}

TEST_F(SandboxTest, ReportsThatMemoryRanOut) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may always make control groups";
  auto sandbox = make({.limits = {.memory_bytes = 64U << 20}});
  ASSERT_NE(sandbox, nullptr);
  const auto finished = run_to_end(
      *sandbox,
      {.argv = {"python3", "-c", "x = bytearray(300 << 20)"}, .environment = {{"PATH", "/usr/bin"}}}, 20);
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->status.signal, SIGKILL);
  EXPECT_TRUE(finished->status.out_of_memory);
}

TEST_F(SandboxTest, RunsOnAnImagesLayersAndKeepsThemAsTheyWere) {
  auto dir = base::TempDir::create("sandbox-test");
  for (const char* name : {"base/bin", "base/etc", "top/etc", "upper", "work"}) {
    ASSERT_TRUE(base::make_directories(dir->path() / name).ok());
  }
  ASSERT_EQ(::system(("cp /bin/busybox " + (dir->path() / "base/bin/sh").string() +
                      " 2>/dev/null || { cp /bin/sh " + (dir->path() / "base/bin/sh").string() +
                      "; for l in $(ldd /bin/sh | grep -o '/[^ ]*'); do mkdir -p " +
                      (dir->path() / "base").string() + "$(dirname $l); cp $l " +
                      (dir->path() / "base").string() + "$l; done; }")
                         .c_str()),
            0);
  ASSERT_TRUE(base::write_file(dir->path() / "top/etc/version", "top\n").ok());
  ASSERT_EQ(::system(("chown -R " + std::to_string(first_host_id(0)) + " " + dir->path().string() +
                      "; chmod 755 " + dir->path().string())
                         .c_str()),
            0);
  auto sandbox = make({.root = RootKind::image,
                       .image = {.lower = {(dir->path() / "top").string(), (dir->path() / "base").string()},
                                 .upper = (dir->path() / "upper").string(),
                                 .work = (dir->path() / "work").string()}});
  ASSERT_NE(sandbox, nullptr);
  const auto finished = run_to_end(
      *sandbox, {.argv = {"/bin/sh", "-c", "read v < /etc/version; echo $v; echo new > /etc/version"}}, 10);
  ASSERT_TRUE(finished.ok()) << finished.error().to_string();
  EXPECT_EQ(finished->output, "top\n");
  EXPECT_EQ(base::read_file(dir->path() / "top/etc/version").value_or(""), "top\n");
  EXPECT_EQ(base::read_file(dir->path() / "upper/etc/version").value_or(""), "new\n");
}

TEST(Plan, PrintsAllOfItself) {
  const Plan plan{.label = "run/job",
                  .mounts = {{.source = "/a", .target = "/b", .access = Access::read_write}}};
  const auto json = to_json(plan);
  EXPECT_EQ(base::to_text(base::json_member(json, "mounts")),
            R"([{"kind":"bind","target":"/b","access":"read-write","source":"/a"}])");
}

}  // namespace
}  // namespace sandbox
