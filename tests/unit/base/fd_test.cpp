#include "base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace base {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

bool closes_on_exec(const Fd& fd) {
  return (::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0;
}

TEST(Fd, ClosesItsDescriptorOnce) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  const int number = pipe->read.get();
  {
    const Fd owner = std::move(pipe->read);
    EXPECT_FALSE(pipe->read);
    EXPECT_EQ(pipe->read.get(), -1);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, ClosesWhatItHeldWhenItGetsAnother) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  const int read = pipe->read.get();
  const int write = pipe->write.get();
  pipe->read = std::move(pipe->write);
  EXPECT_FALSE(is_open(read));
  EXPECT_EQ(pipe->read.get(), write);
  EXPECT_TRUE(is_open(write));
}

TEST(Fd, SurvivesBeingMovedToItself) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  Fd& same = pipe->read;
  const int number = same.get();
  pipe->read = std::move(same);
  EXPECT_EQ(pipe->read.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(Fd, LeavesTheDescriptorToWhoReleasedIt) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  const int number = pipe->read.release();
  EXPECT_FALSE(pipe->read);
  EXPECT_TRUE(is_open(number));
  pipe->read.reset(number);
  pipe->read.reset();
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, CountsZeroAsADescriptor) {
  Fd zero(0);
  EXPECT_TRUE(static_cast<bool>(zero));
  EXPECT_EQ(zero.release(), 0);
  EXPECT_FALSE(static_cast<bool>(Fd()));
}

TEST(Pipe, ClosesBothEndsOnExec) {
  const auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  EXPECT_TRUE(closes_on_exec(pipe->read));
  EXPECT_TRUE(closes_on_exec(pipe->write));
}

TEST(WriteAll, WaitsForAFullPipeThatDoesNotBlock) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  ASSERT_EQ(::fcntl(pipe->write.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string much(1U << 20, 'x');  // a pipe holds 64 KiB
  Result<std::string> read = std::string();
  std::jthread reader([&] { read = read_all(pipe->read.get()); });
  EXPECT_TRUE(write_all(pipe->write.get(), much).ok());
  pipe->write.reset();
  reader.join();
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(*read == much);
}

TEST(WriteAll, SaysWhyItCannot) {
  const auto failed = write_all(-1, "x");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "write: Bad file descriptor");
  EXPECT_TRUE(write_all(-1, "").ok()) << "nothing is always written";
}

TEST(WriteAll, SaysThatTheOtherSideIsGone) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd ours(ends[0]);
  Fd(ends[1]).reset();
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  const auto failed = write_all(ours.get(), "x");
  ::sigaction(SIGPIPE, &before, nullptr);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "write: Broken pipe");
}

TEST(ReadAll, ReadsUpToItsLimitAndNotAByteMore) {
  for (const std::size_t limit : {4U, 5U}) {
    auto pipe = make_pipe();
    ASSERT_TRUE(pipe.ok());
    ASSERT_TRUE(write_all(pipe->write.get(), "12345").ok());
    pipe->write.reset();
    const auto read = read_all(pipe->read.get(), limit);
    EXPECT_EQ(read.ok(), limit == 5);
    if (!read.ok()) {
      EXPECT_EQ(read.error().message, "more than 4 bytes, the limit here");
    }
  }
}

TEST(ReadAll, EndsAnEndlessInputAtItsLimit) {
  const Fd zeros(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const auto read = read_all(zeros.get(), 1U << 20);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::invalid_input);
}

TEST(ReadAll, SaysWhyItCannot) {
  const auto failed = read_all(-1);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "read: Bad file descriptor");
}

}  // namespace
}  // namespace base
