#include "sandbox/subordinate_ids.h"

#include <pwd.h>
#include <unistd.h>

#include <string>

#include "base/files.h"
#include "base/process.h"
#include "base/strings.h"
#include "sandbox/plan.h"

namespace sandbox {

namespace {

std::optional<std::uint32_t> first_of_range(const char* file) {
  const auto content = base::read_file(file);
  const passwd* user = ::getpwuid(::getuid());
  if (!content) return std::nullopt;
  for (const auto line : base::lines_of(*content)) {
    const auto fields = base::split(line, ':');
    if (fields.size() != 3) continue;
    if (fields[0] != std::to_string(::getuid()) && (user == nullptr || fields[0] != user->pw_name)) continue;
    const auto first = base::parse_integer(fields[1]);
    const auto count = base::parse_integer(fields[2]);
    if (first && count && *first >= 0 && *first <= UINT32_MAX - kIdsPerSlot && *count >= kIdsPerSlot)
      return static_cast<std::uint32_t>(*first);
  }
  return std::nullopt;
}

}  // namespace

std::optional<SubordinateIds> find_subordinate_ids() {
  const auto uid = first_of_range("/etc/subuid");
  const auto gid = first_of_range("/etc/subgid");
  if (!uid || !gid || !base::find_program("newuidmap") || !base::find_program("newgidmap"))
    return std::nullopt;
  return SubordinateIds{*uid, *gid};
}

}  // namespace sandbox
