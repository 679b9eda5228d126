#include "base/git.h"

#include <sys/stat.h>

#include "base/process.h"
#include "base/strings.h"
#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

using Names = std::vector<std::string>;

class GitTest : public FolderTest {
 protected:
  // What git prints, without its last line end.
  [[nodiscard]] std::string git(std::vector<std::string> arguments, const std::string& input = "",
                                const std::string& folder = "repo") const {
    arguments.insert(arguments.begin(), {"git", "-c", "init.defaultBranch=main"});
    const auto result =
        run_process({.argv = std::move(arguments),
                     .environment = Names{"PATH=" + std::string(std::getenv("PATH")),
                                          "HOME=" + folder_.path().string(), "GIT_CONFIG_NOSYSTEM=1",
                                          "GIT_AUTHOR_NAME=Ada L", "GIT_AUTHOR_EMAIL=ada@example.com",
                                          "GIT_COMMITTER_NAME=Bob", "GIT_COMMITTER_EMAIL=b@x"},
                     .directory = at(folder),
                     .input = input});
    EXPECT_TRUE(result.ok()) << result.error().to_string();
    if (!result.ok()) return "";
    EXPECT_EQ(result->exit_code, 0) << result->output;
    return std::string(trim(result->output));
  }
  void initialize(const std::string& folder = "repo") const {
    ASSERT_TRUE(make_directories(at(folder)).ok());
    (void)git({"init", "-q"}, "", folder);
  }
  // The commit's id.
  [[nodiscard]] std::string commit(const std::string& message) const {
    (void)git({"add", "-A"});
    (void)git({"commit", "-q", "--allow-empty", "-m", message});
    return git({"rev-parse", "HEAD"});
  }
  [[nodiscard]] RepositoryState read(const std::string& name = "repo") const {
    auto state = read_repository(at(name));
    EXPECT_TRUE(state.ok()) << state.error().to_string();
    return std::move(state).value_or({});
  }
};

TEST_F(GitTest, SaysThatThereIsNoRepository) {
  const auto state = read_repository(folder_.path());
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().kind, ErrorKind::not_found);
  EXPECT_NE(state.error().message.find("no git repository at " + folder_.path().string()), std::string::npos);
  EXPECT_FALSE(read_repository(at("absent")).ok());
}

TEST_F(GitTest, SaysThatARepositoryIsBare) {
  ASSERT_TRUE(make_directories(at("repo")).ok());
  (void)git({"init", "-q", "--bare"});
  const auto state = read_repository(at("repo"));
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().message, "the git repository at " + at("repo").string() + " is bare");
}

TEST_F(GitTest, ReadsARepositoryBeforeItsFirstCommit) {
  initialize();
  const auto state = read();
  EXPECT_EQ(state.head_commit, "");
  EXPECT_EQ(state.branch, "main");
  EXPECT_EQ(state.origin_url, std::nullopt);
}

TEST_F(GitTest, ReadsTheHeadFromAnywhereInTheTree) {
  initialize();
  (void)put("repo/a/b/file", "x");
  const auto id = commit("A subject\n\nand a body");
  (void)git({"checkout", "-q", "-b", "feature/x"});
  (void)git({"remote", "add", "origin", "https://example.com/ada/tool.git"});
  for (const char* name : {"repo", "repo/a/b"}) {
    const auto state = read(name);
    EXPECT_EQ(std::filesystem::canonical(state.work_tree), std::filesystem::canonical(at("repo")));
    EXPECT_EQ(state.head_commit, id);
    EXPECT_EQ(state.branch, "feature/x");
    EXPECT_EQ(state.origin_url, "https://example.com/ada/tool.git");
    EXPECT_EQ(state.head_message, "A subject\n\nand a body\n");
    EXPECT_EQ(state.author_name, "Ada L");
    EXPECT_EQ(state.author_email, "ada@example.com");
    EXPECT_EQ(state.tag, std::nullopt);
  }
}

TEST_F(GitTest, KnowsNoBranchWhenTheHeadIsDetached) {
  initialize();
  const auto id = commit("one");
  (void)git({"checkout", "-q", "--detach"});
  EXPECT_EQ(read().branch, "");
  EXPECT_EQ(read().head_commit, id);
}

TEST_F(GitTest, FindsATagOfTheHeadLightOrAnnotated) {
  initialize();
  (void)commit("one");
  (void)git({"tag", "of-another"});
  (void)commit("two");
  EXPECT_EQ(read().tag, std::nullopt);
  (void)git({"tag", "-a", "v1.0", "-m", "release"});
  EXPECT_EQ(read().tag, "v1.0");
  (void)git({"tag", "-d", "v1.0"});
  (void)git({"tag", "light/v2"});
  EXPECT_EQ(read().tag, "light/v2");
}

TEST_F(GitTest, ListsTrackedAndNewFilesButNoIgnoredOnes) {
  initialize();
  for (const char* name : {"tracked", "gone", "folder/tracked", "forced.log"})
    (void)put("repo/" + std::string(name), "x");
  (void)put("repo/.gitignore", "*.log\nbuild/\n");
  (void)git({"add", "-f", "forced.log"});
  (void)commit("one");
  (void)put("repo/new", "x");
  (void)put("repo/folder/deeper/new", "x");
  (void)put("repo/ignored.log", "x");
  (void)put("repo/build/output", "x");
  (void)put("repo/tracked", "changed");
  ASSERT_TRUE(remove_tree(at("repo/gone")).ok());
  EXPECT_EQ(list_work_tree_files(at("repo")).value_or({}),
            (Names{".gitignore", "folder/deeper/new", "folder/tracked", "forced.log", "new", "tracked"}));
}

TEST_F(GitTest, ListsFilesBeforeTheFirstCommit) {
  initialize();
  (void)put("repo/new", "x");
  EXPECT_EQ(list_work_tree_files(at("repo")).value_or({}), Names{"new"});
}

TEST_F(GitTest, TellsWhichFilesTwoCommitsDifferIn) {
  initialize();
  for (const char* name : {"same", "changed", "removed", "old-name"}) {
    (void)put("repo/" + std::string(name), std::string("content of ") + name);
  }
  const auto first = commit("one");
  (void)put("repo/changed", "new");
  (void)put("repo/folder/added", "x");
  (void)git({"mv", "old-name", "new-name"});
  (void)git({"rm", "-q", "removed"});
  const auto second = commit("two");
  const Names expected{"changed", "folder/added", "new-name", "old-name", "removed"};
  EXPECT_EQ(changed_files(at("repo"), first, second).value_or({}), expected);
  EXPECT_EQ(changed_files(at("repo"), second, first).value_or({}), expected);
  EXPECT_EQ(changed_files(at("repo"), second, second).value_or({"x"}), Names{});
}

TEST_F(GitTest, NamesTheCommitThatIsNotThere) {
  initialize();
  const auto id = commit("one");
  const std::string unknown(40, '7');
  const auto changed = changed_files(at("repo"), unknown, id);
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.error().kind, ErrorKind::not_found);
  EXPECT_NE(changed.error().message.find("cannot find the commit " + unknown), std::string::npos);
}

class GitClone : public GitTest {
 protected:
  void SetUp() override {
    initialize();
    (void)put("repo/file", "first");
    first_ = commit("one");
    (void)git({"tag", "-a", "v1", "-m", "release"});
    (void)git({"checkout", "-q", "-b", "feature/x"});
    (void)put("repo/file", "feature");
    feature_ = commit("feature");
    (void)git({"checkout", "-q", "main"});
    (void)put("repo/file", "main");
    main_ = commit("two");
  }
  [[nodiscard]] Result<std::string> clone(const std::string& ref) const {
    return clone_repository({.url = at("repo").string(), .ref = ref, .destination = at("clone")});
  }
  std::string first_;
  std::string feature_;
  std::string main_;
};

TEST_F(GitClone, ChecksOutTheBranchOfTheRemote) {
  EXPECT_EQ(clone("").value_or(""), main_);
  EXPECT_EQ(content_of("clone/file"), "main");
  EXPECT_EQ(read("clone").branch, "main");
  EXPECT_EQ(read("clone").origin_url, at("repo").string());
}

struct RefCase {
  const char* name;
  const char* ref;  // "first" and "feature" stand for commits
  const char* content;
  const char* branch = "";  // else detached
};
void PrintTo(const RefCase& given, std::ostream* out) {
  *out << given.ref;
}

class GitCloneOf : public GitClone, public testing::WithParamInterface<RefCase> {};

TEST_P(GitCloneOf, ChecksOutWhatItNames) {
  const std::string content = GetParam().content;
  const auto commits = content == "first" ? first_ : content == "feature" ? feature_ : main_;
  const std::string ref = GetParam().ref == std::string("COMMIT") ? commits : GetParam().ref;
  const auto cloned = clone(ref);
  ASSERT_TRUE(cloned.ok()) << cloned.error().to_string();
  EXPECT_EQ(*cloned, commits);
  EXPECT_EQ(content_of("clone/file"), content);
  EXPECT_EQ(read("clone").head_commit, commits);
  EXPECT_EQ(read("clone").branch, GetParam().branch);
}

INSTANTIATE_TEST_SUITE_P(
    , GitCloneOf,
    testing::Values(RefCase{"ABranch", "feature/x", "feature", "feature/x"},
                    RefCase{"ABranchInFull", "refs/heads/feature/x", "feature", "feature/x"},
                    RefCase{"TheDefaultBranch", "main", "main", "main"}, RefCase{"ATag", "v1", "first"},
                    RefCase{"ATagInFull", "refs/tags/v1", "first"}, RefCase{"ACommit", "COMMIT", "first"},
                    RefCase{"ACommitOfABranch", "COMMIT", "feature"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(GitClone, IsOnTheBranchThatTheCommitWasPushedTo) {
  ASSERT_TRUE(clone_repository({.url = at("repo").string(),
                                .ref = first_,
                                .destination = at("clone"),
                                .origin = "https://example.org/repo.git",
                                .head = "refs/heads/main"}));
  EXPECT_EQ(read("clone").head_commit, first_);
  EXPECT_EQ(read("clone").branch, "main");
  EXPECT_EQ(read("clone").origin_url, "https://example.org/repo.git");
}

TEST_F(GitClone, NamesTheRefThatIsNotThere) {
  const auto cloned = clone("no-such-branch");
  ASSERT_FALSE(cloned.ok());
  EXPECT_EQ(cloned.error().kind, ErrorKind::not_found);
  EXPECT_EQ(cloned.error().message, "the repository has no branch, tag or commit 'no-such-branch'");
}

TEST_F(GitClone, NamesTheRepositoryThatIsNotThere) {
  const auto cloned = clone_repository({.url = at("absent").string(), .destination = at("clone")});
  ASSERT_FALSE(cloned.ok());
  EXPECT_NE(cloned.error().message.find("cannot clone " + at("absent").string()), std::string::npos);
}

TEST_F(GitClone, KeepsItsHandsOffAFolderThatIsNotEmpty) {
  (void)put("clone/mine", "kept");
  EXPECT_FALSE(clone("").ok());
  EXPECT_EQ(content_of("clone/mine"), "kept");
}

TEST_F(GitClone, KeepsModesAndLinksButFollowsNone) {
  (void)put("repo/program", "x", 0755);
  ASSERT_EQ(::symlink("/etc/passwd", at("repo/link").c_str()), 0);
  (void)commit("links");
  ASSERT_TRUE(clone("").ok());
  EXPECT_EQ(mode_of("clone/program") & 0111U, 0111U);
  EXPECT_EQ(std::filesystem::read_symlink(at("clone/link")), "/etc/passwd");
}

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

class HostileTree : public GitClone, public testing::WithParamInterface<const char*> {};

TEST_P(HostileTree, IsNotCheckedOutWhereItWouldLeaveTheFolder) {
  const auto blob = bytes_of_hex(git({"hash-object", "-w", "--stdin"}, "planted"));
  const auto entry = [](const char* mode, const std::string& name, const std::string& id) {
    return std::string(mode) + " " + name + std::string(1, '\0') + id;
  };
  const auto inner =
      git({"hash-object", "-w", "-t", "tree", "--literally", "--stdin"}, entry("100644", "planted", blob));
  const auto tree = git({"hash-object", "-w", "-t", "tree", "--literally", "--stdin"},
                        entry("40000", GetParam(), bytes_of_hex(inner)));
  const auto id = git({"commit-tree", "-m", "hostile", tree});
  (void)git({"update-ref", "refs/heads/hostile", id});
  EXPECT_FALSE(clone("hostile").ok());
  for (const auto& found : std::filesystem::recursive_directory_iterator(folder_.path())) {
    EXPECT_NE(found.path().filename(), "planted") << found.path();
  }
}

INSTANTIATE_TEST_SUITE_P(, HostileTree, testing::Values(".git", "..", ".", ".GIT", "a/../../b"));

}  // namespace
}  // namespace base
