#include <fcntl.h>
#include <sys/stat.h>

#include "base/strings.h"
#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

class RootTest : public SandboxTest {
 protected:
  static std::string options_of(Sandbox& sandbox, const std::string& mount_point) {
    // In the shell alone: an image need not have more.
    const auto all =
        output_of(sandbox, "while read -r _ _ _ _ point options _; do [ $point = " + mount_point +
                               " ] && echo $options; done < /proc/self/mountinfo; true");
    const auto lines = base::lines_of(all);
    return lines.empty() ? "not mounted" : std::string(lines.back());
  }
  base::TempDir folder_ = make_open_folder();
};

class ReadOnlyPlace : public RootTest, public testing::WithParamInterface<const char*> {};

TEST_P(ReadOnlyPlace, TakesNoFile) {
  auto sandbox = make();
  const std::string place = GetParam();
  EXPECT_EQ(output_of(*sandbox, "touch " + place + "/probe 2>&1 | grep -c 'Read-only file system'"), "1\n");
}

INSTANTIATE_TEST_SUITE_P(, ReadOnlyPlace,
                         testing::Values("", "/usr", "/usr/bin", "/etc", "/etc/ssl", "/home", "/root", "/srv",
                                         "/mnt"));

TEST_F(RootTest, HasPlacesToWriteThatAreItsOwn) {
  const std::string mark = "sandbox-mark-" + std::to_string(::getpid());
  auto first = make();
  auto second = make();
  for (const char* place : {"/tmp/", "/var/tmp/", "/dev/shm/"}) {
    EXPECT_EQ(output_of(*first, "touch " + (place + mark) + " && echo made"), "made\n") << place;
    EXPECT_EQ(output_of(*first, "ls " + (place + mark)), place + mark + "\n") << "a later step still has it";
    EXPECT_EQ(output_of(*second, "ls -A " + std::string(place)), "") << "another sandbox does not";
    EXPECT_FALSE(base::exists(place + mark)) << "nor does the host";
  }
}

TEST_F(RootTest, LetsTheHostsTreeSetNoUserAndBringNoDevice) {
  auto sandbox = make();
  EXPECT_EQ(options_of(*sandbox, "/usr").substr(0, 15), "ro,nosuid,nodev");
  EXPECT_EQ(output_of(*sandbox,
                      "for f in /dev/* /dev/*/*; do [ -b $f ] && echo block $f; [ -c $f ] && [ ! -L $f ] && "
                      "echo $f; done | tr '\\n' ' '"),
            "/dev/full /dev/null /dev/random /dev/tty /dev/urandom /dev/zero /dev/pts/ptmx ");
}

TEST_F(RootTest, BindsAFolderReadOnlyUnlessItMayBeWritten) {
  ASSERT_TRUE(base::write_file(folder_.path() / "file", "content").ok());
  give(folder_.path() / "file");
  give(folder_.path());
  auto sandbox =
      make({.mounts = {{.source = folder_.path(), .target = "/data/read"},
                       {.source = folder_.path(), .target = "/data/write", .access = Access::read_write}}});
  EXPECT_EQ(output_of(*sandbox, "cat /data/read/file; touch /data/read/x 2>&1 | grep -c Read-only"),
            "content1\n");
  EXPECT_EQ(output_of(*sandbox, "touch /data/write/x && ls /data/read"), "file\nx\n");
  EXPECT_EQ(options_of(*sandbox, "/data/read").substr(0, 15), "ro,nosuid,nodev");
  EXPECT_EQ(options_of(*sandbox, "/data/write").substr(0, 15), "rw,nosuid,nodev");
}

TEST_F(RootTest, BindsOneFile) {
  ASSERT_TRUE(base::write_file(folder_.path() / "file", "content").ok());
  auto sandbox = make({.mounts = {{.source = folder_.path() / "file", .target = "/home/runner/settings"}}});
  EXPECT_EQ(output_of(*sandbox, "cat /home/runner/settings; ls -A /home/runner"), "contentsettings\n");
  EXPECT_EQ(options_of(*sandbox, "/home/runner/settings").substr(0, 15), "ro,nosuid,nodev");
}

TEST_F(RootTest, BoundsATemporaryFileSystem) {
  auto sandbox =
      make({.mounts = {{.kind = MountKind::tmpfs, .target = "/scratch", .tmpfs_bytes = 1U << 20}}});
  EXPECT_EQ(
      output_of(*sandbox, "head -c 2097152 /dev/zero > /scratch/file 2>/dev/null; stat -c %s /scratch/file"),
      "1048576\n");
}

TEST_F(RootTest, NamesTheSourceThatIsNotThere) {
  const auto absent = (folder_.path() / "absent").string();
  const auto made =
      make_namespace_sandbox({.label = "test", .mounts = {{.source = absent, .target = "/data"}}});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, base::ErrorKind::denied);
  EXPECT_NE(made.error().message.find("the mount source " + absent + ": No such file or directory"),
            std::string::npos)
      << made.error().message;
  EXPECT_NE(made.error().message.find("while mounting /data"), std::string::npos) << made.error().message;
}

TEST_F(RootTest, IsGivenToWhoeverMadeTheSandbox) {
  ASSERT_TRUE(base::write_file(folder_.path() / "file", "content").ok());
  auto sandbox = make({.mounts = {{.source = folder_.path(), .target = "/data"}}});
  const auto root = sandbox->root();
  ASSERT_TRUE(root.ok()) << root.error().to_string();
  const auto file = base::open_beneath(root->get(), "data/file", O_RDONLY);
  ASSERT_TRUE(file.ok()) << file.error().to_string();
  EXPECT_EQ(base::read_all(file->get()).value(), "content");
  ASSERT_TRUE(sandbox->destroy().ok());
  EXPECT_FALSE(sandbox->root().ok());
}

TEST_F(RootTest, HidesFoldersAndFiles) {
  for (const char* name : {"secret/key", "key", "seen"})
    ASSERT_TRUE(base::make_directories((folder_.path() / name).parent_path()).ok() &&
                base::write_file(folder_.path() / name, name).ok());
  auto sandbox = make({.mounts = {{.source = folder_.path(), .target = "/data"}},
                       .supplementary_hidden = {"/data/secret", "/data/key"}});
  ASSERT_NE(sandbox, nullptr);
  EXPECT_EQ(output_of(*sandbox, "cat /data/seen /data/key; ls -A /data/secret"), "seen");
  EXPECT_EQ(output_of(*sandbox, "touch /data/secret/x 2>/dev/null || echo refused"), "refused\n");
}

TEST_F(RootTest, TellsItsNameAndItsHosts) {
  auto sandbox = make({.hostname = "builder", .hosts = {"10.1.2.3 database"}});
  EXPECT_EQ(output_of(*sandbox,
                      "uname -n; cat /etc/hostname; grep -c '^10.1.2.3 database$' /etc/hosts; grep -c "
                      "localhost /etc/hosts | grep -v '^0'"),
            "builder\nbuilder\n1\n" + output_of(*sandbox, "grep -c localhost /etc/hosts"));
}

TEST_F(RootTest, SeesOnlyItsOwnProcesses) {
  auto sandbox = make();
  EXPECT_EQ(output_of(*sandbox, "set -- /proc/[0-9]*; echo $#; [ $$ -lt 10 ] && echo small"), "2\nsmall\n")
      << "the fork server and the shell";
}

struct Slot {
  std::uint32_t slot;
};
void PrintTo(const Slot& given, std::ostream* out) {
  *out << "slot " << given.slot;
}

class ShiftedIds : public RootTest, public testing::WithParamInterface<Slot> {};

TEST_P(ShiftedIds, AreOnesThatNobodyOnTheHostHas) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can shift ids";
  Plan plan{.mounts = {{.source = folder_.path(), .target = "/data", .access = Access::read_write}},
            .id_slot = GetParam().slot};
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0777), 0);
  auto sandbox = make(plan);
  auto made = bash("touch /data/file");
  for (const std::uint32_t inside : {0U, 1U, 1000U, 65534U}) {
    made.uid = made.gid = inside;
    EXPECT_EQ(output_of(*sandbox, made), "");
    struct stat status {};
    ASSERT_EQ(::stat((folder_.path() / "file").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 100'000 + 65'536 * GetParam().slot + inside);
    EXPECT_EQ(status.st_gid, status.st_uid);
    EXPECT_EQ(host_uid(plan, inside), status.st_uid);
    ASSERT_TRUE(base::remove_tree(folder_.path() / "file").ok());
  }
  EXPECT_EQ(host_uid(plan, 65'536), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(, ShiftedIds, testing::Values(Slot{0}, Slot{1}, Slot{7}),
                         [](const auto& tested) { return "Slot" + std::to_string(tested.param.slot); });

TEST_F(RootTest, SeesFilesOfTheHostsRootAsNobodysAndCannotWriteThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs files of the host's root";
  ASSERT_TRUE(base::write_file(folder_.path() / "file", "x", 0644).ok());
  auto sandbox =
      make({.mounts = {{.source = folder_.path(), .target = "/data", .access = Access::read_write}}});
  EXPECT_EQ(output_of(*sandbox,
                      "stat -c %u /data/file; (echo y > /data/file) 2>/dev/null || echo refused; chmod "
                      "777 /data/file 2>/dev/null || echo refused"),
            "65534\nrefused\nrefused\n");
}

/// A root of one layer with a shell of the host's; `build` puts more into the layer.
class ImageRootTest : public RootTest {
 protected:
  Plan plan_with(const std::vector<std::pair<std::string, std::string>>& links) {
    for (const char* name : {"layer/real", "layer/etc", "layer/bin", "upper", "work"})
      EXPECT_TRUE(base::make_directories(folder_.path() / name).ok());
    for (const auto& [name, target] : links)
      EXPECT_EQ(::symlink(target.c_str(), (folder_.path() / "layer" / name).c_str()), 0);
    Plan plan{.root = RootKind::image,
              .image = {.lower = {folder_.path() / "layer"},
                        .upper = folder_.path() / "upper",
                        .work = folder_.path() / "work"}};
    // The host's programs, so that the image needs none.
    for (const char* name : {"/usr", "/lib", "/lib64", "/bin"}) {
      if (base::is_directory(name)) plan.mounts.push_back({.source = name, .target = name});
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
      give(entry.path());
    give(folder_.path());
    return plan;
  }
};

TEST_F(ImageRootTest, BindsWhereALinkOfTheImageLeadsAndStillReadOnly) {
  auto plan = plan_with({{"absolute", "/real"}});
  auto shared = make_open_folder();
  ASSERT_TRUE(base::write_file(shared.path() / "file", "shared").ok());
  give(shared.path() / "file");
  give(shared.path());
  plan.mounts.push_back({.source = shared.path(), .target = "/absolute"});
  auto sandbox = make(plan);
  ASSERT_NE(sandbox, nullptr);
  EXPECT_EQ(output_of(*sandbox, "cat /real/file; echo x > /real/file || echo refused").substr(0, 6),
            "shared");
  EXPECT_EQ(base::read_file(shared.path() / "file").value_or(""), "shared");
  EXPECT_EQ(options_of(*sandbox, "/real").substr(0, 15), "ro,nosuid,nodev");
}

TEST_F(ImageRootTest, WritesThroughNoLinkOfTheImageToTheHost) {
  const auto victim = folder_.path() / "victim";
  ASSERT_TRUE(base::write_file(victim, "kept").ok());
  // What a sandbox puts into each root: a hostile image would have it land on the host.
  auto plan = plan_with(
      {{"etc/hosts", victim.string()}, {"etc/resolv.conf", "../../../../../../.." + victim.string()}});
  plan.hosts = {"10.1.2.3 database"};
  const auto made = make_namespace_sandbox(plan);
  EXPECT_EQ(base::read_file(victim).value_or(""), "kept");
}

}  // namespace
}  // namespace sandbox
