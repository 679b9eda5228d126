#include "runner/kept_lines.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "base/strings.h"

namespace runner {
namespace {

void add(KeptLines& lines, const std::string& text, const std::string& type = "line") {
  RunEvent event{.type = type, .text = text};
  event.lines = count_lines(event);
  lines.add(event);
}

std::vector<std::string> texts_of(const KeptLines& lines) {
  std::vector<std::string> texts;
  for (auto& line : lines.last()) texts.push_back(std::move(line.text));
  return texts;
}

TEST(KeptLines, AreTheLastOnesHoweverTheyCame) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    KeptLines lines;
    std::deque<std::string> expected;
    std::size_t total = 0;
    for (std::size_t blocks = random() % 12; blocks > 0; --blocks) {
      std::vector<std::string> block(1 + random() % (random() % 3 == 0 ? 120 : 5));
      for (auto& text : block) {
        text = fmt::format("{}", random() % 4 == 0 ? "" : std::to_string(total));
        ++total;
        expected.push_back(text);
        if (expected.size() > kLinesOfFailure) expected.pop_front();
      }
      add(lines, base::join(block, "\n"));
    }
    ASSERT_EQ(texts_of(lines), std::vector<std::string>(expected.begin(), expected.end()))
        << "round " << round;
    ASSERT_EQ(lines.left_out(), total - expected.size());
  }
}

TEST(KeptLines, AreClippedAndPrintable) {
  KeptLines lines;
  add(lines, std::string(1 << 20, 'x'));
  add(lines, "short\n" + std::string(100'000, 'y') + "\n\x1b[2Jwiped\x07");
  const auto texts = texts_of(lines);
  ASSERT_EQ(texts.size(), 4U);
  EXPECT_EQ(texts[0], std::string(4096, 'x'));
  EXPECT_EQ(texts[1], "short");
  EXPECT_EQ(texts[2], std::string(4096, 'y'));
  EXPECT_EQ(texts[3], "[2Jwiped");
}

TEST(KeptLines, CountAnAnnotationAsOneHoweverLong) {
  KeptLines lines;
  add(lines, "one\ntwo", "annotation");
  EXPECT_THAT(texts_of(lines), testing::ElementsAre("one\ntwo"));
}

}  // namespace
}  // namespace runner
