#include "runner/workspace.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <utility>

#include "base/crypto.h"
#include "base/log.h"
#include "runner/run_owner.h"
#include "sandbox/cgroup.h"

namespace runner {

namespace {

using base::Path;

// Slot 0 is that of images.
constexpr std::uint32_t kFirstJobSlot = 1;
constexpr std::uint32_t kLastJobSlot = 4096;
// Below it are sockets, whose paths end at 107 bytes.
constexpr std::size_t kLongestName = 24;
// In the folders of a run, held while it lives.
constexpr const char* kLock = "lock";
constexpr const char* kSnapshotStates = "states.json";  // job_snapshots writes it last
constexpr std::string_view kRunPrefix = "run-";

// Mode 0700, ours: what others made there under our name is not used.
base::Result<Path> memory_folder(const Path& state_folder) {
  const Path folder = base::is_directory("/dev/shm")
                          ? Path("/dev/shm") / fmt::format("pipeline-{}", ::getuid())
                          : state_folder / "memory";
  TRY(base::make_directories(folder, 0700));
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) return base::system_error("reading " + folder.string(), errno);
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::getuid() || (status.st_mode & 077) != 0) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format("{} must be a folder of yours with mode 0700; remove it", folder.string()));
  }
  return folder;
}

void remove_quietly(const Path& path) {
  if (auto removed = base::remove_tree(path); !removed)
    base::log(base::LogLevel::warning, removed.error().to_string());
}

// Nobody has taken the secrets out of those whose states were not written at the end of their job.
void remove_half_kept_snapshots(const Path& snapshots) {
  for (const auto& job : base::list_directory(snapshots).value_or(std::vector<std::string>())) {
    if (!base::exists(snapshots / job / kSnapshotStates)) remove_quietly(snapshots / job);
  }
}

// A lock that can be had belongs to nobody alive.
bool is_abandoned(const Path& lock_file) {
  if (!base::exists(lock_file)) return false;
  auto lock = base::FileLock::try_acquire(lock_file);
  return lock.ok() && lock->has_value();
}

// Whoever looks whether it is running has the lock for a moment, and a run that ends takes the file away.
base::Result<base::FileLock> lock_unless_running(const Path& state_folder, std::int64_t run_id) {
  const auto file = run_folder(state_folder, run_id) / kLock;
  while (true) {
    TRY(auto lock, base::FileLock::try_acquire(file));
    if (lock && base::exists(file)) return *std::move(lock);
    if (!lock && is_running(state_folder, run_id)) return still_running(run_id);
  }
}

base::Result<steps::SharedFolder> make_shared(const Path& host, const std::string& inside,
                                              std::uint32_t owner, Isolation isolation) {
  TRY(base::make_directories(host));
  if (::chown(host.c_str(), owner, owner) != 0 && ::geteuid() == 0)
    return base::system_error("chown " + host.string(), errno);
  return steps::SharedFolder{host, keeps_host_paths(isolation) ? host.string() : inside};
}

// What is mounted inside of another shared folder is mounted on a folder there, which belongs to the steps.
base::Result<void> make_mount_points(const steps::JobFolders& folders, const Path& work, std::uint32_t owner,
                                     Isolation isolation) {
  if (keeps_host_paths(isolation)) return {};
  for (const auto* folder : {&folders.file_commands, &folders.home, &folders.workflow}) {
    const Path relative = Path(folder->inside).lexically_relative(folders.temp.inside);
    if (*relative.begin() != "..") TRY(make_shared(folders.temp.host / relative, "", owner, isolation));
  }
  const Path top = Path(folders.temp.inside).parent_path();
  TRY(make_shared(work, "", owner, isolation));
  for (const auto* folder : {&folders.workspace, &folders.temp, &folders.actions, &folders.tool_cache}) {
    const Path relative = Path(folder->inside).lexically_relative(top);
    if (*relative.begin() == "..") continue;
    Path so_far = work;
    for (const auto& part : relative) TRY(make_shared(so_far /= part, "", owner, isolation));
  }
  return {};
}

}  // namespace

// What had to be changed in it is told apart by a digest.
std::string folder_name_of(const std::string& job) {
  std::string name;
  for (const char c : job)
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ? c : '-';
  if (name == job && name.size() <= kLongestName) return name;
  return fmt::format("{}.{:.12}", name.substr(0, kLongestName), base::sha256_hex(job));
}

base::Result<RunFolders> RunFolders::create(const Path& state_folder, std::int64_t run_id, KeepFolders keep) {
  RunFolders folders;
  folders.keep_ = keep;
  TRY(const auto memory, memory_folder(state_folder));
  // Whoever cleans up now would take a folder whose lock is not held yet for one of a killed run.
  TRY(const auto no_cleaning, base::FileLock::acquire(memory / kLock));
  folders.kept_ = run_folder(state_folder, run_id);
  TRY(base::make_directories(folders.kept_, 0700));
  TRY(auto lock, lock_unless_running(state_folder, run_id));
  folders.locks_.push_back(std::move(lock));
  TRY(write_owner(folders.kept_ / kLock));
  // Not the run's id alone: another state folder has a run of the same number.
  TRY(auto own, base::TempDir::create_in(memory, fmt::format("{}{}", kRunPrefix, run_id)));
  TRY(auto memory_lock, base::FileLock::acquire(own.path() / kLock));
  folders.locks_.push_back(std::move(memory_lock));
  folders.on_memory_ = own.path();
  own.release();
  return folders;
}

// What it was moved from owns nothing: its destructor would remove names in the current folder.
RunFolders::RunFolders(RunFolders&& other) noexcept
    : kept_(std::move(other.kept_)),
      on_memory_(std::move(other.on_memory_)),
      keep_(other.keep_),
      locks_(std::exchange(other.locks_, {})) {}

RunFolders::~RunFolders() {
  if (locks_.empty()) return;
  if (keep_ == KeepFolders::no) {
    remove_quietly(on_memory_);
    remove_quietly(kept_ / "jobs");
  }
  // Without a lock nobody takes them for those of a killed run.
  (void)::unlink((on_memory_ / kLock).c_str());
  (void)::unlink((kept_ / kLock).c_str());
}

base::Result<IdSlot> IdSlot::take(const Path& state_folder) {
  TRY(const auto memory, memory_folder(state_folder));
  TRY(base::make_directories(memory / "slots", 0700));
  for (std::uint32_t number = kFirstJobSlot; number <= kLastJobSlot; ++number) {
    TRY(auto lock, base::FileLock::try_acquire(memory / "slots" / std::to_string(number)));
    if (lock) return IdSlot(number, std::move(*lock));
  }
  return base::make_error(base::ErrorKind::unavailable,
                          "all ranges of ids for sandboxes are in use; run fewer jobs at a time");
}

void clean_up_after_killed_runs(const Path& state_folder) {
  const auto names_in = [](const Path& folder) {
    return base::list_directory(folder).value_or(std::vector<std::string>());
  };
  sandbox::remove_abandoned_cgroups();
  const auto memory = memory_folder(state_folder);
  if (!memory) return;
  const auto alone = base::FileLock::acquire(*memory / kLock);
  if (!alone) return;
  for (const auto& run : names_in(state_folder / "runs")) {
    const Path folder = state_folder / "runs" / run;
    if (!is_abandoned(folder / kLock)) continue;
    remove_quietly(folder / "jobs");
    remove_half_kept_snapshots(folder / "snapshots");
    (void)::unlink((folder / kLock).c_str());
  }
  for (const auto& run : names_in(*memory)) {
    if (run.starts_with(kRunPrefix) && is_abandoned(*memory / run / kLock)) remove_quietly(*memory / run);
  }
}

steps::JobFolders job_folders_inside(const std::string& repository_name, steps::JobRoot root) {
  const bool contained = root == steps::JobRoot::container;
  const auto repository = repository_name.substr(repository_name.find('/') + 1);
  const std::string work = contained ? "/__w" : "/home/runner/work";
  return {.workspace = {"", fmt::format("{}/{}/{}", work, repository, repository)},
          .temp = {"", work + "/_temp"},
          .file_commands = {"", work + "/_temp/_runner_file_commands"},
          .actions = {"", work + "/_actions"},
          .tool_cache = {"", contained ? "/__t" : work + "/_tool"},
          .home = {"", contained ? "/github/home" : work + "/_temp/_github_home"},
          .workflow = {"", contained ? "/github/workflow" : work + "/_temp/_github_workflow"}};
}

base::Result<steps::JobFolders> make_job_folders(const RunFolders& run, const std::string& job,
                                                 const std::string& repository_name, std::uint32_t owner,
                                                 Isolation isolation, steps::JobRoot root) {
  const auto name = folder_name_of(job);
  const Path disk = run.kept() / "jobs" / name;
  const Path memory = run.on_memory() / name;
  TRY(base::make_directories(disk, 0700));
  TRY(base::make_directories(memory, 0700));
  auto folders = job_folders_inside(repository_name, root);
  folders.scratch = memory / "scratch";
  // Each beside the others, never in one that steps can write to: a link there would lead elsewhere who
  // mounts it later.
  const std::pair<steps::SharedFolder*, Path> places[] = {{&folders.workspace, disk / "workspace"},
                                                          {&folders.actions, disk / "actions"},
                                                          {&folders.tool_cache, disk / "tools"},
                                                          {&folders.temp, memory / "temp"},
                                                          {&folders.file_commands, memory / "file_commands"},
                                                          {&folders.home, memory / "home"},
                                                          {&folders.workflow, memory / "workflow"}};
  for (const auto& [folder, host] : places) {
    TRY(*folder, make_shared(host, folder->inside, owner, isolation));
  }
  TRY(make_mount_points(folders, disk / "work", owner, isolation));
  TRY(base::make_directories(folders.scratch, 0700));
  return folders;
}

void remove_job_folders(const steps::JobFolders& folders) {
  remove_quietly(folders.workspace.host.parent_path());
  remove_quietly(folders.scratch.parent_path());
}

}  // namespace runner
