#include "runner/background_reader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace runner {
namespace {

TEST(BackgroundReader, ReadsAllEventsInTheirOrderBeforeItCloses) {
  std::vector<std::string> read;
  BackgroundReader reader([&](std::span<const RunEvent> events) {
    for (const auto& event : events) read.push_back(event.text);
  });
  for (int i = 0; i < 1000; ++i) reader({.type = "line", .text = std::to_string(i)});
  reader.close();
  ASSERT_EQ(read.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(read[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST(BackgroundReader, LetsTheSenderGoOnWhileItReads) {
  std::promise<void> go_on;
  auto may_read = go_on.get_future().share();
  std::size_t read = 0;
  BackgroundReader reader([&](std::span<const RunEvent> events) {
    may_read.wait();
    read += events.size();
  });
  reader({.type = "line"});
  reader({.type = "line"});  // comes back although the first one is still being read
  EXPECT_EQ(read, 0U);
  go_on.set_value();
  reader.close();
  EXPECT_EQ(read, 2U);
}

TEST(BackgroundReader, KeepsNoMoreThanItMayInMemory) {
  std::promise<void> go_on;
  auto may_read = go_on.get_future().share();
  std::atomic<int> sent = 0;
  BackgroundReader reader([&](std::span<const RunEvent>) { may_read.wait(); });
  constexpr int kMany = 50'000;
  std::thread sender([&] {
    for (int i = 0; i < kMany; ++i, ++sent) reader({.type = "line"});
  });
  while (sent < 10'000) std::this_thread::yield();
  EXPECT_LT(sent, kMany);
  go_on.set_value();
  sender.join();
  reader.close();
  EXPECT_EQ(sent, kMany);
}

TEST(BackgroundReader, CountsTheBytesToo) {
  std::promise<void> go_on;
  auto may_read = go_on.get_future().share();
  std::atomic<int> sent = 0;
  BackgroundReader reader([&](std::span<const RunEvent>) { may_read.wait(); });
  constexpr int kMany = 100;
  const RunEvent large{.type = "line", .text = std::string(256 << 10, 'x')};
  std::thread sender([&] {
    for (int i = 0; i < kMany; ++i, ++sent) reader(large);
  });
  while (sent < 4) std::this_thread::yield();
  EXPECT_LT(sent, 20);
  go_on.set_value();
  sender.join();
  reader.close();
  EXPECT_EQ(sent, kMany);
}

}  // namespace
}  // namespace runner
