#include "runner/port_owner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <set>

#include "base/files.h"
#include "base/strings.h"

namespace runner {

namespace {

using base::Path;

constexpr std::string_view kListening = "0A";  // TCP_LISTEN in the `st` column

// The inodes of the sockets that listen there (proc(5), /proc/net/tcp).
std::set<std::string> listening_sockets(std::uint16_t port) {
  std::set<std::string> inodes;
  const auto wanted = fmt::format(":{:04X}", port);
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    const auto content = base::read_file(table);
    if (!content) continue;
    for (const auto line : base::lines_of(*content)) {
      std::vector<std::string> fields;
      for (auto& field : base::split(line, ' ')) {
        if (!field.empty()) fields.push_back(std::move(field));
      }
      if (fields.size() > 9 && fields[1].ends_with(wanted) && fields[3] == kListening)
        inodes.insert(fields[9]);
    }
  }
  return inodes;
}

bool holds_one_of(const Path& process, const std::set<std::string>& inodes) {
  const auto names = base::list_directory(process / "fd");
  if (!names) return false;
  for (const auto& name : *names) {
    std::error_code failed;
    const auto target = std::filesystem::read_symlink(process / "fd" / name, failed).string();
    if (failed || !target.starts_with("socket:[")) continue;
    if (inodes.contains(target.substr(8, target.size() - 9))) return true;
  }
  return false;
}

}  // namespace

PortOwner owner_of_port(std::uint16_t port) {
  const auto inodes = listening_sockets(port);
  const auto processes = base::list_directory("/proc");
  if (inodes.empty() || !processes) return {.text = "something that listens on another address of it"};
  std::error_code failed;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", failed);
  for (const auto& name : *processes) {
    const auto pid = base::parse_integer(name);
    const Path process = Path("/proc") / name;
    if (!pid || !holds_one_of(process, inodes)) continue;
    const auto command = base::read_file(process / "comm").value_or("?");
    const auto program = std::filesystem::read_symlink(process / "exe", failed);
    return {.text = *pid == ::getpid() ? "another job of this run"
                                       : fmt::format("process {} ({})", name, base::trim(command)),
            .is_known = true,
            .is_ours = !failed && program == own};
  }
  return {.text = "a process of another user"};
}

}  // namespace runner
