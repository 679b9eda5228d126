#include "runner/concurrency_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/run_owner.h"

namespace runner {
namespace {

using ::testing::HasSubstr;

class ConcurrencyGroupsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::int64_t run = 1; run <= 3; ++run) begin(run);
  }
  /// A run that lives: its folder is locked.
  void begin(std::int64_t run) {
    const auto folder = run_folder(state_.path(), run);
    ASSERT_TRUE(base::make_directories(folder).ok());
    auto lock = base::FileLock::acquire(folder / "lock");
    ASSERT_TRUE(lock.ok());
    locks_.emplace(run, std::move(*lock));
  }
  void kill(std::int64_t run) { locks_.erase(run); }
  GroupPlace enter(std::int64_t run, GroupQueue queue = GroupQueue::single, bool cancel = false,
                   const std::string& group = "deploy", const std::string& repository = "o/r") {
    auto place = groups_.enter({.repository = repository,
                                .group = group,
                                .queue = queue,
                                .cancel_in_progress = cancel,
                                .run_id = run,
                                .job = "job"});
    EXPECT_TRUE(place.ok()) << (place ? "" : place.error().to_string());
    return std::move(place).value_or({});
  }
  GroupPlace look(const GroupPlace& place) {
    auto now = groups_.look(place.ticket);
    EXPECT_TRUE(now.ok());
    return std::move(now).value_or({});
  }

  base::TempDir state_ = std::move(base::TempDir::create("groups-test")).value();
  ConcurrencyGroups groups_ = std::move(ConcurrencyGroups::open(state_.path())).value();
  std::map<std::int64_t, base::FileLock> locks_;
};

TEST_F(ConcurrencyGroupsTest, LetOneRunAtATime) {
  const auto first = enter(1);
  EXPECT_EQ(first.state, PlaceState::running);
  const auto second = enter(2);
  EXPECT_EQ(second.state, PlaceState::waiting);
  EXPECT_THAT(second.why, HasSubstr("'deploy', which run 1 holds with its job 'job'"));
  ASSERT_TRUE(groups_.leave(first.ticket).ok());
  EXPECT_EQ(look(second).state, PlaceState::running);
}

TEST_F(ConcurrencyGroupsTest, KnowNoCaseButRepositories) {
  EXPECT_EQ(enter(1).state, PlaceState::running);
  EXPECT_EQ(enter(2, GroupQueue::max, false, "DEPLOY").state, PlaceState::waiting);
  EXPECT_EQ(enter(2, GroupQueue::max, false, "other").state, PlaceState::running);
  EXPECT_EQ(enter(3, GroupQueue::max, false, "deploy", "o/other").state, PlaceState::running);
}

TEST_F(ConcurrencyGroupsTest, KeepOnlyTheNewestThatWaits) {
  enter(1);
  const auto second = enter(2);
  const auto third = enter(3);
  EXPECT_EQ(look(second).state, PlaceState::cancelled);
  EXPECT_EQ(look(second).why, "Canceling since a higher priority waiting request for 'deploy' exists");
  EXPECT_EQ(look(third).state, PlaceState::waiting);
}

TEST_F(ConcurrencyGroupsTest, AskTheOneThatRunsToStopOnlyWhenTheyAreTold) {
  const auto first = enter(1);
  enter(2);
  EXPECT_FALSE(look(first).asked_to_stop);
  enter(3, GroupQueue::single, true);
  EXPECT_TRUE(look(first).asked_to_stop);
  EXPECT_EQ(look(first).state, PlaceState::running) << "until it has ended";
}

TEST_F(ConcurrencyGroupsTest, QueueAHundredInTheirOrder) {
  const auto first = enter(1);
  std::vector<GroupPlace> waiting;
  for (int i = 0; i < ConcurrencyGroups::kMostWaiting; ++i) waiting.push_back(enter(2, GroupQueue::max));
  const auto one_too_many = enter(3, GroupQueue::max);
  EXPECT_EQ(one_too_many.state, PlaceState::cancelled);
  EXPECT_THAT(one_too_many.why, HasSubstr("100 requests wait"));
  ASSERT_TRUE(groups_.leave(first.ticket).ok());
  EXPECT_EQ(look(waiting[1]).state, PlaceState::waiting);
  EXPECT_EQ(look(waiting[0]).state, PlaceState::running);
}

TEST_F(ConcurrencyGroupsTest, ForgetWhoIsDead) {
  enter(1);
  const auto second = enter(2, GroupQueue::max);
  const auto third = enter(3, GroupQueue::max);
  kill(1);
  kill(2);
  EXPECT_EQ(look(third).state, PlaceState::running);
  EXPECT_FALSE(groups_.look(second.ticket).ok()) << "it is forgotten with its run";
}

TEST_F(ConcurrencyGroupsTest, AreSharedByAllWhoOpenThem) {
  enter(1);
  auto others = ConcurrencyGroups::open(state_.path());
  ASSERT_TRUE(others.ok());
  const auto place = others->enter({.repository = "o/r", .group = "deploy", .run_id = 2});
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(place->state, PlaceState::waiting);
}

}  // namespace
}  // namespace runner
