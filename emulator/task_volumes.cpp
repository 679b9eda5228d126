#include "emulator/task_volumes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/strings.h"
#include "ecr/volume_content.h"
#include "emulator/task_plan.h"

namespace emulator {

namespace {

constexpr std::uint32_t kVolumeSlot = 0;  // of all tasks
constexpr mode_t kUsualMode = 0755;
constexpr mode_t kModeForAnybody = 0777;

base::Error unsupported_volume(const std::string& name, const std::string& what) {
  return base::invalid_input(fmt::format("UnsupportedFeature: volume {}: {}", name, what));
}

bool is_file_system_id(const std::string& id) {
  constexpr std::string_view kStart = "fs-";
  return id.starts_with(kStart) && id.size() > kStart.size() && id.size() <= 40 &&
         std::all_of(id.begin() + kStart.size(), id.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

base::Result<VolumePlan> plan_file_system(const std::string& name, const base::Json& efs) {
  VolumePlan volume{.name = name, .file_system = base::json_string(efs, "fileSystemId")};
  if (!is_file_system_id(volume.file_system))
    return unsupported_volume(name,
                              fmt::format("fileSystemId: expected fs-…, found '{}'", volume.file_system));
  for (const auto& part : base::split(base::json_string(efs, "rootDirectory"), '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return unsupported_volume(name, "rootDirectory: '..' leads out of the file system");
    volume.root += (volume.root.empty() ? "" : "/") + part;
  }
  volume.has_access_point =
      !base::json_string(base::json_member(efs, "authorizationConfig"), "accessPointId").empty();
  return volume;
}

base::Result<void> give_to_containers(const base::Fd& folder, mode_t mode) {
  const auto owner = sandbox::first_host_id(kVolumeSlot);
  if (::geteuid() == 0 && ::fchown(folder.get(), owner, owner) != 0)
    return base::system_error("giving a volume to its task", errno);
  if (::fchmod(folder.get(), mode) != 0) return base::system_error("chmod of a volume", errno);
  return {};
}

base::Result<void> make_for_containers(const base::Path& folder, mode_t mode) {
  if (::mkdir(folder.c_str(), mode) != 0)
    return errno == EEXIST ? base::Result<void>() : base::system_error("making " + folder.string(), errno);
  TRY(const auto made, base::open_directory(folder));
  return give_to_containers(made, mode);
}

/// Where a container's path is no absolute one, or leads elsewhere by `..`.
base::Result<void> check_path(const VolumePlace& place) {
  const auto parts = base::split(place.path, '/');
  if (place.path.starts_with('/') && place.path.size() > 1 &&
      std::find(parts.begin(), parts.end(), "..") == parts.end())
    return {};
  return unsupported_volume(place.volume,
                            fmt::format("containerPath: expected an absolute path, found '{}'", place.path));
}

}  // namespace

base::Result<std::vector<VolumePlan>> plan_volumes(const base::Json& definition) {
  std::vector<VolumePlan> volumes;
  for (const base::Json& declared : base::json_member(definition, "volumes")) {
    const auto name = base::json_string(declared, "name");
    if (!base::json_string(base::json_member(declared, "host"), "sourcePath").empty())
      return unsupported_volume(
          name,
          "host.sourcePath names a folder of a container instance, and Fargate has none; "
          "leave it out for a volume of the task");
    for (const char* key : {"dockerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"}) {
      if (declared.contains(key))
        return unsupported_volume(name, std::string(key) + " is not there on Fargate");
    }
    const base::Json& efs = base::json_member(declared, "efsVolumeConfiguration");
    VolumePlan volume{.name = name};
    if (efs.is_object()) {
      TRY(volume, plan_file_system(name, efs));
    }
    volumes.push_back(std::move(volume));
  }
  return volumes;
}

base::Result<std::vector<VolumePlace>> places_of(const base::Json& container, const base::Json& containers) {
  std::vector<VolumePlace> places;
  const auto add = [&](const base::Json& from, bool read_only) {
    for (const base::Json& point : base::json_member(from, "mountPoints")) {
      const bool locked = read_only || base::json_bool(point, "readOnly");
      places.push_back({base::json_string(point, "sourceVolume"), base::json_string(point, "containerPath"),
                        locked ? sandbox::Access::read_only : sandbox::Access::read_write});
    }
  };
  add(container, false);
  for (const base::Json& source : base::json_member(container, "volumesFrom"))
    add(named(containers, base::json_string(source, "sourceContainer")), base::json_bool(source, "readOnly"));
  for (const VolumePlace& place : places) TRY(check_path(place));
  return places;
}

base::Result<void> check_volume_names(const base::Json& definition) {
  const base::Json& containers = base::json_member(definition, "containerDefinitions");
  const base::Json& volumes = base::json_member(definition, "volumes");
  for (const base::Json& container : containers) {
    for (const base::Json& point : base::json_member(container, "mountPoints")) {
      const auto volume = base::json_string(point, "sourceVolume");
      if (named(volumes, volume).is_null())
        return base::invalid_input(fmt::format("Unknown volume '{}'.", volume));
    }
    for (const base::Json& source : base::json_member(container, "volumesFrom")) {
      const auto name = base::json_string(source, "sourceContainer");
      if (named(containers, name).is_null())
        return base::invalid_input(fmt::format("Invalid volumesFrom: there is no container '{}'.", name));
    }
  }
  return {};
}

base::Result<std::vector<sandbox::Mount>> TaskVolumes::mounts(const std::vector<VolumePlan>& volumes,
                                                              const std::vector<VolumePlace>& places,
                                                              const sandbox::ImageRoot& image) {
  std::vector<sandbox::Mount> mounts;
  for (const VolumePlace& place : places) {
    const auto volume = std::find_if(volumes.begin(), volumes.end(),
                                     [&](const VolumePlan& each) { return each.name == place.volume; });
    if (volume == volumes.end()) return unsupported_volume(place.volume, "there is none of that name");
    TRY(auto mount, volume->file_system.empty() ? own_folder(place, image) : shared_folder(*volume));
    mount.target = place.path;
    mount.access = place.access;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

base::Result<sandbox::Mount> TaskVolumes::own_folder(const VolumePlace& place,
                                                     const sandbox::ImageRoot& image) {
  const auto folder = folder_ / ("volume-" + base::percent_encode(place.volume));
  sandbox::Mount mount{.source = folder.string()};
  if (base::exists(folder)) return mount;
  TRY(base::make_directories(folder_));
  TRY(make_for_containers(folder, kUsualMode));
  TRY(ecr::fill_volume({folder, place.path, folder_, kVolumeSlot}, image));
  return mount;
}

/// Each part of the way is made as an empty folder, so that a definition works at once. Tasks write there: a
/// link of theirs must lead nobody out of the file system.
base::Result<sandbox::Mount> TaskVolumes::shared_folder(const VolumePlan& volume) const {
  TRY(base::make_directories(file_systems_));
  const auto whole = file_systems_ / volume.file_system;
  TRY(make_for_containers(whole, kUsualMode));
  TRY(const auto root, base::open_directory(whole));
  base::Path so_far;
  for (const auto& part : base::split(volume.root, '/')) {
    if (part.empty()) continue;
    TRY(const auto parent,
        base::open_beneath(root.get(), so_far.empty() ? "." : so_far, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const bool made = ::mkdirat(parent.get(), part.c_str(), kUsualMode) == 0;
    if (!made && errno != EEXIST) return base::system_error("making " + part + " of a volume", errno);
    so_far /= part;
    TRY(const auto folder, base::open_beneath(root.get(), so_far, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (made) TRY(give_to_containers(folder, kUsualMode));
  }
  if (volume.has_access_point) {
    TRY(const auto folder,
        base::open_beneath(root.get(), so_far.empty() ? "." : so_far, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    TRY(give_to_containers(folder, kModeForAnybody));
  }
  return sandbox::Mount{.source = whole.string(), .beneath = so_far.string()};
}

}  // namespace emulator
