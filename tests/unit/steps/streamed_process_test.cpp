#include "steps/streamed_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "base/crypto.h"

namespace steps {
namespace {

using ::testing::HasSubstr;

class StreamedProcess : public ::testing::Test {
 protected:
  static sandbox::Command shell(const std::string& script) {
    sandbox::Command command;
    command.argv = {"sh", "-c", script};
    command.environment = {{"PATH", "/usr/bin:/bin"}};
    return command;
  }
  void SetUp() override { ::signal(SIGPIPE, SIG_IGN); }  // as the program does

  std::unique_ptr<sandbox::Sandbox> sandbox_ = sandbox::make_host_sandbox();
};

TEST_F(StreamedProcess, PassesBytesThroughBothWays) {
  const std::string content = base::random_bytes(5'000'000);
  std::size_t given = 0;
  std::string got;
  const ProcessStreams streams{.output = [&](std::string_view bytes) -> base::Result<void> {
                                 got += bytes;
                                 return {};
                               },
                               .input = [&](char* buffer, std::size_t size) -> base::Result<std::size_t> {
                                 const auto count = content.copy(buffer, size, given);
                                 given += count;
                                 return count;
                               }};
  const auto end = run_streamed(*sandbox_, shell("cat"), streams);
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->status.shell_code(), 0);
  EXPECT_EQ(got, content);
}

TEST_F(StreamedProcess, TellsExitCodeAndWhatItComplainedOf) {
  const auto end = run_streamed(*sandbox_, shell("echo complaint >&2; exit 3"), {});
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->status.shell_code(), 3);
  EXPECT_EQ(end->errors, "complaint\n");
  const auto failed = run_streamed_or_fail(*sandbox_, shell("echo complaint >&2; exit 3"), {}, "sh");
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().message, HasSubstr("sh failed with exit code 3: complaint"));
}

TEST_F(StreamedProcess, KeepsOnlyTheBeginningOfManyComplaints) {
  const auto end = run_streamed(*sandbox_, shell("head -c 3000000 /dev/zero >&2"), {});
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->errors.size(), 64U * 1024);
}

TEST_F(StreamedProcess, GivesUpWhenTheSinkDoes) {
  const auto end = run_streamed(
      *sandbox_, shell("cat /dev/zero"),
      {.output = [](std::string_view) -> base::Result<void> { return base::invalid_input("enough"); }});
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().message, "enough");
}

TEST_F(StreamedProcess, LetsItReadLessThanThereIs) {
  const auto end = run_streamed(*sandbox_, shell("head -c 10"),
                                {.input = [](char* buffer, std::size_t size) -> base::Result<std::size_t> {
                                  std::fill_n(buffer, size, 'x');
                                  return size;
                                }});
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->status.shell_code(), 0);
}

TEST_F(StreamedProcess, EndsWhenItIsAskedTo) {
  std::stop_source stop;
  const auto end = run_streamed(*sandbox_, shell("echo started; exec sleep 1000"),
                                {.output = [&](std::string_view) -> base::Result<void> {
                                   stop.request_stop();
                                   return {};
                                 },
                                 .stop = stop.get_token()});
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().kind, base::ErrorKind::cancelled);
}

}  // namespace
}  // namespace steps
