#include "base/zip_archive.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"
#include "base/process.h"

namespace base {
namespace {

class ZipArchive : public ::testing::Test {
 protected:
  Path write(int level, const std::vector<std::pair<std::string, std::string>>& files) {
    std::string bytes;
    ZipWriter writer(
        [&](std::string_view piece) -> Result<void> {
          bytes += piece;
          return {};
        },
        level);
    for (const auto& [name, content] : files) {
      ArchiveEntry entry;
      entry.path = name;
      entry.size = content.size();
      entry.mode = 0644;
      EXPECT_TRUE(writer.add(entry));
      EXPECT_TRUE(writer.write(content));
    }
    EXPECT_TRUE(writer.finish());
    const auto path = folder_.path() / "x.zip";
    EXPECT_TRUE(write_file(path, bytes));
    return path;
  }
  static std::vector<std::pair<std::string, std::string>> read(const Path& path) {
    std::vector<std::pair<std::string, std::string>> files;
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    ZipReader reader(fd.get());
    while (true) {
      const auto entry = reader.next();
      EXPECT_TRUE(entry.ok());
      if (!entry || !*entry) return files;
      std::string content(1U << 20, '\0');
      const auto count = reader.read(content.data(), content.size());
      EXPECT_TRUE(count.ok());
      content.resize(count.ok() ? *count : 0);
      files.emplace_back((*entry)->path, content);
    }
  }

  TempDir folder_ = std::move(*TempDir::create("zip"));
  const std::vector<std::pair<std::string, std::string>> files_ = {
      {"a.txt", "hello"}, {"sub/\xC3\xA9.txt", std::string(100'000, 'x')}, {"empty", ""}};
};

TEST_F(ZipArchive, ReadsWhatItWroteAtEveryLevel) {
  for (const int level : {0, 1, 6, 9}) EXPECT_EQ(read(write(level, files_)), files_) << level;
}

TEST_F(ZipArchive, IsReadByUnzip) {
  const auto path = write(6, files_);
  const auto tested = run_process({.argv = {"python3", "-c",
                                            "import sys, zipfile; f = zipfile.ZipFile(sys.argv[1]); "
                                            "assert f.testzip() is None; print(*f.namelist(), sep='|')",
                                            path.string()}});
  ASSERT_TRUE(tested.ok());
  EXPECT_EQ(tested->exit_code, 0) << tested->output;
  EXPECT_EQ(tested->output, "a.txt|sub/\xC3\xA9.txt|empty\n");
}

TEST_F(ZipArchive, ReadsAZipOfOthers) {
  const auto path = folder_.path() / "other.zip";
  const auto made = run_process({.argv = {"python3", "-c",
                                          "import sys, zipfile; f = zipfile.ZipFile(sys.argv[1], 'w', 8); "
                                          "f.writestr('x/y', 'content')",
                                          path.string()}});
  ASSERT_TRUE(made.ok());
  const auto files = read(path);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0], std::pair(std::string("x/y"), std::string("content")));
}

TEST_F(ZipArchive, SaysThatWhatIsNoZipIsNone) {
  const auto path = folder_.path() / "no.zip";
  ASSERT_TRUE(write_file(path, std::string(1000, 'x')));
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ZipReader reader(fd.get());
  EXPECT_FALSE(reader.next().ok());
}

}  // namespace
}  // namespace base
