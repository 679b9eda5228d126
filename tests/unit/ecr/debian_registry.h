#pragma once
// Debian's docker-registry as a process of a test: on loopback, on a port that the system gives, gone with
// the object.

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>

#include "base/files.h"

namespace ecr {

class DebianRegistry {
 public:
  /// Nothing when the program is not installed. `htpasswd` is a file of users; empty lets everybody in.
  static std::unique_ptr<DebianRegistry> start(const base::Path& folder, const std::string& htpasswd = "");
  DebianRegistry(const DebianRegistry&) = delete;
  DebianRegistry& operator=(const DebianRegistry&) = delete;
  ~DebianRegistry();
  /// 127.0.0.1:port
  [[nodiscard]] const std::string& host() const { return host_; }

 private:
  explicit DebianRegistry(pid_t pid) : pid_(pid) {}
  pid_t pid_;
  std::string host_;
  std::jthread log_reader_;  ///< a full pipe would stop it
};

}  // namespace ecr
