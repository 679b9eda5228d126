#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/strings.h"
#include "sandbox/own_cgroup.h"

namespace sandbox {
namespace {

TEST(OomScoreTest, IsRaisedAndNeverLowered) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto score = [child] {
    const auto text = base::read_file("/proc/" + std::to_string(child) + "/oom_score_adj");
    return text ? base::parse_integer(base::trim(*text)).value_or(-1) : -1;
  };
  EXPECT_TRUE(raise_oom_score(child, kOomScoreOfJobs).ok());
  EXPECT_EQ(score(), kOomScoreOfJobs);
  EXPECT_TRUE(raise_oom_score(child, kOomScoreOfSupervisors).ok());
  EXPECT_EQ(score(), kOomScoreOfJobs);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace sandbox
