#include "runner/workspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

namespace runner {
namespace {

using ::testing::StartsWith;

class WorkspaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // Whatever is removed by a wrong path is removed here.
    before_ = std::filesystem::current_path();
    ASSERT_EQ(::chdir(folder_.path().c_str()), 0);
  }
  void TearDown() override { ASSERT_EQ(::chdir(before_.c_str()), 0); }

  RunFolders make_run(std::int64_t id = 1, KeepFolders keep = KeepFolders::no) {
    auto made = RunFolders::create(state_, id, keep);
    EXPECT_TRUE(made.ok()) << (made ? "" : made.error().to_string());
    return std::move(made).value();
  }
  static steps::JobFolders make_job(const RunFolders& run, const std::string& job,
                                    Isolation isolation = Isolation::namespaces) {
    auto made = make_job_folders(run, job, "octo/shop", ::geteuid(), isolation);
    EXPECT_TRUE(made.ok()) << (made ? "" : made.error().to_string());
    return std::move(made).value_or({});
  }
  /// A run with one job whose process ends without tidying up; returns its folder in memory.
  base::Path make_killed_run(std::int64_t id) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto run = RunFolders::create(state_, id, KeepFolders::no);
      const bool made = run.ok() &&
                        make_job_folders(*run, "a", "o/r", ::geteuid(), Isolation::namespaces).ok() &&
                        base::write_file(run->kept() / "events.jsonl", "{}\n").ok() &&
                        base::write_file(folder_.path() / "of-killed", run->on_memory().string()).ok();
      ::_exit(made ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return base::read_file(folder_.path() / "of-killed").value_or("");
  }
  base::Path run_folder(std::int64_t id) const { return state_ / "runs" / std::to_string(id); }

  base::TempDir folder_ = std::move(base::TempDir::create("workspace-test")).value();
  base::Path state_ = folder_.path() / "state";
  base::Path before_;
};

TEST_F(WorkspaceTest, RemovesWhatARunMadeButKeepsItsLog) {
  base::Path memory;
  {
    const auto run = make_run();
    memory = run.on_memory();
    EXPECT_EQ(run.kept(), run_folder(1));
    make_job(run, "build");
    ASSERT_TRUE(base::write_file(run.kept() / "events.jsonl", "{}\n").ok());
    EXPECT_TRUE(base::is_directory(memory));
    EXPECT_TRUE(base::is_directory(run.kept() / "jobs/build/workspace"));
  }
  EXPECT_FALSE(base::exists(memory));
  EXPECT_FALSE(base::exists(run_folder(1) / "jobs"));
  EXPECT_TRUE(base::exists(run_folder(1) / "events.jsonl"));
}

TEST_F(WorkspaceTest, KeepsEverythingWhenAskedTo) {
  base::Path memory;
  {
    const auto run = make_run(1, KeepFolders::yes);
    memory = run.on_memory();
    make_job(run, "build");
  }
  EXPECT_TRUE(base::is_directory(memory));
  EXPECT_TRUE(base::is_directory(run_folder(1) / "jobs/build/workspace"));
  ASSERT_TRUE(base::remove_tree(memory).ok());
}

TEST_F(WorkspaceTest, RemovesNothingThatIsNotItsOwn) {
  // The folder that the runner is started in may have such names in it.
  ASSERT_TRUE(base::make_directories(folder_.path() / "jobs/mine").ok());
  ASSERT_TRUE(base::write_file(folder_.path() / "memory", "mine").ok());
  {
    auto run = make_run();
    const auto moved = std::move(run);
    EXPECT_TRUE(base::is_directory(moved.on_memory()));
  }
  clean_up_after_killed_runs(state_);
  EXPECT_TRUE(base::is_directory(folder_.path() / "jobs/mine"));
  EXPECT_TRUE(base::exists(folder_.path() / "memory"));
}

TEST_F(WorkspaceTest, KeepsOthersOutOfAllItsFolders) {
  const auto run = make_run();
  const auto job = make_job(run, "build");
  for (const auto& path : {run.kept(), run.on_memory(), job.workspace.host.parent_path(), job.scratch,
                           job.temp.host.parent_path()}) {
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0) << path;
    EXPECT_EQ(status.st_mode & 077U, 0U) << path;
  }
}

TEST_F(WorkspaceTest, GivesAJobTheFoldersOfAHostedRunner) {
  const auto run = make_run();
  const auto job = make_job(run, "build");
  EXPECT_EQ(job.workspace.inside, "/home/runner/work/shop/shop");
  EXPECT_EQ(job.temp.inside, "/home/runner/work/_temp");
  EXPECT_EQ(job.actions.inside, "/home/runner/work/_actions");
  EXPECT_EQ(job.tool_cache.inside, "/home/runner/work/_tool");
  EXPECT_EQ(job.file_commands.inside, "/home/runner/work/_temp/_runner_file_commands");
  for (const auto& shared : {job.workspace, job.temp, job.actions, job.tool_cache, job.file_commands})
    EXPECT_TRUE(base::is_directory(shared.host)) << shared.host;
  // What may hold secrets is in memory, not on disk.
  for (const auto& path : {job.temp.host, job.file_commands.host, job.scratch})
    EXPECT_THAT(path.string(), StartsWith(run.on_memory().string() + "/"));
  EXPECT_THAT(job.workspace.host.string(), StartsWith(run.kept().string() + "/"));
}

TEST_F(WorkspaceTest, NamesFoldersAsTheyAreWithoutASandbox) {
  const auto run = make_run();
  const auto job = make_job(run, "build", Isolation::none);
  for (const auto& shared : {job.workspace, job.temp, job.actions, job.tool_cache, job.file_commands})
    EXPECT_EQ(shared.inside, shared.host.string());
}

TEST_F(WorkspaceTest, GivesNoTwoJobsTheSameFolder) {
  const auto run = make_run();
  const std::string prefix(80, 'x');
  const std::vector<std::string> keys = {"test (1.2)", "test (1-2)", "test (1/2)", "test -1-2-",
                                         "test--1-2-", prefix + "a", prefix + "b"};
  std::set<base::Path> seen;
  for (const auto& key : keys) {
    const auto job = make_job(run, key);
    EXPECT_TRUE(seen.insert(job.workspace.host).second) << key << " shares " << job.workspace.host;
    EXPECT_TRUE(seen.insert(job.scratch).second) << key << " shares " << job.scratch;
  }
}

TEST_F(WorkspaceTest, LetsNoNameOfAJobLeadOutOfTheRun) {
  const auto run = make_run();
  for (const auto* key : {"..", "../../x", "a (/etc)", ".", "a\nb", "ü"}) {
    const auto job = make_job(run, key);
    const auto relative = job.workspace.host.lexically_relative(run.kept() / "jobs");
    EXPECT_EQ(std::distance(relative.begin(), relative.end()), 2) << key << ": " << relative;
    EXPECT_NE(*relative.begin(), "..") << key;
    EXPECT_TRUE(base::is_directory(job.workspace.host)) << key;
  }
}

TEST_F(WorkspaceTest, RemovesTheFoldersOfOneJobOnly) {
  const auto run = make_run();
  const auto one = make_job(run, "one");
  const auto other = make_job(run, "other");
  remove_job_folders(one);
  EXPECT_FALSE(base::exists(one.workspace.host));
  EXPECT_FALSE(base::exists(one.temp.host));
  EXPECT_FALSE(base::exists(one.scratch));
  EXPECT_TRUE(base::is_directory(other.workspace.host));
  EXPECT_TRUE(base::is_directory(other.temp.host));
}

TEST_F(WorkspaceTest, CleansUpAfterARunThatWasKilled) {
  const auto memory = make_killed_run(1);
  ASSERT_TRUE(base::is_directory(memory)) << memory;
  ASSERT_TRUE(base::is_directory(run_folder(1) / "jobs/a"));
  clean_up_after_killed_runs(state_);
  EXPECT_FALSE(base::exists(memory));
  EXPECT_FALSE(base::exists(run_folder(1) / "jobs"));
  EXPECT_TRUE(base::exists(run_folder(1) / "events.jsonl")) << "its log is still wanted";
}

TEST_F(WorkspaceTest, DoesNotTouchARunThatLives) {
  const auto run = make_run(2);
  const auto job = make_job(run, "build");
  const auto killed = make_killed_run(1);
  clean_up_after_killed_runs(state_);
  EXPECT_FALSE(base::exists(killed));
  EXPECT_TRUE(base::is_directory(job.workspace.host));
  EXPECT_TRUE(base::is_directory(job.temp.host));
}

TEST_F(WorkspaceTest, CleansUpInMemoryWhenTheStateFolderIsGone) {
  const auto memory = make_killed_run(1);
  ASSERT_TRUE(base::remove_tree(state_).ok());
  clean_up_after_killed_runs(state_);
  EXPECT_FALSE(base::exists(memory));
}

TEST_F(WorkspaceTest, LeavesWhatWasKeptWhenItCleansUp) {
  base::Path memory;
  {
    const auto run = make_run(1, KeepFolders::yes);
    memory = run.on_memory();
    make_job(run, "build");
  }
  clean_up_after_killed_runs(state_);
  EXPECT_TRUE(base::is_directory(memory));
  EXPECT_TRUE(base::is_directory(run_folder(1) / "jobs/build/workspace"));
  ASSERT_TRUE(base::remove_tree(memory).ok());
}

TEST_F(WorkspaceTest, HasNothingToCleanUpBeforeTheFirstRun) {
  clean_up_after_killed_runs(folder_.path() / "no/such/state");
  EXPECT_FALSE(base::exists(folder_.path() / "no"));
}

TEST_F(WorkspaceTest, GivesEachJobIdsThatNoOtherHas) {
  auto one = IdSlot::take(state_);
  auto other = IdSlot::take(state_);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_NE(one->number(), other->number());
  EXPECT_GT(one->number(), 0U) << "0 is that of images";
  const auto number = one->number();
  { const auto gone = std::move(*one); }
  // Given back, it is free for the next; another process may have been faster.
  const auto next = IdSlot::take(state_);
  ASSERT_TRUE(next.ok());
  EXPECT_GE(next->number(), std::min(number, other->number()));
  EXPECT_NE(next->number(), other->number());
}

}  // namespace
}  // namespace runner
