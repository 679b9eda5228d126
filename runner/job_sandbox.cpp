#include "runner/job_sandbox.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "steps/docker_service.h"

namespace runner {

namespace {

constexpr const char* kHome = "/home/runner";
constexpr const char* kProgram = "/proc/self/exe";

}  // namespace

sandbox::Plan job_sandbox_plan(const std::string& label, const steps::JobFolders& folders,
                               const RunOptions& options, std::uint32_t slot) {
  using sandbox::Access;
  using enum NetworkRule;
  const auto rule = options.network.rule;
  sandbox::Plan plan{.label = label,
                     .network = rule == host ? sandbox::NetworkMode::host : sandbox::NetworkMode::isolated,
                     .egress = rule == audit || rule == allow,
                     .limits = options.limits,
                     .id_slot = slot};
  if (options.isolation == Isolation::landlock) {
    plan.walls = sandbox::Walls::landlock;
  } else {
    plan.mounts.push_back({.kind = sandbox::MountKind::tmpfs, .target = kHome});
  }
  const steps::SharedFolder* shared[] = {&folders.temp,      &folders.file_commands, &folders.home,
                                         &folders.workflow,  &folders.workspace,     &folders.actions,
                                         &folders.tool_cache};
  for (const auto* folder : shared) {
    plan.mounts.push_back(
        {.source = folder->host.string(), .target = folder->inside, .access = Access::read_write});
  }
  const auto docker = docker_folder(folders);
  if (options.isolation == Isolation::namespaces && base::exists(docker)) {
    plan.mounts.push_back({.source = docker.string(), .target = std::string(steps::kDockerFolderInside)});
    std::error_code ignored;
    const auto program = std::filesystem::read_symlink(kProgram, ignored);
    plan.mounts.push_back(
        {.source = program.string(), .target = std::string(steps::kDockerFolderInside) + "/bin/docker"});
  }
  return plan;
}

std::string home_of_steps(Isolation isolation, const steps::JobFolders& folders) {
  if (isolation == Isolation::namespaces) return kHome;
  if (isolation == Isolation::landlock) return folders.home.inside;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "/" : home;
}

base::Path docker_folder(const steps::JobFolders& folders) {
  return folders.scratch / "docker";
}

base::Result<void> put_docker_on_path(steps::RunningJob& job, Isolation isolation) {
  const auto bin = docker_folder(job.folders) / "bin";
  TRY(base::make_directories(bin));
  if (::symlink("docker", (bin / "docker-compose").c_str()) != 0)
    return base::system_error("making the docker front", errno);
  if (isolation == Isolation::none) {
    std::error_code ignored;
    const auto program = std::filesystem::read_symlink(kProgram, ignored);
    if (::symlink(program.c_str(), (bin / "docker").c_str()) != 0)
      return base::system_error("making the docker front", errno);
    job.search_path.push_back(bin.string());
    job.machine_environment[std::string(steps::kDockerSocketVariable)] =
        (docker_folder(job.folders) / steps::kDockerSocketName).string();
    return {};
  }
  // A mount point: the program itself is mounted over it, read-only.
  TRY(base::write_file(bin / "docker", ""));
  job.search_path.push_back(std::string(steps::kDockerFolderInside) + "/bin");
  return {};
}

}  // namespace runner
