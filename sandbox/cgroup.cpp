#include "sandbox/cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/strings.h"

namespace sandbox {

namespace {

using base::Path;

const Path kMountPoint = "/sys/fs/cgroup";

base::Result<void> write_setting(const Path& file, const std::string& value) {
  const base::Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return base::system_error("opening " + file.string(), errno);
  if (::write(fd.get(), value.data(), value.size()) < 0)
    return base::system_error("writing " + file.string(), errno);
  return {};
}

/// Our own group of a controller: version 1 has a mount for each, version 2 one for all.
struct Home {
  Path folder;
  bool version_2 = false;
};

std::optional<Home> home_of(const std::string& controller) {
  const auto own = base::read_file("/proc/self/cgroup");
  if (!own) return std::nullopt;
  std::optional<Home> unified;
  for (const auto line : base::lines_of(*own)) {
    const auto fields = base::split(line, ':');
    if (fields.size() < 3) continue;
    const auto controllers = base::split(fields[1], ',');
    if (std::find(controllers.begin(), controllers.end(), controller) != controllers.end()) {
      return Home{kMountPoint / controller / Path(fields[2]).relative_path(), false};
    }
    if (fields[0] == "0") unified = Home{kMountPoint / Path(fields[2]).relative_path(), true};
  }
  if (!unified) return std::nullopt;
  const auto available = base::read_file(unified->folder / "cgroup.controllers");
  if (!available || available->find(controller) == std::string::npos) return std::nullopt;
  return unified;
}

std::string folder_name(const std::string& label) {
  return "pipeline-" + base::replace_all(base::replace_all(label, "/", "-"), " ", "-");
}

struct ControllerSetting {
  const char* controller;
  const char* file_1;
  std::string value_1;
  const char* file_2;
  std::string value_2;
};

std::vector<ControllerSetting> settings_of(const Limits& limits) {
  std::vector<ControllerSetting> settings;
  if (limits.memory_bytes > 0) {
    const auto bytes = std::to_string(limits.memory_bytes);
    settings.push_back({"memory", "memory.limit_in_bytes", bytes, "memory.max", bytes});
  }
  if (limits.processes > 0) {
    const auto count = std::to_string(limits.processes);
    settings.push_back({"pids", "pids.max", count, "pids.max", count});
  }
  if (limits.cpu_millis > 0) {
    const auto quota = std::to_string(limits.cpu_millis * 100);
    settings.push_back({"cpu", "cpu.cfs_quota_us", quota, "cpu.max", quota + " 100000"});
  }
  return settings;
}

}  // namespace

base::Result<Cgroup> Cgroup::create(const std::string& label, const Limits& limits) {
  Cgroup group;
  for (const auto& setting : settings_of(limits)) {
    const auto home = home_of(setting.controller);
    if (!home) {
      return base::make_error(
          base::ErrorKind::denied,
          fmt::format("a {0} limit needs the {0} cgroup controller, which this machine does not give "
                      "us; run without the limit, or delegate the controller",
                      setting.controller));
    }
    if (home->version_2)
      (void)write_setting(home->folder / "cgroup.subtree_control", fmt::format("+{}", setting.controller));
    const Path folder = home->folder / folder_name(label);
    TRY(base::make_directories(folder));
    if (std::find(group.folders_.begin(), group.folders_.end(), folder) == group.folders_.end())
      group.folders_.push_back(folder);
    TRY(write_setting(folder / (home->version_2 ? setting.file_2 : setting.file_1),
                      home->version_2 ? setting.value_2 : setting.value_1));
  }
  return group;
}

base::Result<void> Cgroup::join(pid_t pid) const {
  for (const auto& folder : folders_) TRY(write_setting(folder / "cgroup.procs", std::to_string(pid)));
  return {};
}

std::int64_t Cgroup::out_of_memory_kills() const {
  for (const auto& folder : folders_) {
    for (const char* name : {"memory.events", "memory.oom_control"}) {
      const auto content = base::read_file(folder / name);
      if (!content) continue;
      for (const auto line : base::lines_of(*content)) {
        if (line.starts_with("oom_kill ")) return base::parse_integer(line.substr(9)).value_or(0);
      }
    }
  }
  return 0;
}

void Cgroup::remove() {
  // A group can be removed once the last of its processes is reaped, which may take the kernel a moment.
  for (const auto& folder : folders_) {
    for (int attempt = 0; ::rmdir(folder.c_str()) != 0 && errno == EBUSY && attempt < 100; ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  folders_.clear();
}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  if (this != &other) {
    remove();
    folders_ = std::move(other.folders_);
    other.folders_.clear();
  }
  return *this;
}

Cgroup::~Cgroup() {
  remove();
}

}  // namespace sandbox
