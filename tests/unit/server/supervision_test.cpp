#include "server/supervision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace server {
namespace {

using ::testing::HasSubstr;

class SupervisionTest : public ::testing::Test {
 protected:
  SupervisionTest()
      : folder_(std::move(base::TempDir::create("supervision-test")).value()),
        queue_(std::move(open_sqlite_attempt_queue(folder_.path(), base::system_clock())).value()) {
    Order order;
    order.repository = "acme/shop";
    order.workflow = ".github/workflows/ci.yml";
    order.event = "push";
    order.payload = "{}";
    order.meaning = "a";
    EXPECT_TRUE(queue_->add(order).ok());
    attempt_ = **queue_->claim({.owner = "box", .process = "1 2 boot", .capacity = 1});
    supervision_ = std::move(Supervision::begin({.state_folder = folder_.path(),
                                                 .attempt = attempt_.id,
                                                 .fence = attempt_.fence,
                                                 .boot_id = "boot",
                                                 .on_cancel = [] {},
                                                 .on_lost = [] {}}))
                       .value();
  }
  Attempt now() { return std::move(queue_->find(attempt_.id)).value(); }

  base::TempDir folder_;
  std::unique_ptr<AttemptQueue> queue_;
  Attempt attempt_;
  std::unique_ptr<Supervision> supervision_;
};

TEST_F(SupervisionTest, LeavesADeploymentThatTheRunnerBrokeOffToAPerson) {
  ASSERT_TRUE(*queue_->note_intent(attempt_.id, attempt_.fence, "the job ship"));
  ASSERT_TRUE(supervision_->finish("error", "a job could not be run").ok());
  EXPECT_EQ(now().conclusion, "needs_human");
  EXPECT_THAT(now().reason, HasSubstr("a job could not be run, after it had begun the job ship"));
}

TEST_F(SupervisionTest, EndsARunThatDeploysNothingAsTheRunnerDid) {
  ASSERT_TRUE(supervision_->finish("error", "a job could not be run").ok());
  EXPECT_EQ(now().conclusion, "error");
  EXPECT_EQ(now().reason, "a job could not be run");
}

}  // namespace
}  // namespace server
