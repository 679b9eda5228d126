#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/process.h"
#include "base/strings.h"
#include "steps/builtin_actions.h"
#include "tests/unit/steps/job_fixture.h"

namespace steps {
namespace {

using testing::HasSubstr;
using testing::Not;

class Checkout : public JobFixture {
 protected:
  void SetUp() override {
    if (!base::find_program("git")) GTEST_SKIP() << "git is not installed";
    repository_ = make("repository").host;
    services_.repository = repository_;
    git({"init", "-q", "-b", "main"});
    put("tracked.txt", "committed");
    put(".gitignore", "ignored.txt\n");
    put("bin/run", "#!/bin/sh\n");
    ASSERT_EQ(chmod((repository_ / "bin/run").c_str(), 0755), 0);
    git({"add", "."});
    git({"commit", "-q", "-m", "first"});
    git({"tag", "v1"});
    git({"remote", "add", "origin", "https://user:hunter2@example.com/octo/app.git"});
    git({"config", "http.extraheader", "Authorization: hunter2"});
    put(".git/hooks/post-checkout", "#!/bin/sh\nexit 1\n");
    put("tracked.txt", "edited");
    put("new.txt", "untracked");
    put("ignored.txt", "ignored");
    commit_ = std::string(base::trim(git({"rev-parse", "HEAD"})));
    call_.uses = "actions/checkout@v4";
    call_.environment = {
        {"GITHUB_REPOSITORY", "octo/app"}, {"GITHUB_SHA", commit_}, {"GITHUB_REF", "refs/heads/main"}};
  }

  std::string git(std::vector<std::string> arguments) {
    base::ProcessOptions options;
    options.argv = {"git", "-c", "user.name=t", "-c", "user.email=t@example.com"};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.directory = repository_;
    auto result = base::run_process(options);
    EXPECT_TRUE(result && result->exit_code == 0) << (result ? result->output : result.error().to_string());
    return result ? result->output : "";
  }
  void put(const std::string& name, std::string_view text) {
    ASSERT_TRUE(base::make_directories((repository_ / name).parent_path()));
    ASSERT_TRUE(base::write_file(repository_ / name, text));
  }
  ActionOutcome run() {
    auto outcome = builtin::checkout(call_, job_);
    EXPECT_TRUE(outcome) << outcome.error().to_string();
    return outcome ? *outcome : ActionOutcome{};
  }
  base::Path there(const std::string& name) const { return job_.folders.workspace.host / name; }

  base::Path repository_;
  std::string commit_;
  ActionCall call_;
};

TEST_F(Checkout, TakesTheWorkingTreeAsItIsNow) {
  const ActionOutcome outcome = run();
  EXPECT_EQ(*base::read_file(there("tracked.txt")), "edited");
  EXPECT_EQ(*base::read_file(there("new.txt")), "untracked");
  EXPECT_FALSE(base::exists(there("ignored.txt")));
  struct stat found {};
  ASSERT_EQ(stat(there("bin/run").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0111, 0111U);
  EXPECT_EQ(outcome.outputs.at("commit"), commit_);
  EXPECT_EQ(outcome.outputs.at("ref"), "refs/heads/main");
}

TEST_F(Checkout, BringsTheHistoryButNeitherCredentialsNorHooks) {
  run();
  const std::string config = *base::read_file(there(".git/config"));
  EXPECT_THAT(config, Not(HasSubstr("hunter2")));
  EXPECT_THAT(config, HasSubstr("url = https://example.com/octo/app.git"));
  EXPECT_FALSE(base::exists(there(".git/hooks")));
  repository_ = job_.folders.workspace.host;
  EXPECT_EQ(base::trim(git({"rev-parse", "HEAD"})), commit_);
  EXPECT_EQ(git({"status", "--porcelain"}), " M tracked.txt\n?? new.txt\n");
}

TEST_F(Checkout, EmptiesTheWorkspaceUnlessToldNotTo) {
  write("old.txt", "x");
  call_.inputs = {{"clean", "false"}};
  run();
  EXPECT_TRUE(base::exists(there("old.txt")));
  call_.inputs.clear();
  run();
  EXPECT_FALSE(base::exists(there("old.txt")));
}

TEST_F(Checkout, PutsItIntoAFolderOfTheWorkspace) {
  call_.inputs = {{"path", "sub/app"}};
  run();
  EXPECT_TRUE(base::exists(there("sub/app/tracked.txt")));
  for (const char* path : {"../out", "/etc", "a/../../b"}) {
    call_.inputs = {{"path", path}};
    auto refused = builtin::checkout(call_, job_);
    ASSERT_FALSE(refused) << path;
    EXPECT_THAT(refused.error().message, HasSubstr("not under the workspace"));
  }
}

TEST_F(Checkout, DoesNotWriteThroughASymlinkOfAStep) {
  const base::Path outside = make("outside").host;
  ASSERT_EQ(symlink(outside.c_str(), there("link").c_str()), 0);
  call_.inputs = {{"path", "link"}};
  (void)builtin::checkout(call_, job_).ok();
  EXPECT_THAT(*base::list_directory(outside), testing::IsEmpty());
}

TEST_F(Checkout, ClonesAnotherRef) {
  git({"checkout", "-q", "-b", "other"});
  git({"commit", "-q", "-am", "second"});
  call_.inputs = {{"ref", "v1"}};
  const ActionOutcome outcome = run();
  EXPECT_EQ(outcome.outputs.at("commit"), commit_);
  EXPECT_EQ(*base::read_file(there("tracked.txt")), "committed");
  EXPECT_FALSE(base::exists(there("new.txt")));
  EXPECT_THAT(*base::read_file(there(".git/config")), HasSubstr("https://example.com/octo/app.git"));
}

TEST_F(Checkout, LetsLaterStepsLogInAsLongAsTheJobRuns) {
  call_.inputs["token"] = "hunter22";
  const auto outcome = run();
  const auto config = base::read_file(there(".git/config")).value_or("");
  EXPECT_THAT(config, Not(HasSubstr("hunter22")));
  const auto at = config.find(job_.folders.temp.inside + "/git-credentials-");
  ASSERT_NE(at, std::string::npos) << config;
  const auto name = base::Path(config.substr(at, config.find('\n', at) - at)).filename();
  EXPECT_EQ(base::read_file(job_.folders.temp.host / name).value_or(""),
            "[http \"https://github.com/\"]\n"
            "\textraheader = AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46aHVudGVyMjI=\n");
  EXPECT_EQ(masker_.mask("eC1hY2Nlc3MtdG9rZW46aHVudGVyMjI="), "***");
  ASSERT_TRUE(outcome.post);
  ASSERT_TRUE(outcome.post->run(job_));
  EXPECT_FALSE(base::exists(job_.folders.temp.host / name));
}

TEST_F(Checkout, KeepsNoTokenThatItShallNot) {
  call_.inputs["token"] = "hunter22";
  call_.inputs["persist-credentials"] = "false";
  EXPECT_FALSE(run().post);
  EXPECT_THAT(base::read_file(there(".git/config")).value_or(""), Not(HasSubstr("includeIf")));
}

TEST_F(Checkout, ReadsNoOtherRepositoryOfThisMachine) {
  for (const char* repository : {"/root/secret", "file:///root/secret", "ssh://host/x"}) {
    call_.inputs = {{"repository", repository}};
    auto refused = builtin::checkout(call_, job_);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("expected owner/name or an https:// URL"));
  }
}

TEST_F(Checkout, CopiesAFolderThatIsNoRepository) {
  ASSERT_TRUE(base::remove_tree(repository_ / ".git"));
  run();
  EXPECT_EQ(*base::read_file(there("tracked.txt")), "edited");
  EXPECT_THAT(log_.texts(LineKind::warning), testing::ElementsAre(HasSubstr("no git repository")));
}

TEST_F(Checkout, WorksFromALinkedWorkTree) {
  const base::Path linked = root_.path() / "linked";
  git({"worktree", "add", "-q", linked.string(), "v1"});
  services_.repository = linked;
  run();
  EXPECT_EQ(*base::read_file(there("tracked.txt")), "committed");
  repository_ = job_.folders.workspace.host;
  EXPECT_EQ(base::trim(git({"rev-parse", "HEAD"})), commit_);
}

}  // namespace
}  // namespace steps
