#pragma once
// The runner's servers, in a job whose network namespace is its own: the same address and port there, by a
// listening socket made inside. Not for the network policy of jobs.

#include <utility>
#include <vector>

#include "base/http_server.h"
#include "base/result.h"
#include "sandbox/sandbox.h"

namespace runner {

class JobLoopback {
 public:
  JobLoopback() = default;
  JobLoopback(const JobLoopback&) = delete;
  JobLoopback& operator=(const JobLoopback&) = delete;
  /// The sockets go: they would keep the namespace.
  ~JobLoopback();
  /// `server` outlives this.
  base::Result<void> add(sandbox::Sandbox& sandbox, base::HttpServer& server);

 private:
  std::vector<std::pair<base::HttpServer*, int>> listening_;
};

}  // namespace runner
