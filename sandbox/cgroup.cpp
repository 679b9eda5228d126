#include "sandbox/cgroup.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <optional>
#include <thread>
#include <utility>

#include "base/strings.h"
#include "sandbox/cgroup_home.h"
#include "sandbox/unified_cgroup.h"

namespace sandbox {

namespace {

using base::Path;

// Two runs may have jobs of one name; the number says whose it is once the runner is gone.
std::string folder_name(const std::string& label) {
  static std::atomic<unsigned> count = 0;
  std::string name = label;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '-';
  }
  return fmt::format("{}{}-{}-{:.60}", kCgroupPrefix, ::getpid(), ++count, name);
}

constexpr const char* kDelegation =
    "as an ordinary user start the runner where control groups are delegated to it: "
    "`systemd-run --user --scope -p Delegate=yes pipeline run …`; or run as root, or without this limit";

/// A group of our own (own_cgroup) has of version 2 what the group above hands down. That is done for the
/// first job with a limit: from then on no process can be put into the group above.
base::Result<void> hand_down_from_above(const std::string& controller) {
  const auto own = unified_cgroup();
  if (!own || !own->filename().string().starts_with(kCgroupPrefix)) return {};
  const auto above = own->parent_path();
  const auto available = base::read_file(above / "cgroup.controllers").value_or("");
  if (available.find(controller) == std::string::npos) return {};
  return hand_down(above, controller);
}

base::Result<Path> make_group(const CgroupHome& home, const std::string& controller,
                              const std::string& name) {
  if (home.version_2) TRY(hand_down(home.folder, controller));
  const Path folder = home.folder / name;
  TRY(base::make_directories(folder));
  return folder;
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

base::Error no_controller(std::string_view controller, std::string_view why) {
  return base::make_error(base::ErrorKind::denied,
                          fmt::format("a limit of {0} needs the {0} controller of control groups, which this "
                                      "machine does not give us ({1}); {2}",
                                      controller, why, kDelegation));
}

constexpr std::string_view kNotGiven = "it is not mounted, or not delegated";

base::Result<void> write_share(const CgroupHome& group, const MemoryShare& share) {
  if (share.limit_bytes > 0)
    TRY(write_cgroup_setting(group.folder / (group.version_2 ? "memory.max" : "memory.limit_in_bytes"),
                             std::to_string(share.limit_bytes)));
  if (share.reserved_bytes > 0)
    TRY(write_cgroup_setting(group.folder / (group.version_2 ? "memory.low" : "memory.soft_limit_in_bytes"),
                             std::to_string(share.reserved_bytes)));
  return {};
}

/// That of a group which limits memory; nothing of others.
std::optional<CgroupHome> memory_home(const std::vector<Path>& folders) {
  for (const auto& folder : folders) {
    for (const auto& [file, version_2] :
         {std::pair("memory.limit_in_bytes", false), std::pair("memory.max", true)}) {
      if (base::exists(folder / file)) return CgroupHome{folder, version_2};
    }
  }
  return std::nullopt;
}

}  // namespace

base::Result<Cgroup> Cgroup::create(const std::string& label, const Limits& limits) {
  Cgroup group;
  const auto settings = settings_of(limits);
  if (settings.empty()) return group;
  const auto name = folder_name(label);
  for (const auto& setting : settings) {
    if (auto handed = hand_down_from_above(setting.controller); !handed)
      return no_controller(setting.controller, handed.error().message);
    const auto home = cgroup_home(setting.controller);
    if (!home) return no_controller(setting.controller, kNotGiven);
    auto folder = make_group(*home, setting.controller, name);
    if (!folder) return no_controller(setting.controller, folder.error().message);
    if (std::find(group.folders_.begin(), group.folders_.end(), *folder) == group.folders_.end())
      group.folders_.push_back(*folder);
    auto written = write_cgroup_setting(*folder / (home->version_2 ? setting.file_2 : setting.file_1),
                                        home->version_2 ? setting.value_2 : setting.value_1);
    if (!written) return no_controller(setting.controller, written.error().message);
  }
  group.joined_ = group.folders_;
  return group;
}

/// Version 2 has no processes beside parts: those that are there move into a part of their own.
base::Result<void> Cgroup::make_room_for_parts(const Path& folder) {
  const auto given = base::read_file(folder / "cgroup.subtree_control").value_or("");
  if (given.find("memory") != std::string::npos) return {};
  const Path rest = folder / folder_name("rest");
  TRY(base::make_directories(rest));
  folders_.insert(folders_.begin(), rest);
  TRY(const auto processes, base::read_file(folder / "cgroup.procs"));
  for (const auto pid : base::lines_of(processes))
    TRY(write_cgroup_setting(rest / "cgroup.procs", std::string(pid)));
  std::replace(joined_.begin(), joined_.end(), folder, rest);
  return write_cgroup_setting(folder / "cgroup.subtree_control", "+memory");
}

base::Result<Cgroup> Cgroup::make_part(const std::string& label, const MemoryShare& share) {
  auto home = memory_home(folders_);
  const bool has_own = home.has_value();
  if (!home) home = cgroup_home("memory");
  if (!home) return no_controller("memory", kNotGiven);
  if (home->version_2) TRY(has_own ? make_room_for_parts(home->folder) : hand_down(home->folder, "memory"));
  Cgroup part;
  const CgroupHome own{home->folder / folder_name(label), home->version_2};
  TRY(base::make_directories(own.folder));
  part.folders_ = part.joined_ = {own.folder};
  if (auto written = write_share(own, share); !written)
    return no_controller("memory", written.error().message);
  for (const auto& folder : joined_) {
    if (folder != home->folder && folder.parent_path() != home->folder) part.joined_.push_back(folder);
  }
  part.above_ = folders_;
  return part;
}

base::Result<void> Cgroup::join(pid_t pid) const {
  for (const auto& folder : joined_) TRY(write_cgroup_setting(folder / "cgroup.procs", std::to_string(pid)));
  return {};
}

std::int64_t Cgroup::count_in(std::initializer_list<const char*> files, std::string_view key) const {
  for (const auto* folders : {&joined_, &folders_, &above_}) {
    for (const auto& folder : *folders) {
      for (const char* name : files) {
        const auto content = base::read_file(folder / name);
        if (!content) continue;
        for (const auto line : base::lines_of(*content)) {
          if (line.starts_with(key)) return base::parse_integer(line.substr(key.size())).value_or(0);
        }
      }
    }
  }
  return 0;
}

std::int64_t Cgroup::out_of_memory_kills() const {
  return count_in({"memory.events", "memory.oom_control"}, "oom_kill ");
}

std::int64_t Cgroup::refused_processes() const {
  return count_in({"pids.events"}, "max ");
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
    folders_ = std::exchange(other.folders_, {});
    joined_ = std::exchange(other.joined_, {});
    above_ = std::exchange(other.above_, {});
  }
  return *this;
}

Cgroup::~Cgroup() {
  remove();
}

void remove_abandoned_cgroups() {
  for (const char* controller : {"memory", "pids", "cpu"}) {
    if (const auto home = cgroup_home(controller)) remove_abandoned_cgroups_in(home->folder);
  }
}

std::vector<CgroupSupport> cgroup_support() {
  std::vector<CgroupSupport> all;
  for (const char* controller : {"memory", "pids", "cpu"}) {
    CgroupSupport support{
        .controller = controller, .version = 0, .why_not = "not mounted, or not delegated to us"};
    if (const auto home = cgroup_home(controller); home) {
      const bool writable = ::access(home->folder.c_str(), W_OK) == 0;
      support.version = home->version_2 ? 2 : 1;
      auto why = writable ? std::string() : home->folder.string() + " is not ours to write";
      if (writable && home->version_2) why = why_no_controllers_below(home->folder);
      support.why_not = why.empty() ? "" : fmt::format("{}; {}", why, kDelegation);
    }
    all.push_back(std::move(support));
  }
  return all;
}

}  // namespace sandbox
