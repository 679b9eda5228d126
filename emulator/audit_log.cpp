#include "emulator/audit_log.h"

#include "base/strings.h"

namespace emulator {

void AuditLog::write(const std::string& what) {
  const std::lock_guard lock(mutex_);
  const auto line = base::format_iso8601(clock_.now()) + " " + base::replace_all(what, "\n", " ") + "\n";
  (void)base::append_file(file_, line, 0600);
}

std::string AuditLog::tail(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  auto content = base::read_file(file_).value_or("");
  if (content.size() > bytes) content = content.substr(content.size() - bytes);
  return content;
}

}  // namespace emulator
