#include "server/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace server {
namespace {

using ::testing::HasSubstr;

TEST(ServerDatabase, IsThereAgainAfterItWasClosed) {
  const auto folder = base::TempDir::create("database-test");
  ASSERT_TRUE(folder.ok());
  {
    auto database = open_database(folder->path());
    ASSERT_TRUE(database.ok()) << database.error().to_string();
    ASSERT_TRUE(database->run("counting", "UPDATE counters SET value = 7 WHERE name = 'fence'").ok());
  }
  auto database = open_database(folder->path());
  ASSERT_TRUE(database.ok());
  std::int64_t value = 0;
  ASSERT_TRUE(database
                  ->each("reading", "SELECT value FROM counters WHERE name = 'fence'", {},
                         [&](const auto& row) { value = row.integer(0); })
                  .ok());
  EXPECT_EQ(value, 7);
  EXPECT_TRUE(check_database(*database).ok());
}

TEST(ServerDatabase, OfANewerVersionIsRefused) {
  const auto folder = base::TempDir::create("database-test");
  ASSERT_TRUE(folder.ok());
  {
    auto database = open_database(folder->path());
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->run("ageing", "PRAGMA user_version = 1000").ok());
  }
  const auto database = open_database(folder->path());
  ASSERT_FALSE(database.ok());
  EXPECT_THAT(database.error().message, HasSubstr("newer version"));
}

TEST(ServerDatabase, ThatIsDamagedIsNotOpened) {
  const auto folder = base::TempDir::create("database-test");
  ASSERT_TRUE(folder.ok());
  ASSERT_TRUE(base::write_file(folder->path() / "server.db", std::string(8192, 'x')).ok());
  const auto database = open_database(folder->path());
  ASSERT_FALSE(database.ok());
  EXPECT_THAT(database.error().message, HasSubstr("the server's database"));
}

}  // namespace
}  // namespace server
