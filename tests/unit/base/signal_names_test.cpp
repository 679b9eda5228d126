#include "base/signal_names.h"

#include <gtest/gtest.h>

#include <csignal>

namespace base {
namespace {

TEST(SignalNames, AreReadAsImagesAndPeopleWriteThem) {
  EXPECT_EQ(signal_number("15"), SIGTERM);
  EXPECT_EQ(signal_number("TERM"), SIGTERM);
  EXPECT_EQ(signal_number("SIGQUIT"), SIGQUIT);
  EXPECT_EQ(signal_number("sigwinch"), SIGWINCH);
  EXPECT_EQ(signal_number("SIGRTMIN+3"), SIGRTMIN + 3);
  EXPECT_EQ(signal_number("RTMAX-1"), SIGRTMAX - 1);
  EXPECT_EQ(signal_number("SIGRTMIN"), SIGRTMIN);
  EXPECT_EQ(signal_number("SIGIO"), SIGPOLL);
  EXPECT_EQ(signal_number("IOT"), SIGABRT);
  EXPECT_EQ(signal_number("CLD"), SIGCHLD);
}

TEST(SignalNames, KnowNoOthers) {
  for (const char* text : {"", "SIG", "FOO", "0", "-1", "65", "SIGRTMIN+99", "SIGRTMIN-1", "RTMAX+1", "1.5"})
    EXPECT_FALSE(signal_number(text)) << text;
}

}  // namespace
}  // namespace base
