#include "server/attempt_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// One kind of queue; opened twice, it is the same one.
using OpenQueue = base::Result<std::unique_ptr<AttemptQueue>> (*)(const base::Path&, base::Clock&);

/// What every implementation must keep to.
class AttemptQueueTest : public ::testing::TestWithParam<OpenQueue> {
 protected:
  AttemptQueueTest() : folder_(std::move(base::TempDir::create("queue-test")).value()), queue_(open()) {}
  std::unique_ptr<AttemptQueue> open() { return std::move(GetParam()(folder_.path(), clock_)).value(); }

  static Order order(const std::string& meaning) {
    Order order;
    order.repository = "acme/shop";
    order.workflow = ".github/workflows/ci.yml";
    order.event = "push";
    order.payload = "{}";
    order.meaning = meaning;
    return order;
  }
  std::int64_t add(const Order& order) {
    const auto added = queue_->add(order);
    EXPECT_TRUE(added.ok() && added->is_new);
    return added ? added->id : 0;
  }
  std::optional<Attempt> claim(std::vector<std::string> labels = {}) {
    auto claimed = queue_->claim(
        {.owner = "box", .process = "1 2 boot", .labels = std::move(labels), .capacity = capacity_});
    EXPECT_TRUE(claimed.ok());
    return claimed ? *claimed : std::nullopt;
  }
  Attempt find(std::int64_t id) { return std::move(queue_->find(id)).value(); }

  base::TempDir folder_;
  fakes::FakeClock clock_;
  std::unique_ptr<AttemptQueue> queue_;
  int capacity_ = 100;
};

TEST_P(AttemptQueueTest, GivesOutEachAttemptOnce) {
  const auto first = add(order("a"));
  const auto second = add(order("b"));
  auto other = open();
  EXPECT_EQ(claim()->id, first);
  const auto claimed = other->claim({.owner = "other"});
  ASSERT_TRUE(claimed.ok() && *claimed);
  EXPECT_EQ((*claimed)->id, second);
  EXPECT_FALSE(claim());
}

TEST_P(AttemptQueueTest, TakesAnOrderOfTheSameMeaningOnce) {
  auto one = order("a");
  one.delivery = 7;
  const auto id = add(one);
  one.delivery = 8;
  const auto again = queue_->add(one);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->id, id);
  EXPECT_EQ(again->delivery, 7);
}

TEST_P(AttemptQueueTest, RunsOneThingAgainOnceAtATime) {
  const auto first = add(order("a"));
  const auto fence = claim()->fence;
  ASSERT_TRUE(queue_->begin(first, fence, {.run_id = 4, .number = 1}).value());
  ASSERT_TRUE(queue_->finish(first, fence, "failure", "").value());
  const auto again = add(rerun_of(find(first), "one"));
  const auto refused = queue_->add(rerun_of(find(first), "two"));
  ASSERT_TRUE(refused.ok());
  EXPECT_FALSE(refused->is_new);
  EXPECT_EQ(refused->id, again);
  const auto next = claim();
  ASSERT_TRUE(queue_->finish(again, next->fence, "success", "").value());
  EXPECT_GT(add(rerun_of(find(first), "three")), again) << "it is over";
}

TEST_P(AttemptQueueTest, RunsOnceAtATimeAgainWhatNeverBegan) {
  const auto first = add(order("a"));
  ASSERT_TRUE(queue_->cancel(first, "kim").ok());
  const auto again = add(rerun_of(find(first), "one"));
  EXPECT_EQ(queue_->add(rerun_of(find(first), "two"))->id, again);
  EXPECT_NE(add(order("a rerun")), again) << "another one, whatever it is called";
}

TEST_P(AttemptQueueTest, PrefersWhatIsUrgentThenWhatWaitsLonger) {
  auto urgent = order("b");
  urgent.priority = 5;
  const auto usual = add(order("a"));
  const auto first = add(urgent);
  EXPECT_EQ(claim()->id, first);
  EXPECT_EQ(claim()->id, usual);
}

TEST_P(AttemptQueueTest, GivesOutOnlyWhatTheWorkerOffers) {
  auto wants = order("a");
  wants.labels = {"gpu", "large"};
  const auto id = add(wants);
  EXPECT_FALSE(claim({"gpu"}));
  EXPECT_EQ(claim({"large", "gpu", "more"})->id, id);
}

TEST_P(AttemptQueueTest, GivesOutNoMoreThanTheCapacity) {
  capacity_ = 1;
  const auto first = add(order("a"));
  add(order("b"));
  EXPECT_EQ(claim()->id, first);
  EXPECT_FALSE(claim());
  const auto elsewhere = queue_->claim({.owner = "other"});
  EXPECT_TRUE(elsewhere.ok() && *elsewhere);
}

TEST_P(AttemptQueueTest, GivesThePlaceOfWhatRestsToOthersAndBackBeforeWhatIsQueued) {
  capacity_ = 1;
  add(order("a"));
  add(order("b"));
  add(order("c"));
  const auto resting = *claim();
  EXPECT_TRUE(queue_->rest(resting.id, resting.fence).value_or(false));
  EXPECT_TRUE(find(resting.id).rests);
  const auto other = *claim();
  EXPECT_FALSE(queue_->resume(resting.id, resting.fence, 1).value_or(true)) << "there is no place";
  EXPECT_TRUE(queue_->finish(other.id, other.fence, "success", "").ok());
  EXPECT_FALSE(claim()) << "the place is for the one that asked";
  EXPECT_TRUE(queue_->resume(resting.id, resting.fence, 1).value_or(false));
  EXPECT_TRUE(queue_->resume(resting.id, resting.fence, 1).value_or(false)) << "it has it";
  EXPECT_FALSE(find(resting.id).rests);
  EXPECT_FALSE(queue_->resume(resting.id, resting.fence - 1, 1).value_or(true)) << "fenced off";
}

TEST_P(AttemptQueueTest, FencesOffWhoLostTheAttempt) {
  const auto id = add(order("a"));
  const auto mine = *claim();
  ASSERT_TRUE(queue_->give_up(mine, Loss::process).ok());
  EXPECT_FALSE(*queue_->heartbeat(id, mine.fence, 60));
  EXPECT_FALSE(*queue_->hand_over(id, mine.fence, "x"));
  EXPECT_FALSE(*queue_->begin(id, mine.fence, {.run_id = 3}));
  EXPECT_FALSE(*queue_->note_intent(id, mine.fence, "a deployment"));
  EXPECT_FALSE(*queue_->finish(id, mine.fence, "success", ""));
  EXPECT_EQ(find(id).conclusion, "error");
}

TEST_P(AttemptQueueTest, GivesEachClaimAGreaterFence) {
  add(order("a"));
  const auto first = *claim();
  ASSERT_TRUE(queue_->give_up(first, Loss::process).ok());
  const auto second = *claim();
  EXPECT_GT(second.fence, first.fence);
  EXPECT_EQ(second.retry_of, first.id);
}

TEST_P(AttemptQueueTest, TriesAgainOnceWhatWasLost) {
  add(order("a"));
  const auto first = *claim();
  ASSERT_TRUE(*queue_->give_up(first, Loss::process));
  const auto second = *claim();
  const auto third = queue_->give_up(second, Loss::process);
  ASSERT_TRUE(third.ok());
  EXPECT_FALSE(*third);
  EXPECT_FALSE(claim());
}

TEST_P(AttemptQueueTest, LeavesWhatWasHandedOverSinceItsProcessWasLookedAt) {
  const auto id = add(order("a"));
  const auto seen = *claim();
  ASSERT_TRUE(*queue_->hand_over(id, seen.fence, "another process"));
  EXPECT_FALSE(queue_->give_up(seen, Loss::process)->has_value());
  EXPECT_EQ(find(id).state, AttemptState::running);
  EXPECT_TRUE(*queue_->heartbeat(id, seen.fence, 60));
}

TEST_P(AttemptQueueTest, LeavesALostDeploymentToAPerson) {
  const auto id = add(order("a"));
  const auto mine = *claim();
  ASSERT_TRUE(*queue_->note_intent(id, mine.fence, "the deployment of the job ship"));
  const auto next = queue_->give_up(mine, Loss::process);
  ASSERT_TRUE(next.ok());
  EXPECT_FALSE(*next);
  EXPECT_EQ(find(id).state, AttemptState::unknown);
  EXPECT_EQ(find(id).conclusion, "needs_human");
  EXPECT_THAT(find(id).reason, HasSubstr("after it had begun the deployment of the job ship"));
  EXPECT_FALSE(claim());
}

TEST_P(AttemptQueueTest, TellsALostHostFromALostProcess) {
  const auto id = add(order("a"));
  ASSERT_TRUE(*queue_->give_up(*claim(), Loss::host));
  EXPECT_EQ(find(id).conclusion, "host_lost");
}

TEST_P(AttemptQueueTest, DoesNotTryAgainWhatWasCancelled) {
  const auto id = add(order("a"));
  const auto mine = *claim();
  ASSERT_TRUE(queue_->cancel(id, "ann").ok());
  EXPECT_EQ(*queue_->who_cancelled(id), "ann");
  EXPECT_EQ(find(id).state, AttemptState::running);
  EXPECT_FALSE(*queue_->give_up(mine, Loss::process).value());
}

TEST_P(AttemptQueueTest, EndsWhatWaitsWhenItIsCancelled) {
  const auto id = add(order("a"));
  ASSERT_TRUE(queue_->cancel(id, "ann").ok());
  EXPECT_EQ(find(id).conclusion, "cancelled");
  EXPECT_FALSE(claim());
  EXPECT_FALSE(queue_->cancel(id, "ann").ok());
}

TEST_P(AttemptQueueTest, HoldsAnAttemptUntilItIsReleased) {
  auto stranger = order("a");
  stranger.state = AttemptState::held;
  stranger.reason = "waits";
  stranger.trust = Trust::fork;
  const auto id = add(stranger);
  EXPECT_FALSE(claim());
  ASSERT_TRUE(queue_->release(id, "ann").ok());
  EXPECT_EQ(claim()->trust, Trust::fork);
  EXPECT_FALSE(queue_->release(id, "ann").ok());
}

TEST_P(AttemptQueueTest, RenewsLeasesByItsClock) {
  const auto id = add(order("a"));
  const auto mine = *claim();
  const auto before = find(id).lease_until;
  clock_.advance(std::chrono::seconds(30));
  ASSERT_TRUE(*queue_->heartbeat(id, mine.fence, 60));
  EXPECT_NEAR(find(id).lease_until, before + 30, 0.01);
}

TEST_P(AttemptQueueTest, ListsTheNewestFirstByWhatIsAskedFor) {
  const auto first = add(order("a"));
  auto other = order("b");
  other.repository = "acme/other";
  const auto second = add(other);
  const auto third = add(order("c"));
  const auto ids = [&](const AttemptFilter& filter) {
    std::vector<std::int64_t> found;
    const auto listed = queue_->list(filter).value();
    for (const auto& attempt : listed) found.push_back(attempt.id);
    return found;
  };
  EXPECT_THAT(ids({}), ElementsAre(third, second, first));
  EXPECT_THAT(ids({.repository = "acme/shop"}), ElementsAre(third, first));
  EXPECT_THAT(ids({.before = third}), ElementsAre(second, first));
  EXPECT_THAT(ids({.limit = 1}), ElementsAre(third));
  EXPECT_THAT(ids({.state = AttemptState::running}), ElementsAre());
}

TEST_P(AttemptQueueTest, KeepsAJournalOfWhatHappened) {
  const auto id = add(order("a"));
  const auto mine = *claim();
  ASSERT_TRUE(*queue_->finish(id, mine.fence, "success", ""));
  std::vector<std::string> types;
  const auto journal = queue_->journal(0, 100).value();
  for (const auto& entry : journal) types.push_back(entry.type);
  EXPECT_THAT(types, ElementsAre("queued", "claimed", "finished"));
}

INSTANTIATE_TEST_SUITE_P(Sqlite, AttemptQueueTest, ::testing::Values(&open_sqlite_attempt_queue));

}  // namespace
}  // namespace server
