#include "steps/docker_client.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/unix_socket.h"
#include "steps/docker_service.h"

namespace steps {

namespace {

base::Result<base::Fd> connect_to_service() {
  const char* named = std::getenv(std::string(kDockerSocketVariable).c_str());
  const std::string path = named != nullptr && *named != '\0'
                               ? std::string(named)
                               : fmt::format("{}/{}", kDockerFolderInside, kDockerSocketName);
  auto connection = base::connect_to(path, base::Blocking::yes);
  if (connection) return connection;
  return base::make_error(
      connection.error().kind,
      fmt::format("docker: no runner answers; this docker works within steps of a run: {}",
                  connection.error().message));
}

}  // namespace

base::Result<base::Json> ask_docker(const DockerQuestion& question, const DockerOutput& output) {
  base::Json request = question.more;
  request["arguments"] = question.arguments;
  TRY(const auto connection, connect_to_service());
  TRY(send_request(connection.get(), base::to_text(request), question.files));
  for (;;) {
    auto frame = receive_frame(connection.get());
    if (!frame) return std::move(frame).error().while_doing("waiting for the runner's answer");
    if (frame->kind == FrameKind::result) return base::parse_json(frame->payload);
    TRY(output(frame->kind, frame->payload));
  }
}

}  // namespace steps
