#include "steps/docker_volumes.h"
#include "steps/docker_rows.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/crypto.h"
#include "base/json.h"
#include "steps/docker_containers.h"
#include "steps/job_files.h"

namespace steps {

namespace {

using base::Result;

constexpr std::size_t kAnyNameBytes = 32;
constexpr std::size_t kMostVolumes = 1000;

base::Error no_such_volume(const std::string& name) {
  return as_docker_says(fmt::format("get {}: no such volume", name));
}

std::set<std::string> volumes_in_use(DockerContainers& containers) {
  std::set<std::string> used;
  for (const auto& container : containers.list()) {
    for (const auto& volume : container->requested().options.volumes) used.insert(volume.source);
  }
  return used;
}

Result<std::vector<std::string>> volumes_in(const base::Path& folder) {
  if (!base::exists(folder)) return std::vector<std::string>();
  return base::list_directory(folder);
}

Result<void> make_volume(const DockerCall& call, const JobFolders& folders, std::uint32_t owner) {
  const auto folder = volumes_folder(folders);
  TRY(const auto known, volumes_in(folder));
  if (known.size() >= kMostVolumes)
    return as_docker_says(fmt::format("a job has at most {} volumes", kMostVolumes));
  const auto name = call.command.operands.empty() ? base::to_hex(base::random_bytes(kAnyNameBytes))
                                                  : call.command.operands[0];
  TRY(obtain_volume(folder, name, owner));
  call.print(name + "\n");
  return {};
}

Result<bool> is_volume_listed(const std::string& name, const std::vector<std::string>& filters,
                              const std::set<std::string>& used) {
  for (const auto& filter : filters) {
    const auto equals = filter.find('=');
    const auto key = filter.substr(0, equals);
    const auto value = equals == std::string::npos ? "" : filter.substr(equals + 1);
    if (key == "name") {
      if (name.find(value) == std::string::npos) return false;
    } else if (key == "dangling") {
      if (used.contains(name) == (value == "true" || value == "1")) return false;
    } else {
      return base::invalid_input(fmt::format(
          "docker volume ls: the filter '{}' is not supported here; what is: name, dangling", key));
    }
  }
  return true;
}

Result<void> list_volumes(const DockerCall& call, const base::Path& folder) {
  const auto& command = call.command;
  TRY(const auto names, volumes_in(folder));
  const auto used = volumes_in_use(*call.containers);
  const bool table = !command.quiet && command.format.empty();
  if (table) call.print(fmt::format("{:<9} {}\n", "DRIVER", "VOLUME NAME"));
  FormattedRows formatted(call, {{"Name", "VOLUME NAME"}, {"Driver", "DRIVER"}, {"Scope", "SCOPE"}});
  for (const auto& name : names) {
    TRY(const bool listed, is_volume_listed(name, command.filters, used));
    if (!listed) continue;
    if (command.quiet) {
      call.print(name + "\n");
    } else if (table) {
      call.print(fmt::format("{:<9} {}\n", "local", name));
    } else {
      TRY(formatted.add({{"Name", name}, {"Driver", "local"}, {"Scope", "local"}}));
    }
  }
  TRY(formatted.finish());
  return {};
}

Result<void> remove_volume(const DockerCall& call, const base::Path& folder, const std::string& name) {
  if (!is_volume_name(name) || !base::exists(folder / name)) {
    return call.command.force ? Result<void>() : no_such_volume(name);
  }
  if (volumes_in_use(*call.containers).contains(name))
    return as_docker_says(fmt::format("remove {}: volume is in use", name));
  TRY(base::remove_tree(folder / name));
  call.print(name + "\n");
  return {};
}

Result<void> inspect_volumes(const DockerCall& call, const base::Path& folder) {
  base::Json all = base::Json::array();
  for (const auto& name : call.command.operands) {
    if (!is_volume_name(name) || !base::exists(folder / name)) return no_such_volume(name);
    all.push_back({{"Name", name}, {"Driver", "local"}, {"Scope", "local"}, {"Labels", nullptr}});
  }
  return print_inspected(call, all);
}

Result<void> prune_volumes(const DockerCall& call, const base::Path& folder) {
  TRY(const auto names, volumes_in(folder));
  const auto used = volumes_in_use(*call.containers);
  call.print("Deleted Volumes:\n");
  for (const auto& name : names) {
    if (used.contains(name)) continue;
    TRY(base::remove_tree(folder / name));
    call.print(name + "\n");
  }
  return {};
}

}  // namespace

base::Path volumes_folder(const JobFolders& folders) {
  return folders.workspace.host.parent_path() / "volumes";
}

bool is_volume_name(std::string_view name) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0; };
  return name.size() >= 2 && name.size() <= 200 && plain(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [&](unsigned char c) { return plain(c) || c == '_' || c == '.' || c == '-'; });
}

Result<base::Path> obtain_volume(const base::Path& folder, const std::string& name, std::uint32_t owner) {
  if (!is_volume_name(name)) {
    return as_docker_says(fmt::format(
        "create {}: \"{}\" includes invalid characters for a local volume name, only "
        "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use "
        "absolute path",
        name, name));
  }
  TRY(base::make_directories(folder));
  TRY(const auto parent, base::open_directory(folder));
  TRY(const auto made, make_folder_for_steps(parent.get(), name, owner));
  return folder / name;
}

std::vector<VolumeMount> volumes_not_made_yet(const std::vector<VolumeMount>& volumes,
                                              const JobFolders& folders) {
  std::vector<VolumeMount> fresh;
  for (const auto& volume : volumes) {
    if (is_volume_name(volume.source) && !base::exists(volumes_folder(folders) / volume.source))
      fresh.push_back(volume);
  }
  return fresh;
}

Result<DockerAnswer> docker_volume(const DockerCall& call, RunningJob& job) {
  const auto folder = volumes_folder(job.folders);
  const auto& containers = job.services->containers;
  const auto owner = containers ? sandbox::host_uid(containers->plan, 0).value_or(::geteuid()) : ::geteuid();
  switch (call.command.verb) {
    case DockerVerb::volume_create:
      TRY(make_volume(call, job.folders, owner));
      break;
    case DockerVerb::volume_ls:
      TRY(list_volumes(call, folder));
      break;
    case DockerVerb::volume_rm:
      for (const auto& name : call.command.operands) TRY(remove_volume(call, folder, name));
      break;
    case DockerVerb::volume_inspect:
      TRY(inspect_volumes(call, folder));
      break;
    default:
      TRY(prune_volumes(call, folder));
      break;
  }
  return DockerAnswer{};
}

}  // namespace steps
