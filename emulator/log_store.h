#pragma once
// Log groups and streams as files of JSON lines. A stream keeps its newest megabytes; nothing is held in
// memory.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"

namespace emulator {

struct LogLine {
  std::int64_t time_ms = 0;
  std::string message;
};

class LogStore {
 public:
  LogStore(base::Path folder, base::Clock& clock) : folder_(std::move(folder)), clock_(clock) {}

  /// False when it exists already.
  bool create_group(const std::string& group);
  bool has_group(const std::string& group);
  bool remove_group(const std::string& group);
  std::vector<std::string> groups();

  enum class Made { created, existed, no_group };
  Made create_stream(const std::string& group, const std::string& stream);
  bool has_stream(const std::string& group, const std::string& stream);
  std::vector<std::string> streams(const std::string& group);

  /// Stamped with the time now; the stream must exist.
  void append(const std::string& group, const std::string& stream, const std::string& message);
  void append(const std::string& group, const std::string& stream, const std::vector<LogLine>& lines);
  /// Oldest first.
  std::vector<LogLine> read(const std::string& group, const std::string& stream);

 private:
  [[nodiscard]] base::Path group_folder(const std::string& group) const;
  [[nodiscard]] base::Path stream_file(const std::string& group, const std::string& stream) const;

  std::mutex mutex_;
  base::Path folder_;
  base::Clock& clock_;
};

}  // namespace emulator
