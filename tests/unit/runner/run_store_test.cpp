#include "runner/run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "base/files.h"
#include "runner/sqlite.h"

namespace runner {
namespace {

using ::testing::HasSubstr;

class SqliteRunStore : public ::testing::Test {
 protected:
  std::unique_ptr<RunStore> open() {
    auto store = open_sqlite_run_store(file_);
    EXPECT_TRUE(store.ok()) << (store ? "" : store.error().to_string());
    return store ? std::move(store).value() : nullptr;
  }
  static RunRecord begin(RunStore& store, const std::string& workflow, double started = 1) {
    RunRecord run{.workflow = workflow, .started = started};
    const auto begun = store.begin(run);
    EXPECT_TRUE(begun.ok()) << (begun ? "" : begun.error().to_string());
    return run;
  }
  static JobRecord job(const RunRecord& run, const std::string& key, const std::string& conclusion,
                       double started, double finished) {
    return {.run_id = run.id,
            .attempt = run.attempt,
            .job = key,
            .name = "name of " + key,
            .conclusion = conclusion,
            .started = started,
            .finished = finished};
  }
  static std::vector<RunRecord> list(RunStore& store, int limit = 100) {
    auto runs = store.list(limit);
    EXPECT_TRUE(runs.ok());
    return std::move(runs).value_or({});
  }

  base::TempDir folder_ = std::move(base::TempDir::create("run-store-test")).value();
  base::Path file_ = folder_.path() / "history.db";
};

TEST_F(SqliteRunStore, CountsRunsPerWorkflowAndIdsOverAll) {
  const auto store = open();
  const auto one = begin(*store, "a.yml");
  const auto two = begin(*store, "b.yml");
  const auto three = begin(*store, "a.yml");
  EXPECT_EQ(one.number, 1);
  EXPECT_EQ(two.number, 1);
  EXPECT_EQ(three.number, 2);
  EXPECT_GT(one.id, 0);
  EXPECT_EQ(two.id, one.id + 1);
  EXPECT_EQ(three.id, two.id + 1);
}

TEST_F(SqliteRunStore, RemembersRunsInItsFile) {
  RunRecord run{.workflow = ".github/workflows/ci.yml",
                .name = "CI for 'it' and \"them\"; DROP TABLE runs",
                .event = "push",
                .ref = "refs/heads/grün",
                .sha = std::string(40, 'a'),
                .actor = "octo",
                .started = 1767323045.25};
  ASSERT_TRUE(open()->begin(run).ok());
  const auto store = open();
  const auto runs = list(*store);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].id, run.id);
  EXPECT_EQ(runs[0].number, 1);
  EXPECT_EQ(runs[0].workflow, run.workflow);
  EXPECT_EQ(runs[0].name, run.name);
  EXPECT_EQ(runs[0].event, "push");
  EXPECT_EQ(runs[0].ref, run.ref);
  EXPECT_EQ(runs[0].sha, run.sha);
  EXPECT_EQ(runs[0].actor, "octo");
  EXPECT_DOUBLE_EQ(runs[0].started, run.started);
  EXPECT_EQ(begin(*store, run.workflow).number, 2) << "numbers go on after the file was opened anew";
}

TEST_F(SqliteRunStore, ShowsARunAsRunningUntilItIsFinished) {
  const auto store = open();
  const auto run = begin(*store, "a.yml");
  const auto other = begin(*store, "a.yml");
  EXPECT_EQ(list(*store)[1].conclusion, "");
  EXPECT_EQ(list(*store)[1].finished, 0);
  ASSERT_TRUE(store->finish(run.id, "failure", 42.5).ok());
  const auto runs = list(*store);
  EXPECT_EQ(runs[1].id, run.id);
  EXPECT_EQ(runs[1].conclusion, "failure");
  EXPECT_DOUBLE_EQ(runs[1].finished, 42.5);
  EXPECT_EQ(runs[0].id, other.id);
  EXPECT_EQ(runs[0].conclusion, "");
}

TEST_F(SqliteRunStore, RefusesToFinishARunThatItDoesNotKnow) {
  const auto store = open();
  const auto finished = store->finish(7, "success", 1);
  ASSERT_FALSE(finished.ok());
  EXPECT_THAT(finished.error().message, HasSubstr("7"));
}

TEST_F(SqliteRunStore, ListsTheNewestFirstUpToALimit) {
  const auto store = open();
  for (int i = 0; i < 5; ++i) begin(*store, "a.yml", 100 - i);
  const auto runs = list(*store, 2);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].number, 5);
  EXPECT_EQ(runs[1].number, 4);
  EXPECT_TRUE(list(*store, 0).empty());
}

TEST_F(SqliteRunStore, KeepsTheJobsOfEachRunInTheOrderOfTheirStart) {
  const auto store = open();
  const auto run = begin(*store, "a.yml");
  const auto other = begin(*store, "a.yml");
  ASSERT_TRUE(store->record_job(job(run, "late", "failure", 20, 30)).ok());
  ASSERT_TRUE(store->record_job(job(run, "early (1)", "success", 10, 15.5)).ok());
  ASSERT_TRUE(store->record_job(job(other, "late", "success", 50, 60)).ok());
  const auto jobs = store->jobs_of(run.id, 1);
  ASSERT_TRUE(jobs.ok());
  ASSERT_EQ(jobs->size(), 2U);
  EXPECT_EQ((*jobs)[0].job, "early (1)");
  EXPECT_EQ((*jobs)[0].name, "name of early (1)");
  EXPECT_DOUBLE_EQ((*jobs)[0].finished, 15.5);
  EXPECT_EQ((*jobs)[1].conclusion, "failure");
  EXPECT_EQ((*jobs)[1].run_id, run.id);
  EXPECT_TRUE(store->jobs_of(99, 1).ok());
  EXPECT_TRUE(store->jobs_of(99, 1)->empty());
}

TEST_F(SqliteRunStore, ReplacesAJobThatIsRecordedAgain) {
  const auto store = open();
  const auto run = begin(*store, "a.yml");
  ASSERT_TRUE(store->record_job(job(run, "a", "failure", 1, 2)).ok());
  ASSERT_TRUE(store->record_job(job(run, "a", "success", 3, 4)).ok());
  const auto jobs = store->jobs_of(run.id, 1);
  ASSERT_EQ(jobs->size(), 1U);
  EXPECT_EQ((*jobs)[0].conclusion, "success");
}

TEST_F(SqliteRunStore, KeepsTheJobsOfEachAttempt) {
  const auto store = open();
  auto run = begin(*store, "a.yml");
  auto first = job(run, "a", "failure", 1, 2);
  first.outputs = {{"version", "1.2"}, {"empty", ""}};
  first.reason = "because";
  ASSERT_TRUE(store->record_job(first).ok());
  ASSERT_TRUE(store->finish(run.id, "failure", 3).ok());
  run.started = 10;
  ASSERT_TRUE(store->begin_again(run).ok());
  EXPECT_EQ(run.attempt, 2);
  ASSERT_TRUE(store->record_job(job(run, "a", "success", 11, 12)).ok());
  const auto found = store->find(run.id);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->attempt, 2);
  EXPECT_EQ(found->conclusion, "") << "it runs again";
  EXPECT_DOUBLE_EQ(found->started, 10);
  const auto earlier = store->jobs_of(run.id, 1);
  ASSERT_EQ(earlier->size(), 1U);
  EXPECT_EQ(earlier->at(0).conclusion, "failure");
  EXPECT_EQ(earlier->at(0).reason, "because");
  EXPECT_EQ(earlier->at(0).outputs, first.outputs);
  EXPECT_EQ(store->jobs_of(run.id, 2)->at(0).conclusion, "success");
}

TEST_F(SqliteRunStore, BeginsAgainOnlyWhatNobodyElseBeganAgain) {
  const auto store = open();
  auto run = begin(*store, "a.yml");
  auto same = run;
  ASSERT_TRUE(store->begin_again(run).ok());
  const auto refused = store->begin_again(same);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "run 1 was run again meanwhile, as attempt 2: see how that went first");
  same.id = 99;
  EXPECT_EQ(store->begin_again(same).error().kind, base::ErrorKind::not_found);
}

TEST_F(SqliteRunStore, ForgetsARunWithItsJobs) {
  const auto store = open();
  const auto run = begin(*store, "a.yml");
  const auto other = begin(*store, "a.yml");
  ASSERT_TRUE(store->record_job(job(run, "a", "success", 1, 2)).ok());
  ASSERT_TRUE(store->forget(run.id).ok());
  EXPECT_FALSE(store->find(run.id).ok());
  EXPECT_TRUE(store->find(other.id).ok());
  EXPECT_TRUE(store->jobs_of(run.id, 1)->empty());
  EXPECT_EQ(begin(*store, "a.yml").id, other.id + 1) << "no id is given twice";
}

TEST_F(SqliteRunStore, BringsTheFileOfAnEarlierVersionUpToDate) {
  {
    auto before = Sqlite::open(
        file_,
        "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, workflow TEXT NOT "
        "NULL,"
        " name TEXT NOT NULL, event TEXT NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, actor TEXT NOT NULL,"
        " started REAL NOT NULL, finished REAL NOT NULL DEFAULT 0, conclusion TEXT NOT NULL DEFAULT '');"
        "INSERT INTO runs VALUES (7, 3, 'a.yml', 'A', 'push', 'r', 's', 'x', 1, 2, 'success')",
        "a test");
    ASSERT_TRUE(before.ok());
  }
  const auto store = open();
  const auto run = store->find(7);
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->attempt, 1);
  EXPECT_EQ(run->conclusion, "success");
  EXPECT_EQ(begin(*open(), "a.yml").number, 4);
}

TEST_F(SqliteRunStore, GivesNoNumberTwiceToRunsThatBeginAtOnce) {
  constexpr int kStores = 8;
  constexpr int kRuns = 10;
  std::mutex mutex;
  std::set<std::int64_t> ids;
  std::set<std::int64_t> numbers;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kStores; ++i) {
      threads.emplace_back([&] {
        const auto store = open();  // the first opening of the file is contended too
        for (int n = 0; store != nullptr && n < kRuns; ++n) {
          const auto run = begin(*store, "a.yml");
          const std::lock_guard lock(mutex);
          ids.insert(run.id);
          numbers.insert(run.number);
        }
      });
    }
  }
  EXPECT_EQ(ids.size(), kStores * kRuns);
  EXPECT_EQ(numbers.size(), kStores * kRuns);
  EXPECT_EQ(*numbers.rbegin(), kStores * kRuns);
}

TEST_F(SqliteRunStore, KeepsWhatAKilledProcessHadBegun) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = open_sqlite_run_store(file_);
    RunRecord run{.workflow = "a.yml"};
    const bool begun = store.ok() && (*store)->begin(run).ok();
    ::_exit(begun ? 0 : 1);  // nothing is closed, as when it is killed
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const auto store = open();
  const auto runs = list(*store);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].conclusion, "");
  EXPECT_EQ(begin(*store, "a.yml").number, 2);
}

TEST_F(SqliteRunStore, SaysWhichFileItCannotOpen) {
  const auto missing = folder_.path() / "not/there/history.db";
  const auto store = open_sqlite_run_store(missing);
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message, HasSubstr(missing.string()));
}

TEST_F(SqliteRunStore, RefusesAFileThatIsNoDatabase) {
  ASSERT_TRUE(base::write_file(file_, std::string(4096, 'x')).ok());
  const auto store = open_sqlite_run_store(file_);
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message, HasSubstr(file_.string()));
  EXPECT_EQ(base::read_file(file_).value_or(""), std::string(4096, 'x')) << "it is not ours to overwrite";
}

TEST_F(SqliteRunStore, DoesNotTakeABrokenHistoryForAnEmptyOne) {
  const auto run = begin(*open(), "a.yml");
  std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);  // the first page says which tables there are; what is in them comes after it
  file << std::string(std::filesystem::file_size(file_) - 4096, '\xff');
  file.close();
  const auto store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_FALSE(store->list(10).ok());
  EXPECT_FALSE(store->jobs_of(run.id, 1).ok());
}

}  // namespace
}  // namespace runner
