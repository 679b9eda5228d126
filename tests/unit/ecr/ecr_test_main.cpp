#include <gtest/gtest.h>

#include <string_view>

#include "sandbox/zygote.h"

// RUN happens in a sandbox, which starts this very binary again as its fork server.
int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == sandbox::kZygoteArgument) return sandbox::zygote_main();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
