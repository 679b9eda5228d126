#include "server/process_identity.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace server {
namespace {

TEST(ProcessIdentity, IsOfALivingProcess) {
  const auto own = identity_of(::getpid(), "boot");
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(look_at(*own, "boot"), ProcessLife::alive);
}

TEST(ProcessIdentity, IsNotThatOfALaterProcessOfTheSameNumber) {
  const auto own = *identity_of(::getpid(), "boot");
  const auto earlier = own.substr(0, own.find(' ')) + " 1 boot";
  EXPECT_EQ(look_at(earlier, "boot"), ProcessLife::gone);
}

TEST(ProcessIdentity, TellsThatTheMachineWasStartedAnew) {
  EXPECT_EQ(look_at(*identity_of(::getpid(), "boot"), "another boot"), ProcessLife::other_boot);
}

TEST(ProcessIdentity, OfAProcessThatNobodyWaitedForIsGone) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(identity_of(child, "boot").ok());
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(look_at("", "boot"), ProcessLife::gone);
}

}  // namespace
}  // namespace server
