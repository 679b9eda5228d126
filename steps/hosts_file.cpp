#include "steps/hosts_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/strings.h"

namespace steps {

HostsFile::HostsFile(base::Path path, const std::vector<std::string>& lines)
    : path_(std::move(path)), beginning_("127.0.0.1 localhost\n::1 localhost\n") {
  for (const auto& line : lines) beginning_ += line + "\n";
}

base::Result<void> HostsFile::put(const std::string& address, const std::vector<std::string>& names) {
  lines_[address] = address + " " + base::join(names, " ") + "\n";
  return write();
}

base::Result<void> HostsFile::drop(const std::string& address) {
  return lines_.erase(address) > 0 ? write() : base::Result<void>();
}

// In place, since the container has this very file; never empty in between.
base::Result<void> HostsFile::write() const {
  std::string text = beginning_;
  for (const auto& [address, line] : lines_) text += line;
  const base::Fd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!file) return base::system_error("opening " + path_.string(), errno);
  TRY(base::write_all(file.get(), text).while_doing("writing " + path_.string()));
  if (::ftruncate(file.get(), static_cast<off_t>(text.size())) != 0)
    return base::system_error("writing " + path_.string(), errno);
  return {};
}

}  // namespace steps
