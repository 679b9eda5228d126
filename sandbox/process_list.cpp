#include "sandbox/process_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/strings.h"

namespace sandbox {

namespace {

// Of `42 (name) S …`; a name may itself hold brackets. Empty for what has ended.
std::string name_of_running(const std::string& pid) {
  const base::Fd file(::open(("/proc/" + pid + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t count = file ? ::read(file.get(), text, sizeof text) : -1;
  if (count <= 0) return "";
  const std::string_view stat(text, static_cast<std::size_t>(count));
  const auto begin = stat.find('(');
  const auto end = stat.rfind(')');
  if (begin == std::string_view::npos || end == std::string_view::npos || end + 2 >= stat.size()) return "";
  if (stat[end + 2] == 'Z' || stat[end + 2] == 'X') return "";
  return std::string(stat.substr(begin + 1, end - begin - 1));
}

}  // namespace

std::vector<ProcessInside> processes_here(std::size_t most) {
  std::vector<ProcessInside> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir("/proc"), ::closedir);
  while (const dirent* entry = entries && found.size() < most ? ::readdir(entries.get()) : nullptr) {
    const auto number = base::parse_integer(entry->d_name);
    if (!number || *number <= 1 || *number == ::getpid()) continue;
    const auto pid = static_cast<pid_t>(*number);
    // Without a PID namespace the others are there, too; what cannot be signalled is outside.
    if (::kill(pid, 0) != 0) continue;
    if (auto name = name_of_running(entry->d_name); !name.empty()) found.push_back({pid, std::move(name)});
  }
  return found;
}

}  // namespace sandbox
