#include "steps/agent_offer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <mutex>
#include <vector>

#include "base/files.h"
#include "base/unix_socket.h"
#include "steps/docker_protocol.h"

namespace steps {
namespace {

using base::Result;

constexpr std::string_view kConnect = "connect";

/// Answers until the other end is gone; a connection that cannot be made is an answer without one.
void serve_agent(int own, const std::string& socket) {
  while (true) {
    pollfd waited{own, POLLIN, 0};
    const int count = poll(&waited, 1, -1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || !receive_request(own)) return;
    std::vector<base::Fd> made;
    if (auto agent = base::connect_to(socket, base::Blocking::no)) made.push_back(std::move(*agent));
    if (!send_request(own, kConnect, made)) return;
  }
}

/// A step may send whatever it has open: a connection to somewhere is all that is taken.
Result<base::Fd> checked_connection(std::vector<base::Fd> files) {
  struct stat status {};
  if (files.size() != 1 || fstat(files[0].get(), &status) != 0 || !S_ISSOCK(status.st_mode))
    return base::make_error(base::ErrorKind::not_found, "the step's ssh agent cannot be reached");
  const int flags = fcntl(files[0].get(), F_GETFL);
  if (flags < 0 || fcntl(files[0].get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return base::system_error("fcntl", errno);
  return std::move(files[0]);
}

}  // namespace

Result<std::unique_ptr<AgentOffer>> AgentOffer::start(const std::string& socket) {
  TRY(const auto probe, base::connect_to(socket, base::Blocking::no).while_doing("reaching the ssh agent"));
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return base::system_error("socketpair", errno);
  std::unique_ptr<AgentOffer> offer(new AgentOffer(base::Fd(ends[0]), base::Fd(ends[1])));
  offer->thread_ = std::thread([own = ends[0], socket] { serve_agent(own, socket); });
  return offer;
}

AgentOffer::~AgentOffer() {
  shutdown(own_.get(), SHUT_RDWR);
  thread_.join();
}

Result<ecr::AgentConnector> agent_inside(sandbox::Sandbox& sandbox, const std::string& socket) {
  const ecr::AgentConnector connect = [&sandbox,
                                       path = base::Path(socket).relative_path()]() -> Result<base::Fd> {
    TRY(const auto root, sandbox.root());
    // Whatever the links of the step say, it stays below its root.
    TRY(const auto place, base::open_beneath(root.get(), path, O_PATH | O_CLOEXEC));
    return base::connect_to(fmt::format("/proc/self/fd/{}", place.get()), base::Blocking::no);
  };
  TRY(const auto probe, connect().while_doing("reaching the ssh agent at " + socket));
  return connect;
}

ecr::AgentConnector agent_offered_at(int offer) {
  // Commands that run at the same time ask one after the other.
  auto turn = std::make_shared<std::mutex>();
  return [offer, turn]() -> Result<base::Fd> {
    const std::lock_guard lock(*turn);
    TRY(send_request(offer, kConnect, {}).while_doing("asking for the step's ssh agent"));
    TRY(auto answer, receive_request(offer).while_doing("asking for the step's ssh agent"));
    return checked_connection(std::move(answer.files));
  };
}

}  // namespace steps
