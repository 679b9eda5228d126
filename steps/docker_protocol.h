#pragma once
// What goes over the docker front's socket. The front sends one request, a JSON text, with at most one open
// file (the build context, or standard input); the service answers with pieces of output and, last, the
// result. Neither side trusts the other's lengths.

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace steps {

enum class FrameKind : char { output = 'o', error = 'e', result = 'r' };

struct Frame {
  FrameKind kind = FrameKind::output;
  std::string payload;
};

struct DockerRequest {
  std::string text;  ///< JSON: arguments, directory, environment, health_test, dockerfile, …
  base::Fd context;  ///< -1 when there is none
};

base::Result<void> send_request(int socket, std::string_view text, int context);
/// Gives up after 10 s of silence: a front sends its request at once.
base::Result<DockerRequest> receive_request(int socket);

/// Waits for room in the socket until `wake` becomes readable, which is an error.
base::Result<void> send_frame(int socket, FrameKind kind, std::string_view payload, int wake);
base::Result<Frame> receive_frame(int socket);

}  // namespace steps
