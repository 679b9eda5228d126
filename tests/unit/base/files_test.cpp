#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

using Names = std::vector<std::string>;

class FilesTest : public FolderTest {
 protected:
  FilesTest() { ::umask(0022); }
  void link(const std::string& target, const std::string& name) const {
    ASSERT_EQ(::symlink(target.c_str(), at(name).c_str()), 0);
  }
  [[nodiscard]] Names names() const { return list_directory(folder_.path()).value_or({"cannot list"}); }
};

TEST_F(FilesTest, ReadsWhatWasWritten) {
  const std::string bytes("a\0b\r\n\xff", 6);
  (void)put("file", bytes);
  EXPECT_EQ(content_of("file"), bytes);
  (void)put("empty", "");
  EXPECT_EQ(content_of("empty"), "");
}

TEST_F(FilesTest, ReadsUpToALimitAndNamesTheFileBeyondIt) {
  const auto file = put("file", "12345");
  EXPECT_TRUE(read_file(file, 5).ok());
  const auto larger = read_file(file, 4);
  ASSERT_FALSE(larger.ok());
  EXPECT_EQ(larger.error().to_string(),
            "more than 4 bytes, the limit here\n  while reading " + file.string());
}

TEST_F(FilesTest, NamesTheFileThatCannotBeRead) {
  const auto absent = read_file(at("absent"));
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().kind, ErrorKind::not_found);
  EXPECT_EQ(absent.error().message, "cannot read " + at("absent").string() + ": No such file or directory");
  EXPECT_NE(failure_of(read_file(folder_.path())).find(folder_.path().string()), std::string::npos);
}

TEST_F(FilesTest, ReplacesAFileAsAWhole) {
  const auto file = put("file", "old and longer");
  const Fd reader(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  (void)put("file", "new");
  EXPECT_EQ(content_of("file"), "new");
  EXPECT_EQ(read_all(reader.get()).value_or(""), "old and longer") << "who reads the old one reads all of it";
  EXPECT_EQ(names(), Names{"file"}) << "nothing else stays";
}

struct ModeCase {
  const char* name;
  mode_t mode;
};
void PrintTo(const ModeCase& given, std::ostream* out) {
  *out << std::oct << given.mode;
}

class FileModes : public FilesTest, public testing::WithParamInterface<ModeCase> {};

TEST_P(FileModes, AreThoseAskedForWhateverTheMaskAndTheFileBefore) {
  const mode_t before = ::umask(0077);
  (void)put("file", "old", 0600);
  (void)put("file", "new", GetParam().mode);
  ::umask(before);
  EXPECT_EQ(mode_of("file"), GetParam().mode);
}

INSTANTIATE_TEST_SUITE_P(, FileModes,
                         testing::Values(ModeCase{"Usual", 0644}, ModeCase{"Secret", 0600},
                                         ModeCase{"Program", 0755}, ModeCase{"ForAll", 0666},
                                         ModeCase{"ReadOnly", 0444}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(FilesTest, ReplacesALinkInsteadOfWritingThroughIt) {
  const auto target = put("target", "kept");
  link("target", "link");
  (void)put("link", "new");
  EXPECT_EQ(content_of("target"), "kept");
  EXPECT_EQ(content_of("link"), "new");
}

TEST_F(FilesTest, LeavesNothingBehindWhenItCannotWrite) {
  (void)put("folder/file", "x");
  const auto over_folder = write_file(at("folder"), "x");
  ASSERT_FALSE(over_folder.ok());
  EXPECT_EQ(over_folder.error().message, "cannot write " + at("folder").string() + ": Is a directory");
  EXPECT_EQ(names(), Names{"folder"});
  const auto nowhere = write_file(at("absent/file"), "x");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().kind, ErrorKind::not_found);
  EXPECT_NE(nowhere.error().message.find(at("absent/file").string()), std::string::npos);
}

TEST_F(FilesTest, WritesFromManyAtOnceAndOneOfThemWins) {
  std::vector<pid_t> writers;
  for (int writer = 0; writer < 4; ++writer) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      bool good = true;
      for (int i = 0; i < 50; ++i)
        good = write_file(at("file"), std::string(50'000, static_cast<char>('a' + writer))).ok() && good;
      ::_exit(good ? 0 : 1);
    }
    writers.push_back(pid);
  }
  for (const pid_t pid : writers) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  const auto content = content_of("file");
  EXPECT_EQ(content, std::string(50'000, content[0]));
  EXPECT_EQ(names(), Names{"file"});
}

TEST_F(FilesTest, AppendsAndMakesTheFileWhenItIsAbsent) {
  EXPECT_EQ(failure_of(append_file(at("log"), "one\n", 0600)), "");
  EXPECT_EQ(failure_of(append_file(at("log"), "two\n", 0644)), "");
  EXPECT_EQ(content_of("log"), "one\ntwo\n");
  EXPECT_EQ(mode_of("log"), 0600U);
  EXPECT_NE(failure_of(append_file(folder_.path(), "x")).find(folder_.path().string()), std::string::npos);
}

TEST_F(FilesTest, MakesFoldersWithAllAboveThem) {
  EXPECT_EQ(failure_of(make_directories(at("a/b/c"), 0700)), "");
  EXPECT_TRUE(base::is_directory(at("a/b/c")));
  for (const char* name : {"a", "a/b", "a/b/c"}) EXPECT_EQ(mode_of(name), 0700U) << name;
  EXPECT_EQ(failure_of(make_directories(at("a/b/c"), 0755)), "") << "that it is there is no error";
  EXPECT_EQ(mode_of("a/b/c"), 0700U) << "and changes nothing";
  EXPECT_EQ(failure_of(make_directories(at("x/y/"))), "");
  EXPECT_TRUE(base::is_directory(at("x/y")));
  EXPECT_EQ(failure_of(make_directories("")), "");
}

TEST_F(FilesTest, MakesFoldersThroughALinkToAFolder) {
  EXPECT_EQ(failure_of(make_directories(at("real"))), "");
  link("real", "link");
  EXPECT_EQ(failure_of(make_directories(at("link/below"))), "");
  EXPECT_EQ(failure_of(make_directories(at("link"))), "");
  EXPECT_TRUE(base::is_directory(at("real/below")));
}

TEST_F(FilesTest, NamesTheFolderThatCannotBeMade) {
  (void)put("file", "x");
  for (const char* name : {"file", "file/below", "file/below/deeper"}) {
    const auto made = make_directories(at(name));
    ASSERT_FALSE(made.ok()) << name;
    EXPECT_NE(made.error().message.find(at("file").string()), std::string::npos) << made.error().message;
    EXPECT_NE(made.error().message.find("Not a directory"), std::string::npos) << made.error().message;
  }
  EXPECT_EQ(content_of("file"), "x");
}

TEST_F(FilesTest, ListsNamesInOrderWithHiddenOnes) {
  for (const char* name : {"b", ".hidden", "a", "B"}) (void)put(name, "");
  EXPECT_EQ(names(), (Names{".hidden", "B", "a", "b"}));
  EXPECT_EQ(list_directory(at("absent")).error().kind, ErrorKind::not_found);
  EXPECT_NE(failure_of(list_directory(at("a"))).find(at("a").string()), std::string::npos);
}

TEST_F(FilesTest, TellsWhatExists) {
  (void)put("folder/file", "");
  link("folder", "link");
  link("absent", "dangling");
  EXPECT_TRUE(base::exists(at("folder")) && base::exists(at("folder/file")) && base::exists(at("link")));
  EXPECT_FALSE(base::exists(at("absent")) || base::exists(at("dangling")));
  EXPECT_TRUE(base::is_directory(at("folder")) && base::is_directory(at("link")));
  EXPECT_FALSE(base::is_directory(at("folder/file")) || base::is_directory(at("dangling")));
}

TEST_F(FilesTest, OpensFoldersOnly) {
  (void)put("file", "");
  EXPECT_TRUE(open_directory(folder_.path()).ok());
  EXPECT_NE(failure_of(open_directory(at("file"))).find(at("file").string()), std::string::npos);
}

TEST_F(FilesTest, LocksForOneAtATime) {
  {
    const auto held = FileLock::acquire(at("lock"));
    ASSERT_TRUE(held.ok());
    const auto second = FileLock::try_acquire(at("lock"));
    ASSERT_TRUE(second.ok());
    EXPECT_FALSE(second->has_value());
    EXPECT_TRUE(FileLock::try_acquire(at("other")).value().has_value());
  }
  EXPECT_TRUE(FileLock::try_acquire(at("lock")).value().has_value()) << "it ends with its owner";
}

TEST_F(FilesTest, WaitsForALockUntilItsHolderDies) {
  auto ready = make_pipe();
  auto held = make_pipe();
  ASSERT_TRUE(ready.ok() && held.ok());
  const pid_t holder = ::fork();
  if (holder == 0) {
    held->write.reset();
    const auto lock = FileLock::acquire(at("lock"));
    (void)write_all(ready->write.get(), lock.ok() ? "y" : "n");
    (void)read_all(held->read.get());
    ::_exit(0);
  }
  ready->write.reset();
  char answer = 0;
  ASSERT_EQ(::read(ready->read.get(), &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(FileLock::try_acquire(at("lock")).value().has_value());
  held->write.reset();
  EXPECT_TRUE(FileLock::acquire(at("lock")).ok());
  EXPECT_EQ(::waitpid(holder, nullptr, 0), holder);
}

TEST_F(FilesTest, NamesTheLockThatCannotBeOpened) {
  EXPECT_NE(failure_of(FileLock::acquire(at("absent/lock"))).find(at("absent/lock").string()),
            std::string::npos);
  EXPECT_FALSE(FileLock::try_acquire(at("absent/lock")).ok());
}

}  // namespace
}  // namespace base
