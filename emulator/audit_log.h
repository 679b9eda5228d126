#pragma once
// Why the emulator refused something: the truth that AWS does not tell on the wire. A file in the state
// folder.

#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/files.h"

namespace emulator {

class AuditLog {
 public:
  AuditLog(base::Path file, base::Clock& clock) : file_(std::move(file)), clock_(clock) {}
  /// One line, with the time in front. Secrets never come here.
  void write(const std::string& what);
  /// The last lines, newest last.
  [[nodiscard]] std::string tail(std::size_t bytes);

 private:
  std::mutex mutex_;
  base::Path file_;
  base::Clock& clock_;
};

}  // namespace emulator
