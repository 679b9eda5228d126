#include "server/checkout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace server {
namespace {

using ::testing::ElementsAre;

Order checkout_order(const std::string& meaning) {
  Order order;
  order.repository = "acme/shop";
  order.payload = "{}";
  order.meaning = meaning;
  return order;
}

TEST(Checkout, OfEachAttemptThatDoesNotRunIsRemoved) {
  const auto folder = std::move(base::TempDir::create("checkout-test")).value();
  fakes::FakeClock clock;
  const auto queue = std::move(open_sqlite_attempt_queue(folder.path(), clock)).value();
  for (const char* meaning : {"a", "b", "c"}) ASSERT_TRUE(queue->add(checkout_order(meaning)).ok());
  const auto ended = queue->claim({.owner = "box", .capacity = 2});
  const auto running = queue->claim({.owner = "box", .capacity = 2});
  ASSERT_TRUE(*queue->finish((*ended)->id, (*ended)->fence, "error", "killed"));
  const auto checkouts = folder.path() / "checkouts";
  const auto kept = std::to_string((*running)->id) + "-x";
  for (const auto& name :
       {std::string("1-x"), kept, std::string("3-x"), std::string("999-x"), std::string("x")})
    ASSERT_TRUE(base::make_directories(checkouts / name / "shop").ok());
  remove_abandoned_checkouts(folder.path(), *queue);
  EXPECT_THAT(base::list_directory(checkouts).value(), ElementsAre(kept));
}

}  // namespace
}  // namespace server
