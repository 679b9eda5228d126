#pragma once
// What containers of a project print, each line under the name of its service; and `up` without -d, which
// stays with them until they end.

#include "base/result.h"
#include "steps/compose/engine.h"
#include "steps/compose/load.h"

namespace steps::compose {

/// Each thread prints whole lines only.
class LogPrinter {
 public:
  /// A follower ends with its container.
  enum class Follow { no, yes };
  LogPrinter(const CommandLine& line, const std::vector<Container>& containers);
  base::Result<int> print(const Container& container, Follow follow) const;

 private:
  const CommandLine& line_;
  std::size_t width_ = 0;
};

/// The name under which a container's lines stand: `web-1`.
std::string short_name(const Container& container);

/// Until all have ended, one has ended where that is to end all, or SIGINT or SIGTERM comes; then what still
/// runs is stopped. The exit code of `up`.
base::Result<int> stay_attached(const Project& project, const CommandLine& line,
                                const std::vector<const Service*>& services);

}  // namespace steps::compose
