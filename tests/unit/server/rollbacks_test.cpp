#include "server/rollbacks.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/database.h"

namespace server {
namespace {

class RollbacksTest : public ::testing::Test {
 protected:
  RollbacksTest()
      : rollbacks_(open(), "boot", [this](std::int64_t) -> base::Result<pid_t> { return start(); }) {}
  ~RollbacksTest() override { end_all(); }

  // A process that goes on until it is ended.
  pid_t start() {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) ::pause();
    }
    children_.push_back(child);
    return child;
  }
  void end_all() {
    for (const pid_t child : children_) {
      ::kill(child, SIGKILL);
      siginfo_t ended{};
      // Left for who started it to collect.
      ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
    }
    children_.clear();
  }
  std::optional<Rollback> ask(const std::string& service) {
    auto asked = rollbacks_.ask(
        {.attempt = 7, .job = "ship", .cluster = "production", .service = service, .by = "ada"});
    EXPECT_TRUE(asked.ok()) << asked.error().to_string();
    return asked.ok() ? std::move(*asked) : std::nullopt;
  }

  Rollbacks& rollbacks() { return rollbacks_; }

 private:
  runner::Sqlite open() {
    auto database = open_database(folder_->path());
    EXPECT_TRUE(database.ok());
    return std::move(*database);
  }
  base::Result<base::TempDir> folder_ = base::TempDir::create("rollbacks-test");
  std::vector<pid_t> children_;
  Rollbacks rollbacks_;
};

TEST_F(RollbacksTest, OfOneServiceAreOneAtATime) {
  const auto first = ask("web");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->state, "running");
  EXPECT_FALSE(ask("web")) << "it is being taken back already";
  EXPECT_TRUE(ask("api"));
}

TEST_F(RollbacksTest, WhoseProcessIsKilledAreLostAndMayBeAskedForAgain) {
  ASSERT_TRUE(ask("web"));
  end_all();
  const auto found = rollbacks().of_attempt(7);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().state, "lost");
  EXPECT_EQ(found->front().by, "ada");
  EXPECT_TRUE(ask("web"));
}

}  // namespace
}  // namespace server
