#include "steps/docker_service.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <list>
#include <stop_token>
#include <thread>

#include "base/crypto.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/unix_socket.h"
#include "steps/docker_containers.h"
#include "steps/docker_protocol.h"
#include "steps/docker_verbs.h"

namespace steps {
namespace {

constexpr int kMaximumConnections = 256;  // a follower for each container, and more
constexpr std::uint32_t kIdsOfAJob = 65536;

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
          {connections.size() < std::size_t{kMaximumConnections} ? listener_.get() : -1, POLLIN, 0}};
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
    if (!answer.metadata.empty()) reply["metadata"] = answer.metadata;
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
    for (const auto& [id, content] : base::json_member(json, "secrets").items()) {
      if (!content.is_string()) continue;
      TRY(call.secrets[id], base::base64_decode(content.get<std::string>()));
    }
    call.dockerfile = base::json_string(json, "dockerfile");
    call.password = base::json_string(json, "password", call.command.password);
    call.directory = base::json_string(json, "directory");
    for (const auto& [name, value] : base::json_member(json, "environment").items()) {
      if (value.is_string()) call.environment[name] = value.get<std::string>();
    }
    for (const auto& word : base::json_member(json, "health_test")) {
      if (word.is_string()) call.command.container.health_command.push_back(word.get<std::string>());
    }
    if (const auto& copied = base::json_member(json, "copied"); copied.is_object()) {
      call.copied = CopiedThing{.name = base::json_string(copied, "name"),
                                .is_folder = base::json_bool(copied, "is_folder", false)};
    }
    call.only_asked = base::json_bool(json, "only_asked", false);
    call.containers = &containers_;
    if (!request.files.empty())
      (call.command.verb == DockerVerb::build ? call.context : call.input) = request.files[0].get();
    std::size_t next_file = 1;
    for (const auto& name : base::json_member(json, "contexts")) {
      if (name.is_string() && next_file < request.files.size())
        call.contexts[name.get<std::string>()] = request.files[next_file++].get();
    }
    for (const auto& id : base::json_member(json, "agents")) {
      if (id.is_string() && next_file < request.files.size())
        call.agents[id.get<std::string>()] = request.files[next_file++].get();
    }
    call.stop = connection.stop.get_token();
    call.print = [&](std::string_view text) { send(connection, FrameKind::output, text); };
    call.complain = [&](std::string_view text) { send(connection, FrameKind::error, text); };
    call.begin_output = [&](std::size_t n) { send(connection, FrameKind::begin, std::to_string(n)); };
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
  TRY(auto listener, base::listen_at(path, kMaximumConnections));
  if (chmod(path.c_str(), 0666) != 0) return base::system_error("chmod " + path.string(), errno);
  base::Fd wake(eventfd(0, EFD_CLOEXEC));
  if (!wake) return base::system_error("eventfd", errno);
  return std::unique_ptr<DockerService>(
      std::make_unique<SocketDockerService>(job, path, std::move(listener), std::move(wake)));
}

}  // namespace steps
