#pragma once
// The /etc/hosts of a container, as a file of the runner's that is bound into it: names come and go while the
// container runs. Not for who is in it (container_network).

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace steps {

class HostsFile {
 public:
  /// Lines that stay stand before all others. Nothing is written yet.
  HostsFile(base::Path path, const std::vector<std::string>& lines);
  [[nodiscard]] const base::Path& path() const { return path_; }
  /// What is at the address from now on; takes the place of what was there.
  base::Result<void> put(const std::string& address, const std::vector<std::string>& names);
  base::Result<void> drop(const std::string& address);

 private:
  [[nodiscard]] base::Result<void> write() const;

  base::Path path_;
  std::string beginning_;
  std::map<std::string, std::string> lines_;  ///< by address
};

}  // namespace steps
