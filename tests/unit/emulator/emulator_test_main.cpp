#include <gtest/gtest.h>
#include <signal.h>

#include <string_view>

#include "sandbox/zygote.h"

// The sandbox starts this very binary again as its fork server.
int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == sandbox::kZygoteArgument) return sandbox::zygote_main();
  ::signal(SIGPIPE, SIG_IGN);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
