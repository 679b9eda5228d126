#include "runner/github_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/process.h"

namespace runner {
namespace {

using ::testing::Contains;
using ::testing::MatchesRegex;

class GithubContext : public ::testing::Test {
 protected:
  GithubContext() {
    options_.repository_name = "octo/shop";
    options_.actor = "mona";
    options_.event.name = "push";
    options_.event.ref = "refs/heads/main";
    options_.event.sha = std::string(40, 'a');
    workflow_.path = ".github/workflows/ci.yml";
    workflow_.name = "CI";
  }
  std::string github(std::string_view name) { return context().get(name).to_text(); }
  workflow::expression::Value context() { return github_context(options_, workflow_, run_); }
  WorkflowOrigin origin() { return origin_of(workflow_, workflow_, context()); }
  std::string subject(const std::string& environment = "") {
    return base::json_string(oidc_claims(context(), environment, origin()), "sub");
  }

  RunOptions options_;
  workflow::Workflow workflow_;
  RunRecord run_{.id = 70, .number = 7};
};

TEST_F(GithubContext, DescribesThePushOfABranch) {
  EXPECT_EQ(github("event_name"), "push");
  EXPECT_EQ(github("ref"), "refs/heads/main");
  EXPECT_EQ(github("ref_name"), "main");
  EXPECT_EQ(github("ref_type"), "branch");
  EXPECT_EQ(github("sha"), std::string(40, 'a'));
  EXPECT_EQ(github("repository"), "octo/shop");
  EXPECT_EQ(github("repository_owner"), "octo");
  EXPECT_EQ(github("repositoryUrl"), "git://github.com/octo/shop.git");
  EXPECT_EQ(github("actor"), "mona");
  EXPECT_EQ(github("run_id"), "70");
  EXPECT_EQ(github("run_number"), "7");
  EXPECT_EQ(github("run_attempt"), "1");
  EXPECT_EQ(github("head_ref"), "");
  EXPECT_EQ(github("base_ref"), "");
  EXPECT_EQ(github("workflow"), "CI");
  EXPECT_EQ(github("workflow_ref"), "octo/shop/.github/workflows/ci.yml@refs/heads/main");
  EXPECT_EQ(github("workflow_sha"), std::string(40, 'a'));
}

TEST_F(GithubContext, KeepsNamesOfBranchesWithSlashesWhole) {
  options_.event.ref = "refs/heads/feature/a/b";
  EXPECT_EQ(github("ref_name"), "feature/a/b");
}

TEST_F(GithubContext, DescribesTags) {
  options_.event.ref = "refs/tags/v1.2";
  EXPECT_EQ(github("ref_name"), "v1.2");
  EXPECT_EQ(github("ref_type"), "tag");
}

TEST_F(GithubContext, DescribesPullRequests) {
  options_.event.name = "pull_request";
  options_.event.ref = "refs/pull/7/merge";
  options_.event.base_ref = "main";
  options_.event.head_ref = "feature";
  EXPECT_EQ(github("ref_name"), "7/merge");
  EXPECT_EQ(github("ref_type"), "branch");
  EXPECT_EQ(github("base_ref"), "main");
  EXPECT_EQ(github("head_ref"), "feature");
}

TEST_F(GithubContext, TakesThePathForTheNameOfANamelessWorkflow) {
  workflow_.name.reset();
  EXPECT_EQ(github("workflow"), ".github/workflows/ci.yml");
}

TEST_F(GithubContext, HoldsThePayloadAsItIs) {
  options_.event.payload =
      workflow::expression::from_json({{"head_commit", {{"message", "fix"}}}, {"commits", {1, 2}}});
  EXPECT_EQ(workflow::expression::to_json(context().get("event")),
            base::Json({{"head_commit", {{"message", "fix"}}}, {"commits", {1, 2}}}));
}

TEST_F(GithubContext, HoldsTheTokenOnlyWhenThereIsOne) {
  EXPECT_EQ(github("token"), "");
  options_.secrets["GITHUB_TOKEN"] = "hunter2";
  EXPECT_EQ(github("token"), "hunter2");
}

TEST_F(GithubContext, GivesNamesNumbersThatStay) {
  const auto owner = github("repository_owner_id");
  EXPECT_THAT(owner, MatchesRegex("[0-9]+"));
  EXPECT_NE(owner, github("repository_id"));
  options_.repository_name = "octo/other";
  EXPECT_EQ(github("repository_owner_id"), owner);
  // Policies may name it, so it must not change from version to version.
  EXPECT_EQ(owner, "622947460");
}

TEST_F(GithubContext, DescribesARepositoryOnThisMachine) {
  ASSERT_TRUE(base::find_program("git")) << "git is not installed";
  const auto folder = std::move(base::TempDir::create("github-context-test")).value();
  const auto git = [&](std::vector<std::string> arguments) {
    base::ProcessOptions options;
    options.argv = {"git", "-c", "user.name=Mona", "-c", "user.email=mona@example.com"};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.directory = folder.path();
    const auto ran = base::run_process(options);
    EXPECT_TRUE(ran.ok());
    return ran ? ran->output : std::string();
  };
  git({"init", "-q", "-b", "feature/x"});
  git({"remote", "add", "origin", "https://github.com/octo/shop.git"});
  git({"commit", "-q", "--allow-empty", "-m", "first"});
  git({"tag", "v1"});
  auto state = base::read_repository(folder.path());
  ASSERT_TRUE(state.ok()) << state.error().to_string();
  EXPECT_EQ(state->branch, "feature/x");
  EXPECT_EQ(state->tag, "v1");
  EXPECT_EQ(state->origin_url, "https://github.com/octo/shop.git");
  EXPECT_EQ(state->head_message, "first\n");
  EXPECT_EQ(state->author_name, "Mona");
  options_.event.ref = "refs/heads/" + state->branch;
  options_.event.sha = state->head_commit;
  EXPECT_EQ(github("sha") + "\n", git({"rev-parse", "HEAD"}));
  EXPECT_EQ(github("ref_name") + "\n", git({"rev-parse", "--abbrev-ref", "HEAD"}));
}

TEST_F(GithubContext, MakesTheSubjectOfATokenAsGithubDoes) {
  EXPECT_EQ(subject(), "repo:octo/shop:ref:refs/heads/main");
  EXPECT_EQ(subject("production"), "repo:octo/shop:environment:production");
  EXPECT_EQ(subject("eu:west"), "repo:octo/shop:environment:eu%3Awest");
  options_.event.ref = "refs/tags/v1";
  EXPECT_EQ(subject(), "repo:octo/shop:ref:refs/tags/v1");
  options_.event.name = "pull_request";
  options_.event.ref = "refs/pull/7/merge";
  EXPECT_EQ(subject(), "repo:octo/shop:pull_request");
  EXPECT_EQ(subject("production"), "repo:octo/shop:environment:production");
}

TEST_F(GithubContext, TellsWhereAWorkflowComesFrom) {
  const auto own = origin();
  EXPECT_EQ(own.ref, "octo/shop/.github/workflows/ci.yml@refs/heads/main");
  EXPECT_EQ(own.file_path, ".github/workflows/ci.yml");
  workflow::Workflow called{.path = "./.github/workflows/deploy.yml"};
  const auto local = origin_of(called, workflow_, context());
  EXPECT_EQ(local.ref, "octo/shop/.github/workflows/deploy.yml@refs/heads/main");
  EXPECT_EQ(local.sha, std::string(40, 'a'));
  EXPECT_EQ(local.repository, "octo/shop");
  EXPECT_EQ(local.file_path, ".github/workflows/deploy.yml");
  called.path = "other/tools/.github/workflows/deploy.yml@v2";
  const auto remote = origin_of(called, workflow_, context());
  EXPECT_EQ(remote.ref, called.path);
  EXPECT_EQ(remote.sha, "");
  EXPECT_EQ(remote.repository, "other/tools");
  EXPECT_EQ(remote.file_path, ".github/workflows/deploy.yml");
  EXPECT_EQ(oidc_claims(context(), "", remote)["job_workflow_ref"], called.path);
}

TEST_F(GithubContext, ClaimsWhatTheContextSaysAndNoSecret) {
  options_.secrets["GITHUB_TOKEN"] = "hunter2";
  const auto claims = oidc_claims(context(), "production", origin());
  EXPECT_EQ(claims["repository"], "octo/shop");
  EXPECT_EQ(claims["repository_owner"], "octo");
  EXPECT_EQ(claims["sha"], std::string(40, 'a'));
  EXPECT_EQ(claims["run_id"], "70");
  EXPECT_EQ(claims["environment"], "production");
  EXPECT_EQ(claims["job_workflow_ref"], "octo/shop/.github/workflows/ci.yml@refs/heads/main");
  EXPECT_EQ(claims["runner_environment"], "self-hosted");
  for (const auto& [name, value] : claims.items()) EXPECT_TRUE(value.is_string()) << name;
  EXPECT_EQ(base::to_text(claims).find("hunter2"), std::string::npos);
  EXPECT_FALSE(oidc_claims(context(), "", origin()).contains("environment"));
}

TEST(RunnerContext, NamesTheFoldersAsStepsSeeThem) {
  const steps::JobFolders folders{.workspace = {"/host/w", "/home/runner/work/shop/shop"},
                                  .temp = {"/host/t", "/home/runner/work/_temp"},
                                  .tool_cache = {"/host/c", "/home/runner/work/_tool"}};
  const auto runner = runner_context(folders);
  EXPECT_EQ(runner.get("os").to_text(), "Linux");
  EXPECT_THAT((std::vector<std::string>{"X64", "ARM64", "X86"}), Contains(runner.get("arch").to_text()));
  EXPECT_EQ(runner.get("temp").to_text(), "/home/runner/work/_temp");
  EXPECT_EQ(runner.get("tool_cache").to_text(), "/home/runner/work/_tool");
  EXPECT_EQ(runner.get("workspace").to_text(), "/home/runner/work/shop");
}

}  // namespace
}  // namespace runner
