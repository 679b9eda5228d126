#include "runner/job_loopback.h"

namespace runner {

JobLoopback::~JobLoopback() {
  for (const auto& [server, number] : listening_) server->stop_listening(number);
}

base::Result<void> JobLoopback::add(sandbox::Sandbox& sandbox, base::HttpServer& server) {
  TRY(auto socket, sandbox.listen("127.0.0.1", server.port()));
  TRY(const int number, server.also_listen(std::move(socket)));
  listening_.emplace_back(&server, number);
  return {};
}

}  // namespace runner
