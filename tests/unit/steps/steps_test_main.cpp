// A sandbox starts this very binary anew as its fork server.

#include <gmock/gmock.h>

#include <string_view>

#include "sandbox/zygote.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == sandbox::kZygoteArgument) return sandbox::zygote_main();
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
