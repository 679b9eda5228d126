#include "sandbox/own_cgroup.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/strings.h"
#include "sandbox/cgroup_home.h"
#include "sandbox/unified_cgroup.h"

namespace sandbox {

namespace {

using base::Path;

// A process that ours started is in the group of ours: the new group is to be beside it.
Path base_of(const Path& home) {
  return home.filename().string().starts_with(kCgroupPrefix) ? home.parent_path() : home;
}

// Joining a group of version 1 takes milliseconds: only of those where a kill or a limit would spread.
std::vector<Path> bases() {
  std::vector<Path> found;
  for (const char* controller : {"memory", "pids"}) {
    const auto home = cgroup_home(controller);
    if (home && !home->version_2) found.push_back(base_of(home->folder));
  }
  if (const auto unified = unified_cgroup()) found.push_back(base_of(*unified));
  return found;
}

}  // namespace

base::Result<OwnCgroup> OwnCgroup::enter(std::string_view role) {
  OwnCgroup own;
  const auto name = fmt::format("{}{}-{}", kCgroupPrefix, ::getpid(), role);
  base::Result<void> last = base::make_error(base::ErrorKind::unavailable, "no control groups are mounted");
  for (const auto& base : bases()) {
    auto entered = own.enter_below(base, name);
    if (!entered) last = std::move(entered);
  }
  if (own.stays_.empty()) return std::move(last).error().while_doing("making a control group of our own");
  return own;
}

base::Result<void> OwnCgroup::enter_below(const Path& base, const std::string& name) {
  remove_abandoned_cgroups_in(base);
  const Path group = base / name;
  TRY(base::make_directories(group));
  if (auto moved = write_cgroup_setting(group / "cgroup.procs", std::to_string(::getpid())); !moved) {
    (void)::rmdir(group.c_str());
    return moved;
  }
  stays_.push_back({base, group});
  return {};
}

OwnCgroup::~OwnCgroup() {
  for (const auto& stay : stays_) {
    (void)write_cgroup_setting(stay.base / "cgroup.procs", std::to_string(::getpid()));
    (void)::rmdir((stay.group / supervisor_group_name()).c_str());
    (void)::rmdir(stay.group.c_str());
  }
}

base::Result<void> raise_oom_score(pid_t pid, int score) {
  const Path file = fmt::format("/proc/{}/oom_score_adj", pid);
  TRY(const auto text, base::read_file(file));
  if (base::parse_integer(base::trim(text)).value_or(score) >= score) return {};
  return write_cgroup_setting(file, std::to_string(score));
}

}  // namespace sandbox
