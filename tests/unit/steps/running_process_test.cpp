#include "steps/running_process.h"

#include <gmock/gmock.h>

#include <csignal>
#include <string>
#include <vector>

#include "base/strings.h"
#include "tests/fakes/fake_sandbox.h"

namespace steps {
namespace {

using fakes::FakeSandbox;
using sandbox::SignalTarget;
using testing::ElementsAre;

std::vector<std::string> split_in_pieces(std::string_view text, std::size_t piece, std::size_t limit = 64) {
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view block) {
    for (auto& line : base::split(block, '\n')) lines.push_back(std::move(line));
  };
  LineSplitter splitter(keep, nullptr, limit);
  for (std::size_t at = 0; at < text.size(); at += piece) splitter.feed(text.substr(at, piece));
  splitter.finish();
  return lines;
}

TEST(LineSplitter, FindsTheSameLinesHoweverTheBytesCome) {
  for (std::size_t piece = 1; piece < 24; ++piece) {
    EXPECT_THAT(split_in_pieces("one\ntwo\r\n\nthree\rfour", piece),
                ElementsAre("one", "two", "", "three", "four"));
    EXPECT_THAT(split_in_pieces("\none\n\n\ntwo\nthree", piece),
                ElementsAre("", "one", "", "", "two", "three"));
  }
}

TEST(LineSplitter, PassesLinesThatCameTogetherOnTogether) {
  std::vector<std::string> blocks;
  LineSplitter splitter([&](std::string_view block) { blocks.emplace_back(block); });
  splitter.feed("be");
  splitter.feed("gun\none\ntwo\nunfin");
  splitter.feed("ished\n");
  EXPECT_THAT(blocks, ElementsAre("begun", "one\ntwo", "unfinished"));
}

TEST(LineSplitter, PassesALongLineOnInPieces) {
  const std::vector<std::string> lines = split_in_pieces(std::string(150, 'x') + "\nnext\n", 40);
  EXPECT_THAT(lines, ElementsAre(std::string(64, 'x'), std::string(64, 'x'), std::string(22, 'x'), "next"));
}

TEST(LineSplitter, PassesInvalidUtf8) {
  EXPECT_THAT(split_in_pieces("\xff\xfe\n", 1), ElementsAre("\xff\xfe"));
}

class RunningProcess : public testing::Test {
 protected:
  base::Result<ProcessEnd> run() {
    return run_process(
        sandbox_, sandbox::Command{{"true"}, {}, "/"},
        [this](std::string_view line) { lines_.emplace_back(line); }, options_);
  }
  static EndingTimes quick() {
    return {std::chrono::milliseconds(1), std::chrono::milliseconds(1), std::chrono::milliseconds(1)};
  }

  FakeSandbox sandbox_;
  ProcessOptions options_;
  std::vector<std::string> lines_;
};

TEST_F(RunningProcess, PassesItsOutputAndItsExitStatusOn) {
  sandbox_.will({"hello\nworld", {3}});
  auto end = run();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status.code, 3);
  EXPECT_FALSE(end->stopped);
  EXPECT_THAT(lines_, ElementsAre("hello", "world"));
  EXPECT_THAT(sandbox_.signals, testing::IsEmpty());
}

TEST_F(RunningProcess, IsInterruptedFirst) {
  std::stop_source source;
  options_.stop = source.get_token();
  source.request_stop();
  FakeSandbox::Answer answer{"begun\n", {}};
  answer.ends_on_signal = SIGINT;
  sandbox_.will(answer);
  auto end = run();
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->stopped);
  EXPECT_THAT(sandbox_.signals, ElementsAre(FakeSandbox::Signal{100, SIGINT, SignalTarget::process_group}));
}

TEST_F(RunningProcess, IsTerminatedAndThenKilledWhenItDoesNotListen) {
  std::stop_source source;
  options_.stop = source.get_token();
  options_.times = quick();
  source.request_stop();
  FakeSandbox::Answer answer;
  answer.ends_on_signal = SIGKILL;
  sandbox_.will(answer);
  auto end = run();
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->stopped);
  ASSERT_GE(sandbox_.signals.size(), 3U);
  EXPECT_EQ(sandbox_.signals[0].number, SIGINT);
  EXPECT_EQ(sandbox_.signals[1].number, SIGTERM);
  EXPECT_EQ(sandbox_.signals[2].number, SIGKILL);
}

TEST_F(RunningProcess, DoesNotWaitForChildrenThatKeepTheOutputOpen) {
  options_.times = quick();
  FakeSandbox::Answer answer{"done\n", {0}};
  answer.keeps_output_open = true;
  sandbox_.will(answer);
  auto end = run();
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->output_was_held);
  EXPECT_EQ(end->status.code, 0);
  EXPECT_THAT(lines_, ElementsAre("done"));
  EXPECT_THAT(sandbox_.signals, ElementsAre(FakeSandbox::Signal{100, SIGKILL, SignalTarget::process_group}));
}

}  // namespace
}  // namespace steps
