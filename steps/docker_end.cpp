#include "steps/docker_end.h"

#include <fmt/format.h>
#include <signal.h>

#include "base/signal_names.h"
#include "base/strings.h"
#include "steps/docker_containers.h"

namespace steps {

namespace {

using base::Result;

constexpr std::chrono::seconds kUsualPatience{10};

Result<int> checked_signal(const std::string& text, int otherwise) {
  if (text.empty()) return otherwise;
  if (const auto number = base::signal_number(text)) return *number;
  return base::invalid_input(fmt::format("Error response from daemon: invalid signal: {}", text));
}

void end(const DockerCall& call, DockerContainer& container, int number, std::chrono::seconds patience) {
  (void)container.signal(number);
  if (container.wait_for_end(call.stop, patience)) return;
  (void)container.signal(SIGKILL);
  (void)container.wait_for_end(call.stop);
}

Result<std::chrono::seconds> patience_of(const std::string& text) {
  if (text.empty()) return kUsualPatience;
  const auto seconds = base::parse_integer(text);
  if (seconds && *seconds >= 0 && *seconds <= 86'400) return std::chrono::seconds(*seconds);
  return base::invalid_input(fmt::format("docker stop: -t: expected a number of seconds, found '{}'", text));
}

Result<void> stop_container(const DockerCall& call, DockerContainer& container) {
  const auto& options = container.requested().options;
  TRY(const int usual, checked_signal(options.stop_signal, container.program().stop_signal));
  TRY(const int number, checked_signal(call.command.signal, usual));
  TRY(const auto patience,
      patience_of(call.command.seconds.empty() ? options.stop_seconds : call.command.seconds));
  end(call, container, number, patience);
  return {};
}

}  // namespace

Result<DockerAnswer> docker_stop(const DockerCall& call) {
  for (const auto& name : call.command.operands) {
    TRY(const auto container, call.containers->find(name));
    TRY(stop_container(call, *container));
    call.print(name + "\n");
  }
  return DockerAnswer{};
}

Result<DockerAnswer> docker_restart(const DockerCall& call) {
  for (const auto& name : call.command.operands) {
    TRY(const auto container, call.containers->find(name));
    TRY(stop_container(call, *container));
    TRY(call.containers->start(*container, {}, {}));
    call.print(name + "\n");
  }
  return DockerAnswer{};
}

Result<DockerAnswer> docker_kill(const DockerCall& call) {
  TRY(const int number, checked_signal(call.command.signal, SIGKILL));
  for (const auto& name : call.command.operands) {
    TRY(const auto container, call.containers->find(name));
    TRY(container->signal(number));
    if (number == SIGKILL) (void)container->wait_for_end(call.stop);
    call.print(name + "\n");
  }
  return DockerAnswer{};
}

Result<DockerAnswer> docker_rm(const DockerCall& call) {
  DockerAnswer answer;
  for (const auto& name : call.command.operands) {
    const auto found = call.containers->find(name);
    if (!found && call.command.force) continue;
    if (!found) {
      call.complain(found.error().to_string() + "\n");
      answer.exit_code = 1;
      continue;
    }
    auto& container = **found;
    if (container.state().phase == ContainerPhase::running) {
      if (!call.command.force) {
        return base::invalid_input(fmt::format(
            "Error response from daemon: cannot remove container \"/{}\": container is running: stop "
            "the container before removing or force remove",
            container.name()));
      }
      (void)container.signal(SIGKILL);
      (void)container.wait_for_end(call.stop);
    }
    call.containers->remove(container);
    call.print(name + "\n");
  }
  return answer;
}

Result<DockerAnswer> docker_wait(const DockerCall& call) {
  for (const auto& name : call.command.operands) {
    TRY(const auto container, call.containers->find(name));
    (void)container->wait_for_end(call.stop);
    call.print(fmt::format("{}\n", container->state().exit_code));
  }
  return DockerAnswer{};
}

}  // namespace steps
