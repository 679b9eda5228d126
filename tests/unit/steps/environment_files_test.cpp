#include "steps/environment_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

namespace steps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

NameValues parsed(std::string_view text) {
  auto result = parse_name_values(text);
  EXPECT_EQ(result.error, "");
  return result.pairs;
}
std::string fault(std::string_view text) {
  return parse_name_values(text).error;
}

TEST(NameValues, ReadsLinesAndSkipsEmptyOnes) {
  EXPECT_THAT(parsed("A=1\n\nB=x=y\nC="), ElementsAre(Pair("A", "1"), Pair("B", "x=y"), Pair("C", "")));
  EXPECT_THAT(parsed(""), IsEmpty());
}

TEST(NameValues, ReadsBlocks) {
  EXPECT_THAT(parsed("A<<EOF\none\n\ntwo\nEOF\nB=2\n"), ElementsAre(Pair("A", "one\n\ntwo"), Pair("B", "2")));
  EXPECT_THAT(parsed("A<<EOF\nEOF"), ElementsAre(Pair("A", "")));
  EXPECT_THAT(parsed("A<<EOF\n\nx\nEOF\n"), ElementsAre(Pair("A", "\nx")));
  EXPECT_THAT(parsed("A<<E=F\nx\nE=F\n"), ElementsAre(Pair("A", "x")));
}

TEST(NameValues, DecidesByWhatComesFirst) {
  EXPECT_THAT(parsed("A=b<<c"), ElementsAre(Pair("A", "b<<c")));
}

TEST(NameValues, KeepsCarriageReturnsAndDropsAByteOrderMark) {
  EXPECT_THAT(parsed("\xEF\xBB\xBF"
                     "A=1\r\n"),
              ElementsAre(Pair("A", "1\r")));
}

TEST(NameValues, KeepsWhatStoodBeforeAMistake) {
  const auto result = parse_name_values("A=1\nnonsense\nB=2\n");
  EXPECT_THAT(result.pairs, ElementsAre(Pair("A", "1")));
  EXPECT_EQ(result.error, "Invalid format 'nonsense'");
}

TEST(NameValues, SaysWhatIsWrong) {
  EXPECT_EQ(fault("no equals sign"), "Invalid format 'no equals sign'");
  EXPECT_EQ(fault("=value"), "Value cannot be null. (Parameter 'name')");
  EXPECT_EQ(parse_name_values("=value", EmptyNames::allowed).error, "");
  EXPECT_THAT(fault("<<EOF\nEOF\n"), HasSubstr("Name must not be empty and delimiter must not be empty"));
  EXPECT_THAT(fault("A<<\n"), HasSubstr("delimiter must not be empty"));
  EXPECT_THAT(fault("A<<EOF\nx\n"), HasSubstr("Matching delimiter not found 'EOF'"));
  EXPECT_THAT(fault("A<<EOF\nx"), HasSubstr("EOF marker missing new line"));
}

class EnvironmentFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::make_unique<base::TempDir>(std::move(*base::TempDir::create("environment-files")));
    files_ = std::make_unique<EnvironmentFiles>(
        std::move(*EnvironmentFiles::create({folder_->path(), folder_->path().string()}, getuid())));
  }
  base::Path path(const std::string& key) const { return files_->paths().at(key); }

  std::unique_ptr<base::TempDir> folder_;
  std::unique_ptr<EnvironmentFiles> files_;
};

TEST_F(EnvironmentFilesTest, AreFreshForEachStepAndGoneAfterIt) {
  auto second = EnvironmentFiles::create({folder_->path(), folder_->path().string()}, getuid());
  ASSERT_TRUE(second);
  EXPECT_NE(second->paths().at("env"), files_->paths().at("env"));
  const base::Path first = path("env");
  EXPECT_TRUE(base::exists(first));
  files_.reset();
  EXPECT_FALSE(base::exists(first));
}

TEST_F(EnvironmentFilesTest, AreRead) {
  ASSERT_TRUE(base::append_file(path("env"), "A=1\n"));
  ASSERT_TRUE(base::append_file(path("output"), "B<<E\n2\nE\n"));
  ASSERT_TRUE(base::append_file(path("state"), "C=3"));
  ASSERT_TRUE(base::append_file(path("path"), "/one\n\r\n/two\r\n"));
  ASSERT_TRUE(base::append_file(path("step_summary"), "# Done"));
  const FileCommands commands = files_->read();
  EXPECT_THAT(commands.errors, IsEmpty());
  EXPECT_THAT(commands.environment, ElementsAre(Pair("A", "1")));
  EXPECT_THAT(commands.outputs, ElementsAre(Pair("B", "2")));
  EXPECT_THAT(commands.state, ElementsAre(Pair("C", "3")));
  EXPECT_THAT(commands.search_path, ElementsAre("/one", "/two"));
  EXPECT_EQ(commands.summary, "# Done");
}

TEST_F(EnvironmentFilesTest, MayBeMissing) {
  for (const auto& [key, file] : files_->paths()) unlink(file.c_str());
  const FileCommands commands = files_->read();
  EXPECT_THAT(commands.errors, IsEmpty());
  EXPECT_THAT(commands.environment, IsEmpty());
}

TEST_F(EnvironmentFilesTest, AreNotReadThroughASymlink) {
  const base::Path secret = folder_->path() / "secret";
  ASSERT_TRUE(base::write_file(secret, "STOLEN=1\n"));
  unlink(path("env").c_str());
  ASSERT_EQ(symlink(secret.c_str(), path("env").c_str()), 0);
  const FileCommands commands = files_->read();
  EXPECT_THAT(commands.environment, IsEmpty());
  EXPECT_THAT(commands.errors, ElementsAre(HasSubstr("'env'"), testing::_));
}

TEST_F(EnvironmentFilesTest, DoNotWaitForTheWriterOfAFifo) {
  unlink(path("output").c_str());
  ASSERT_EQ(mkfifo(path("output").c_str(), 0666), 0);
  const FileCommands commands = files_->read();
  EXPECT_THAT(commands.errors, ElementsAre(HasSubstr("'output'"), HasSubstr("no longer a regular file")));
}

TEST_F(EnvironmentFilesTest, AreReadUpToALimit) {
  ASSERT_EQ(truncate(path("env").c_str(), off_t{1} << 40), 0);
  ASSERT_EQ(truncate(path("step_summary").c_str(), (1 << 20) + 1), 0);
  const FileCommands commands = files_->read();
  EXPECT_THAT(commands.errors, ElementsAre(HasSubstr("'env'"), HasSubstr("at most")));
  EXPECT_THAT(commands.summary_error, HasSubstr("supports content up to a size of 1024k, got 1024k"));
  EXPECT_EQ(commands.summary, "");
}

}  // namespace
}  // namespace steps
