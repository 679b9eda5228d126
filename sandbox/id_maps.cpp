#include "sandbox/id_maps.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"
#include "base/strings.h"

namespace sandbox {

namespace {

base::Result<void> write_to_proc(pid_t pid, const char* name, const std::string& text) {
  const std::string path = fmt::format("/proc/{}/{}", pid, name);
  // One write: the kernel takes a map whole or not at all.
  const base::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return base::system_error("opening " + path, errno);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return base::system_error("writing " + path, errno);
  }
  return {};
}

// Inside 0 is ourselves, so that the workspace is ours on both sides; the range gives images their other
// users.
base::Result<void> map_range(const char* program, pid_t pid, unsigned own, std::uint32_t first) {
  TRY(const auto result,
      base::run_process({.argv = {program, std::to_string(pid), "0", std::to_string(own), "1", "1",
                                  std::to_string(first), std::to_string(kIdsPerSlot - 1)}}));
  if (result.exit_code == 0) return {};
  return base::make_error(base::ErrorKind::denied, fmt::format("{}: {}", program, base::trim(result.output)));
}

}  // namespace

base::Result<void> write_id_maps(pid_t pid, const Setting& setting) {
  if (setting.privileged) {
    const auto map = fmt::format("0 {} {}\n", first_host_id(setting.plan.id_slot), kIdsPerSlot);
    TRY(write_to_proc(pid, "uid_map", map));
    return write_to_proc(pid, "gid_map", map);
  }
  if (const auto& ids = setting.subordinate_ids) {
    TRY(map_range("newuidmap", pid, ::getuid(), ids->uid));
    return map_range("newgidmap", pid, ::getgid(), ids->gid);
  }
  TRY(write_to_proc(pid, "setgroups", "deny"));
  TRY(write_to_proc(pid, "uid_map", fmt::format("0 {} 1\n", ::getuid())));
  return write_to_proc(pid, "gid_map", fmt::format("0 {} 1\n", ::getgid()));
}

}  // namespace sandbox
