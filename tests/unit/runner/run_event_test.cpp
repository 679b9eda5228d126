#include "runner/run_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/json.h"

namespace runner {
namespace {

using steps::LineKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

RunEvent at_noon(RunEvent event) {
  event.time = base::from_epoch_seconds(1767355200);
  return event;
}

TEST(RunEvent, IsOneLineOfJson) {
  EXPECT_EQ(
      to_json_line(at_noon({.type = "line", .job = "a", .step = 2, .text = "one\ntwo \"quoted\" \x1b[0m"})),
      R"({"time":"2026-01-02T12:00:00.000Z","type":"line","job":"a","step":2,"kind":"output",)"
      R"("text":"one\ntwo \"quoted\" \u001b[0m"})");
}

TEST(RunEvent, LeavesOutWhatItDoesNotHave) {
  EXPECT_EQ(to_json_line(at_noon({.type = "run_started"})),
            R"({"time":"2026-01-02T12:00:00.000Z","type":"run_started"})");
}

TEST(RunEvent, KeepsAnEmptyLineApartFromNone) {
  EXPECT_THAT(to_json_line(at_noon({.type = "line", .job = "a"})), HasSubstr(R"("text":"")"));
}

TEST(RunEvent, NamesTheKindOfLines) {
  const auto kind_of = [](LineKind kind) {
    return base::json_string(base::parse_json(to_json_line({.type = "line", .kind = kind})).value_or({}),
                             "kind");
  };
  EXPECT_EQ(kind_of(LineKind::command), "command");
  EXPECT_EQ(kind_of(LineKind::script), "script");
  EXPECT_EQ(kind_of(LineKind::group), "group");
  EXPECT_EQ(kind_of(LineKind::endgroup), "endgroup");
  EXPECT_EQ(kind_of(LineKind::debug), "debug");
  EXPECT_EQ(kind_of(LineKind::notice), "notice");
  EXPECT_EQ(kind_of(LineKind::warning), "warning");
  EXPECT_EQ(kind_of(LineKind::error), "error");
}

TEST(RunEvent, PutsDetailsBesideItsOwnFields) {
  const auto details = std::make_shared<const base::Json>(base::Json({{"size", 5}, {"tags", {"a", "b"}}}));
  const auto line = to_json_line(at_noon({.type = "image_pushed", .job = "a", .details = details}));
  EXPECT_THAT(line, HasSubstr(R"("job":"a","size":5,"tags":["a","b"])"));
}

TEST(RunEvent, LetsNoDetailReplaceItsOwnFields) {
  const auto details = std::make_shared<const base::Json>(
      base::Json({{"type", "run_finished"}, {"job", "other"}, {"time", "never"}, {"size", 5}}));
  const auto line = to_json_line(at_noon({.type = "report", .job = "a", .details = details}));
  EXPECT_EQ(line, R"({"time":"2026-01-02T12:00:00.000Z","type":"report","job":"a","size":5})");
}

TEST(RunEvent, IsJsonWhateverBytesAStepPrinted) {
  const auto line = to_json_line({.type = "line", .text = "\xff\xfe \xc3 ok"});
  const auto parsed = base::parse_json(line);
  ASSERT_TRUE(parsed.ok()) << line;
  EXPECT_THAT(base::json_string(*parsed, "text"), HasSubstr(" ok"));
}

TEST(EventStream, HandsEveryEventToEveryReaderInOrder) {
  EventStream events;
  std::vector<std::string> first;
  std::vector<std::string> second;
  events.add_reader([&](const RunEvent& event) { first.push_back(event.type); });
  events.add_reader([&](const RunEvent& event) { second.push_back(event.type); });
  events.publish({.type = "one"});
  events.publish("two", "a", "text", {{"size", 5}});
  EXPECT_THAT(first, ElementsAre("one", "two"));
  EXPECT_EQ(second, first);
}

TEST(EventStream, SaysWhenItHappened) {
  EventStream events;
  std::vector<base::WallTime> times;
  events.add_reader([&](const RunEvent& event) { times.push_back(event.time); });
  const auto before = base::system_clock().now();
  events.publish({.time = base::from_epoch_seconds(5), .type = "one"});
  events.publish({.type = "two"});
  EXPECT_GE(times[0], before);
  EXPECT_LE(times[0], times[1]);
  EXPECT_LE(times[1], base::system_clock().now());
}

TEST(EventStream, NeverCallsAReaderFromTwoThreadsAtOnce) {
  EventStream events;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  int calls = 0;
  events.add_reader([&](const RunEvent&) {
    const int now = ++inside;
    if (now > most) most = now;
    ++calls;
    std::this_thread::yield();
    --inside;
  });
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) events.publish({.type = "line"});
      });
  }
  EXPECT_EQ(most, 1);
  EXPECT_EQ(calls, 800);
}

}  // namespace
}  // namespace runner
