#include "sandbox/landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/fd.h"
#include "base/files.h"

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
constexpr std::uint64_t kDeviceCommands = 1U << 15;       // version 5

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

base::Result<base::Fd> make_ruleset(const RulesetAttributes& attributes, int version) {
  const std::size_t size = version >= kLandlockWithScopes ? sizeof attributes : sizeof attributes.files;
  base::Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (!ruleset) return base::system_error("landlock: making a ruleset", errno);
  return ruleset;
}

base::Result<void> restrict_to(const base::Fd& ruleset) {
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0) return {};
  return base::system_error("landlock: restricting the sandbox", errno);
}

constexpr std::uint64_t kScopes = kScopeAbstractSockets | kScopeSignals;
constexpr std::uint64_t kLook = kExecute | kReadFile | kReadFolder;

base::Result<int> version_with_scopes() {
  const int version = landlock_version();
  if (version >= kLandlockWithScopes) return version;
  return base::make_error(
      base::ErrorKind::denied,
      version == 0
          ? "this kernel has no landlock, or it is switched off: use Linux 6.12 or newer with landlock "
            "in the `lsm=` list of its command line"
          : fmt::format("this kernel has version {} of landlock, and only from version {} on (Linux "
                        "6.12) it keeps steps from signalling other processes",
                        version, kLandlockWithScopes));
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  return version < 0 ? 0 : static_cast<int>(version);
}

base::Result<void> install_landlock(const std::vector<std::string>& readable,
                                    const std::vector<std::string>& writable) {
  const int version = landlock_version();
  if (version == 0) return {};
  const std::uint64_t accesses = all_accesses(version);
  RulesetAttributes attributes{.files = accesses};
  if (version >= kLandlockWithScopes) attributes.scoped = kScopes;
  TRY(const auto ruleset, make_ruleset(attributes, version));
  for (const auto& place : readable) TRY(allow(ruleset.get(), place, kLook));
  for (const auto& place : writable) TRY(allow(ruleset.get(), place, accesses));
  return restrict_to(ruleset);
}

base::Result<void> install_landlock_alone(const std::vector<std::string>& readable,
                                          const std::vector<std::string>& writable) {
  TRY(const int version, version_with_scopes());
  const std::uint64_t accesses = all_accesses(version);
  TRY(const auto ruleset, make_ruleset({.files = accesses | kDeviceCommands, .scoped = kScopes}, version));
  for (const auto& place : readable) {
    if (base::exists(place)) TRY(allow(ruleset.get(), place, kLook));
  }
  for (const auto& place : writable) TRY(allow(ruleset.get(), place, accesses));
  return restrict_to(ruleset);
}

base::Result<void> install_landlock_scopes() {
  TRY(const int version, version_with_scopes());
  TRY(const auto ruleset, make_ruleset({.scoped = kScopes}, version));
  return restrict_to(ruleset);
}

}  // namespace sandbox
