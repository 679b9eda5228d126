#include "sandbox/landlock.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/fd.h"

namespace sandbox {

namespace {

// The kernel's interface (Documentation/userspace-api/landlock.rst); newer than the headers to build with.
struct RulesetAttributes {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};
constexpr unsigned kAskVersion = 1;
constexpr int kRulePathBeneath = 1;

constexpr std::uint64_t kExecute = 1U << 0;
constexpr std::uint64_t kWriteFile = 1U << 1;
constexpr std::uint64_t kReadFile = 1U << 2;
constexpr std::uint64_t kReadFolder = 1U << 3;
constexpr std::uint64_t kVersion1 = (1U << 13) - 1;
constexpr std::uint64_t kRefer = 1U << 13;                // version 2
constexpr std::uint64_t kTruncate = 1U << 14;             // version 3
constexpr std::uint64_t kScopeAbstractSockets = 1U << 0;  // version 6
constexpr std::uint64_t kScopeSignals = 1U << 1;          // version 6
constexpr int kVersionWithScopes = 6;

std::uint64_t all_accesses(int version) {
  std::uint64_t accesses = kVersion1;
  if (version >= 2) accesses |= kRefer;
  if (version >= 3) accesses |= kTruncate;
  return accesses;
}

base::Result<void> allow(int ruleset, const std::string& path, std::uint64_t accesses) {
  const base::Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place) return base::system_error("landlock: opening " + path, errno);
  struct stat status {};
  if (::fstat(place.get(), &status) != 0) return base::system_error("landlock: " + path, errno);
  // A rule for a file may name only what can be done to a file.
  if (!S_ISDIR(status.st_mode)) accesses &= kExecute | kWriteFile | kReadFile | kTruncate;
  const PathBeneath rule{accesses, place.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &rule, 0) != 0)
    return base::system_error("landlock: a rule for " + path, errno);
  return {};
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  return version < 0 ? 0 : static_cast<int>(version);
}

base::Result<void> install_landlock(const std::vector<std::string>& writable) {
  const int version = landlock_version();
  if (version == 0) return {};
  const std::uint64_t accesses = all_accesses(version);
  RulesetAttributes attributes{.files = accesses};
  std::size_t size = sizeof attributes.files;
  if (version >= kVersionWithScopes) {
    attributes.scoped = kScopeAbstractSockets | kScopeSignals;
    size = sizeof attributes;
  }
  const base::Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (!ruleset) return base::system_error("landlock: making a ruleset", errno);
  TRY(allow(ruleset.get(), "/", kExecute | kReadFile | kReadFolder));
  for (const auto& place : writable) TRY(allow(ruleset.get(), place, accesses));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return base::system_error("landlock: restricting the sandbox", errno);
  return {};
}

}  // namespace sandbox
