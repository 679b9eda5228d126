#include "sandbox/cgroup_home.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/strings.h"
#include "sandbox/unified_cgroup.h"

namespace sandbox {

namespace {

using base::Path;

// Whose number is in the name; nothing for other names.
std::optional<std::int64_t> owner_of(const std::string& name) {
  if (!name.starts_with(kCgroupPrefix)) return std::nullopt;
  return base::parse_integer(base::split(name.substr(kCgroupPrefix.size()), '-').front());
}

}  // namespace

std::string supervisor_group_name() {
  return fmt::format("{}{}-supervisor", kCgroupPrefix, ::getpid());
}

std::optional<CgroupHome> cgroup_home(const std::string& controller) {
  const auto own = base::read_file("/proc/self/cgroup");
  if (!own) return std::nullopt;
  for (const auto line : base::lines_of(*own)) {
    const auto fields = base::split(line, ':');
    if (fields.size() < 3) continue;
    const auto controllers = base::split(fields[1], ',');
    if (std::find(controllers.begin(), controllers.end(), controller) != controllers.end())
      return CgroupHome{kCgroupMount / controller / Path(fields[2]).relative_path(), false};
  }
  const auto unified = unified_cgroup();
  if (!unified) return std::nullopt;
  const auto available = base::read_file(*unified / "cgroup.controllers");
  if (!available || available->find(controller) == std::string::npos) return std::nullopt;
  return CgroupHome{*unified, true};
}

base::Result<void> write_cgroup_setting(const Path& file, const std::string& value) {
  const base::Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return base::system_error("opening " + file.string(), errno);
  if (::write(fd.get(), value.data(), value.size()) < 0)
    return base::system_error("writing " + file.string(), errno);
  return {};
}

void remove_abandoned_cgroups_in(const Path& home) {
  for (const auto& name : base::list_directory(home).value_or(std::vector<std::string>())) {
    const auto owner = owner_of(name);
    if (!owner || ::kill(static_cast<pid_t>(*owner), 0) == 0 || errno != ESRCH) continue;
    remove_abandoned_cgroups_in(home / name);
    (void)::rmdir((home / name).c_str());  // not while something runs in it
  }
}

}  // namespace sandbox
