#include "steps/docker_service.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <stop_token>
#include <thread>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "steps/docker_containers.h"
#include "steps/docker_protocol.h"
#include "steps/docker_verbs.h"

namespace steps {
namespace {

constexpr std::size_t kMaximumConnections = 16;
constexpr std::uint32_t kIdsOfAJob = 65536;

base::Result<base::Fd> listen_at(const base::Path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  base::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return base::system_error("socket", errno);
  // A state folder may lie deeper than a socket's address can say: so it is named by its open folder.
  TRY(auto folder, base::open_directory(path.parent_path()));
  const std::string name = fmt::format("/proc/self/fd/{}/{}", folder.get(), path.filename().string());
  if (name.size() >= sizeof address.sun_path) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("the socket's name is too long: {}", name));
  }
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  unlink(path.c_str());
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0666) != 0 || listen(fd.get(), static_cast<int>(kMaximumConnections)) != 0) {
    return base::system_error(fmt::format("listening at {}", path.string()), errno);
  }
  return fd;
}

/// One front: its request and the thread that carries it out.
struct Connection {
  base::Fd socket;
  std::stop_source stop;
  std::atomic<bool> done = false;
  std::jthread thread;
};

class SocketDockerService : public DockerService {
 public:
  SocketDockerService(RunningJob& job, base::Path path, base::Fd listener, base::Fd wake)
      : job_(job),
        containers_(job),
        path_(std::move(path)),
        listener_(std::move(listener)),
        wake_(std::move(wake)) {
    thread_ = std::thread([this] { serve(); });
  }

  ~SocketDockerService() override {
    ending_ = true;
    const std::uint64_t many = 1;
    (void)!write(wake_.get(), &many, sizeof many);
    thread_.join();
    unlink(path_.c_str());
  }

 private:
  void serve() {
    std::list<Connection> connections;
    while (!ending_) {
      connections.remove_if([](const Connection& c) { return c.done.load(); });
      std::vector<pollfd> waited{
          {wake_.get(), POLLIN, 0},
          {connections.size() < kMaximumConnections ? listener_.get() : -1, POLLIN, 0}};
      for (const Connection& connection : connections)
        waited.push_back({connection.socket.get(), POLLRDHUP, 0});
      // A finished connection wakes nobody: so look again from time to time while there are any.
      if (poll(waited.data(), waited.size(), connections.empty() ? -1 : 200) < 0 && errno != EINTR) break;
      std::size_t index = 2;
      for (Connection& connection : connections) {
        if ((waited[index++].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) connection.stop.request_stop();
      }
      if ((waited[1].revents & POLLIN) != 0) accept_one(connections);
    }
    for (Connection& connection : connections) {
      connection.stop.request_stop();
      shutdown(connection.socket.get(), SHUT_RDWR);
    }
  }

  void accept_one(std::list<Connection>& connections) {
    base::Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket || !may_ask(socket.get())) return;
    Connection& connection = connections.emplace_back();
    connection.socket = std::move(socket);
    connection.thread = std::jthread([this, &connection] {
      answer(connection);
      shutdown(connection.socket.get(), SHUT_RDWR);
      connection.done = true;
    });
  }

  /// Only the steps of this job, and whoever the runner itself is.
  bool may_ask(int socket) const {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    const std::uint32_t first = job_.services->host_uid;
    return peer.uid == geteuid() || (peer.uid >= first && peer.uid - first < kIdsOfAJob);
  }

  void send(Connection& connection, FrameKind kind, std::string_view text) {
    // A front that has gone needs no answer; its connection's end is what stops the work.
    if (!send_frame(connection.socket.get(), kind, text, wake_.get())) connection.stop.request_stop();
  }

  void answer(Connection& connection) {
    DockerAnswer answer;
    auto result = carry_out_request(connection);
    if (result) {
      answer = std::move(*result);
    } else {
      answer.exit_code = 1;
      send(connection, FrameKind::error, result.error().to_string() + "\n");
    }
    base::Json reply = {{"exit_code", answer.exit_code}};
    if (!answer.image_id.empty()) reply["image_id"] = answer.image_id;
    if (!answer.container_id.empty()) reply["container_id"] = answer.container_id;
    send(connection, FrameKind::result, base::to_text(reply));
  }

  base::Result<DockerAnswer> carry_out_request(Connection& connection) {
    TRY(auto request, receive_request(connection.socket.get()));
    TRY(const auto json, base::parse_json(request.text));
    std::vector<std::string> arguments;
    for (const base::Json& argument : base::json_member(json, "arguments")) {
      if (!argument.is_string())
        return base::make_error(base::ErrorKind::invalid_input, "docker: bad request");
      arguments.push_back(argument.get<std::string>());
    }
    DockerCall call;
    TRY(call.command, parse_docker_command(arguments));
    const base::Json& build_args = base::json_member(json, "build_args");
    for (const std::string& name : call.command.build_args_from_environment) {
      if (build_args.contains(name)) call.command.build_args[name] = base::json_string(build_args, name);
    }
    call.dockerfile = base::json_string(json, "dockerfile");
    call.password = base::json_string(json, "password", call.command.password);
    call.directory = base::json_string(json, "directory");
    for (const auto& [name, value] : base::json_member(json, "environment").items()) {
      if (value.is_string()) call.environment[name] = value.get<std::string>();
    }
    call.containers = &containers_;
    (call.command.verb == DockerVerb::build ? call.context : call.input) = request.context.get();
    call.stop = connection.stop.get_token();
    call.print = [&](std::string_view text) { send(connection, FrameKind::output, text); };
    call.complain = [&](std::string_view text) { send(connection, FrameKind::error, text); };
    return carry_out(call, job_);
  }

  RunningJob& job_;
  DockerContainers containers_;
  base::Path path_;
  base::Fd listener_;
  base::Fd wake_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace

base::Result<std::unique_ptr<DockerService>> DockerService::start(RunningJob& job, const base::Path& folder) {
  TRY(base::make_directories(folder, 0755));
  const base::Path path = folder / std::string(kDockerSocketName);
  TRY(auto listener, listen_at(path));
  base::Fd wake(eventfd(0, EFD_CLOEXEC));
  if (!wake) return base::system_error("eventfd", errno);
  return std::unique_ptr<DockerService>(
      std::make_unique<SocketDockerService>(job, path, std::move(listener), std::move(wake)));
}

}  // namespace steps
