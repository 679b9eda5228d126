#pragma once
// One request of a client connection carried to a target and its answer carried back: retries, streaming, the
// load balancer's own 4xx and 5xx. Connections come from load_balancer.cpp.

#include "emulator/http_connection.h"
#include "emulator/load_balancer.h"

namespace emulator {

struct FrontConnection {
  HttpConnection* client = nullptr;
  std::string client_address;
  std::uint16_t listener_port = 0;
  int stop_fd = -1;
};

enum class AfterRequest { keep_open, close };
/// Reads the next request of the client and sees it through.
AfterRequest forward_next_request(FrontConnection& front, const Router& router, FrontCounters& counters);

}  // namespace emulator
