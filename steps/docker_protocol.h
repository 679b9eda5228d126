#pragma once
// What goes over the docker front's socket. The front sends one request, a JSON text, with open files (build
// contexts, or standard input); the service answers with pieces of output and, last, the result. Neither side
// trusts the other's lengths.

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace steps {

/// `begin` ends what came before as output: what follows is of the build output of this number.
enum class FrameKind : char { output = 'o', error = 'e', begin = 'b', result = 'r' };

struct Frame {
  FrameKind kind = FrameKind::output;
  std::string payload;
};

/// More would be closed unseen.
inline constexpr std::size_t kMostFilesOfRequest = 16;

struct DockerRequest {
  std::string text;  ///< JSON: arguments, directory, environment, health_test, dockerfile, contexts, …
  std::vector<base::Fd> files;  ///< first the build context or standard input, if there is one
};

base::Result<void> send_request(int socket, std::string_view text, const std::vector<base::Fd>& files);
/// Gives up after 10 s of silence: a front sends its request at once.
base::Result<DockerRequest> receive_request(int socket);

/// Waits for room in the socket until `wake` becomes readable, which is an error.
base::Result<void> send_frame(int socket, FrameKind kind, std::string_view payload, int wake);
base::Result<Frame> receive_frame(int socket);

}  // namespace steps
