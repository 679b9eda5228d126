#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

using TempDirTest = FolderTest;

class SetVariable {
 public:
  SetVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~SetVariable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  SetVariable(const SetVariable&) = delete;
  SetVariable& operator=(const SetVariable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST_F(TempDirTest, IsOursAloneAndNamedByItsPrefix) {
  const auto made = TempDir::create_in(folder_.path(), "job");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->path().parent_path(), folder_.path());
  const std::string name = made->path().filename();
  EXPECT_TRUE(name.starts_with("job-")) << name;
  EXPECT_EQ(name.size(), std::string("job-XXXXXX").size());
  EXPECT_EQ(mode_of(name), 0700U);
}

TEST_F(TempDirTest, GoesWithAllInIt) {
  Path path;
  {
    const auto made = TempDir::create_in(folder_.path(), "job");
    ASSERT_TRUE(made.ok());
    path = made->path();
    ASSERT_TRUE(make_directories(path / "a/b").ok());
    ASSERT_TRUE(write_file(path / "a/b/file", "x").ok());
    ASSERT_EQ(::chmod((path / "a").c_str(), 0), 0);
  }
  EXPECT_FALSE(base::exists(path));
}

TEST_F(TempDirTest, StaysOnceItIsReleased) {
  Path path;
  {
    auto made = TempDir::create_in(folder_.path(), "job");
    ASSERT_TRUE(made.ok());
    path = made->path();
    made->release();
  }
  EXPECT_TRUE(base::exists(path));
}

TEST_F(TempDirTest, MovesAndIsRemovedOnce) {
  auto first = TempDir::create_in(folder_.path(), "first");
  auto second = TempDir::create_in(folder_.path(), "second");
  ASSERT_TRUE(first.ok() && second.ok());
  const Path kept = first->path();
  const Path replaced = second->path();
  *second = std::move(*first);
  EXPECT_EQ(second->path(), kept);
  EXPECT_TRUE(base::exists(kept));
  EXPECT_FALSE(base::exists(replaced)) << "what it held before goes";
}

TEST_F(TempDirTest, HeedsTheFolderThatTheUserChose) {
  const SetVariable chosen("TMPDIR", folder_.path());
  const auto made = TempDir::create("job");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->path().parent_path(), folder_.path());
}

TEST_F(TempDirTest, TakesTmpWhenTheChoiceIsEmpty) {
  const SetVariable chosen("TMPDIR", "");
  const auto made = TempDir::create("job");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->path().parent_path(), "/tmp");
}

TEST_F(TempDirTest, NamesTheFolderThatIsNotThere) {
  const auto made = TempDir::create_in(at("absent"), "job");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, ErrorKind::not_found);
  EXPECT_NE(made.error().message.find(at("absent").string()), std::string::npos) << made.error().message;
}

}  // namespace
}  // namespace base
