#include "runner/sqlite.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/files.h"

namespace runner {
namespace {

TEST(SqliteTest, OpensANewFileForManyAtOnce) {
  constexpr const char* kSchema =
      "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS things (name TEXT);"
      "CREATE INDEX IF NOT EXISTS things_by_name ON things (name);";
  constexpr int kThreads = 4;
  auto folder = base::TempDir::create("sqlite-test");
  ASSERT_TRUE(folder.ok());
  for (int round = 0; round < 100; ++round) {
    const auto file = folder->path() / std::to_string(round);
    std::latch together(kThreads);
    std::atomic<int> opened = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        const auto database = Sqlite::open(file, kSchema, "a test");
        EXPECT_TRUE(database.ok()) << database.error().to_string();
        if (database.ok()) ++opened;
      });
    }
    threads.clear();
    ASSERT_EQ(opened, kThreads) << "round " << round;
  }
}

}  // namespace
}  // namespace runner
