#include "server/process_identity.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace server {

namespace {

// /proc/PID/stat: the fields after the name, which may hold anything, are counted from its last ')'.
constexpr std::size_t kProcessState = 0;
constexpr std::size_t kStartTime = 19;

}  // namespace

base::Result<std::string> read_boot_id(const base::Path& file) {
  TRY(const auto text, base::read_file(file, 256));
  return std::string(base::trim(text));
}

base::Result<std::string> identity_of(pid_t pid, const std::string& boot_id) {
  TRY(const auto stat, base::read_file(fmt::format("/proc/{}/stat", pid), 4096));
  const auto name_end = stat.rfind(") ");
  const auto fields = base::split(name_end == std::string::npos ? "" : stat.substr(name_end + 2), ' ');
  if (fields.size() <= kStartTime || fields[kProcessState] == "Z" || fields[kProcessState] == "X")
    return base::make_error(base::ErrorKind::not_found, fmt::format("there is no process {}", pid));
  return fmt::format("{} {} {}", pid, fields[kStartTime], boot_id);
}

ProcessLife look_at(const std::string& identity, const std::string& boot_id) {
  const auto parts = base::split(identity, ' ');
  if (parts.size() != 3) return ProcessLife::gone;
  if (parts[2] != boot_id) return ProcessLife::other_boot;
  const auto pid = base::parse_integer(parts[0]);
  const auto now = identity_of(static_cast<pid_t>(pid.value_or(0)), boot_id);
  return now && *now == identity ? ProcessLife::alive : ProcessLife::gone;
}

}  // namespace server
