#include "sandbox/unified_cgroup.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "sandbox/cgroup_home.h"
#include "sandbox/process_stat.h"

namespace sandbox {

namespace {

using base::Path;
using base::Result;

constexpr int kMostRounds = 20;

// Where version 1 is mounted besides, systemd puts version 2 below `unified`.
Path top_group() {
  return base::exists(kCgroupMount / "cgroup.controllers") ? kCgroupMount : kCgroupMount / "unified";
}

// The one group that may have processes beside groups with controllers. A container sees a group as the top
// that is none.
bool is_top(const Path& group) {
  return !base::exists(group / "cgroup.type");
}

bool is_ours(const Path& group) {
  return group.filename().string().starts_with(kCgroupPrefix);
}

std::vector<std::string> processes_in(const Path& group) {
  const auto text = base::read_file(group / "cgroup.procs").value_or("");
  const auto lines = base::lines_of(text);
  return {lines.begin(), lines.end()};
}

bool we_started(std::string pid) {
  const auto own = std::to_string(::getpid());
  constexpr std::size_t kParent = 1;
  while (pid != own) {
    const auto stat = process_stat(pid);
    if (stat.size() <= kParent) return true;  // gone meanwhile
    pid = stat[kParent];
    if (pid == "0" || pid == "1") return false;
  }
  return true;
}

bool holds_others(const Path& group) {
  const auto processes = processes_in(group);
  return !std::all_of(processes.begin(), processes.end(), we_started);
}

Result<void> move_into_own_group(const Path& group) {
  const Path own = group / supervisor_group_name();
  // Who is not moved yet may start another.
  for (int round = 0; round < kMostRounds; ++round) {
    const auto processes = processes_in(group);
    if (processes.empty()) return {};
    TRY(base::make_directories(own));
    for (const auto& pid : processes) {
      auto moved = write_cgroup_setting(own / "cgroup.procs", pid);
      if (!moved && !process_stat(pid).empty()) return moved;
    }
  }
  return base::make_error(base::ErrorKind::unavailable,
                          "new processes begin all the time in the control group " + group.string());
}

}  // namespace

std::optional<Path> unified_cgroup() {
  const auto own = base::read_file("/proc/self/cgroup");
  if (!own) return std::nullopt;
  for (const auto line : base::lines_of(*own)) {
    if (!line.starts_with("0::")) continue;
    const auto top = top_group();
    auto group = (top / Path(line.substr(3)).relative_path()).lexically_normal();
    if (group.filename() == supervisor_group_name()) group = group.parent_path();
    if (!base::is_directory(group)) return std::nullopt;
    const bool may_use_top = is_top(top) && ::geteuid() == 0 && ::access(top.c_str(), W_OK) == 0;
    if (may_use_top && !why_no_controllers_below(group).empty()) return top;
    return group;
  }
  return std::nullopt;
}

std::string why_no_controllers_below(const Path& group) {
  if (is_top(group) || is_ours(group) || !holds_others(group)) return "";
  return fmt::format("others are in the control group {}, too", group.string());
}

Result<void> hand_down(const Path& group, const std::string& controller) {
  const auto given = base::read_file(group / "cgroup.subtree_control").value_or("");
  if (given.find(controller) != std::string::npos) return {};
  // A group that hands controllers of threads down beside processes would make all below it of no use.
  if (const auto why = why_no_controllers_below(group); !why.empty())
    return base::make_error(base::ErrorKind::denied, why);
  if (!is_top(group)) TRY(move_into_own_group(group));
  return write_cgroup_setting(group / "cgroup.subtree_control", "+" + controller);
}

}  // namespace sandbox
