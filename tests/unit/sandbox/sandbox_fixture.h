#pragma once
// A fixture that makes real sandboxes. One that cannot be made fails the test: it is never skipped.

#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "base/files.h"
#include "sandbox/sandbox.h"

namespace sandbox {

inline Command bash(const std::string& script) {
  return {.argv = {"bash", "--noprofile", "--norc", "-c", script},
          .environment = {{"PATH", "/usr/bin:/bin"}}};
}

inline Command python(const std::string& script) {
  return {.argv = {"python3", "-c", script}, .environment = {{"PATH", "/usr/bin:/bin"}}};
}

/// What it wrote; why it did not when it did not end.
inline std::string output_of(Sandbox& sandbox, const Command& command) {
  const auto finished = run_to_end(sandbox, command, 20);
  return finished.ok() ? finished->output : finished.error().to_string();
}
inline std::string output_of(Sandbox& sandbox, const std::string& script) {
  return output_of(sandbox, bash(script));
}

inline std::unique_ptr<Sandbox> make_sandbox(Plan plan = {}) {
  plan.label = "sandbox-test-" + std::to_string(::getpid());
  auto made = make_namespace_sandbox(plan);
  if (made.ok()) return std::move(made).value();
  throw std::runtime_error(made.error().to_string());  // which fails the test, and goes on with the next one
}

class SandboxTest : public testing::Test {
 protected:
  static std::unique_ptr<Sandbox> make(const Plan& plan = {}) { return make_sandbox(plan); }

  /// A folder that the sandbox's users may enter.
  static base::TempDir make_open_folder() {
    auto folder = base::TempDir::create("sandbox-test").value();
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    return folder;
  }

  /// Gives a host file to an inside user of slot 0.
  static void give(const base::Path& path, std::uint32_t inside = 0) {
    const std::uint32_t id = first_host_id(0) + inside;
    if (::geteuid() != 0) return;
    EXPECT_EQ(::lchown(path.c_str(), id, id), 0) << path;
  }
};

}  // namespace sandbox
