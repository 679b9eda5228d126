#include "sandbox/overlay.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "sandbox/machine.h"
#include "sandbox/overlay_mount.h"
#include "sandbox/protocol.h"
#include "sandbox/spawn_zygote.h"

namespace sandbox {

namespace {

using base::Fd;
using base::Result;
using protocol::Kind;
using protocol::Message;

// Runs on a thread that is made for it: the mount namespace is the thread's own, and ends with it. What stays
// is the mount that the descriptor holds.
Result<Fd> mount_as_root(const OverlayFolders& folders) {
  if (::unshare(CLONE_NEWNS) != 0) {
    return base::system_error("building an image needs the right to mount: unshare", errno);
  }
  return mount_overlay(folders, Mounter::root);
}

// A program with threads cannot enter a user namespace: another process does.
Result<Fd> ask_for_overlay(const OverlayFolders& folders) {
  TRY(auto spawned, spawn_zygote());
  Message request{.kind = Kind::overlay};
  request.texts = {folders.upper, folders.work};
  request.texts.insert(request.texts.end(), folders.lower.begin(), folders.lower.end());
  const auto sent = protocol::send(spawned.control.get(), request);
  auto answer = sent ? protocol::receive(spawned.control.get()) : Result<Message>(sent.error());
  spawned.control.reset();
  while (::waitpid(spawned.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!answer) return std::move(answer).error().while_doing("asking for an overlay");
  if (answer->number == 0 && !answer->fds.empty()) return std::move(answer->fds[0]);
  return base::make_error(base::ErrorKind::denied,
                          answer->texts.empty() ? "the overlay could not be mounted" : answer->texts[0])
      .while_doing("mounting an overlay without root: " + advice_for_namespaces());
}

}  // namespace

Result<Fd> open_overlay_nowhere(const OverlayFolders& folders) {
  if (::geteuid() != 0) return ask_for_overlay(folders);
  Result<Fd> mounted = base::make_error(base::ErrorKind::internal, "not mounted");
  std::thread([&] { mounted = mount_as_root(folders); }).join();
  return mounted;
}

}  // namespace sandbox
