#include "runner/disk_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

namespace runner {
namespace {

TEST(DiskUse, CountsBlocksAndFollowsNoLink) {
  const auto folder = base::TempDir::create("disk-watch").value();
  const auto inner = folder.path() / "a/b";
  ASSERT_TRUE(base::make_directories(inner));
  const auto before = disk_use({folder.path()});
  ASSERT_TRUE(base::write_file(inner / "file", std::string(1 << 20, 'x')));
  ASSERT_EQ(::symlink("/", (inner / "link").c_str()), 0);
  ASSERT_EQ(::link((inner / "file").c_str(), (inner / "again").c_str()), 0);
  ASSERT_EQ(::truncate((inner / "file").c_str(), 1 << 20), 0);
  const auto used = disk_use({folder.path()}) - before;
  EXPECT_GE(used, 1U << 20);
  EXPECT_LT(used, (1U << 20) + (64U << 10));
  EXPECT_EQ(disk_use({folder.path() / "absent"}), 0U);
}

TEST(DiskUse, CountsFilesWithNothingInThem) {
  const auto folder = base::TempDir::create("disk-watch").value();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(base::write_file(folder.path() / std::to_string(i), ""));
  EXPECT_GE(disk_use({folder.path()}), 100U * 4096);
}

TEST(DiskWatch, TellsWhenThereIsTooMuch) {
  const auto folder = base::TempDir::create("disk-watch").value();
  std::mutex mutex;
  std::condition_variable changed;
  int calls = 0;
  const DiskWatch watch({folder.path()}, 1 << 20, [&] {
    const std::lock_guard lock(mutex);
    ++calls;
    changed.notify_all();
  });
  EXPECT_EQ(watch.limit_that_ended_it(), "");
  ASSERT_TRUE(base::write_file(folder.path() / "file", std::string(2 << 20, 'x')));
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return calls > 0; }));
  EXPECT_NE(watch.limit_that_ended_it().find("disk limit 1.0 MiB"), std::string::npos);
}

}  // namespace
}  // namespace runner
