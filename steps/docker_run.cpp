#include "steps/docker_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>

#include "base/strings.h"
#include "ecr/image_reference.h"
#include "steps/docker_containers.h"
#include "steps/job_images.h"
#include "steps/stored_images.h"

namespace steps {

namespace {

using base::Result;
using Stream = ContainerLog::Stream;

constexpr int kRefused = 125;  // as docker itself ends when its engine refuses

ContainerLog::Reader to_front(const DockerCall& call) {
  return [&call](Stream stream, std::string_view bytes) {
    stream == Stream::output ? call.print(bytes) : call.complain(bytes);
  };
}

ContainerOptions options_of(const DockerCall& call) {
  auto options = call.command.container;
  // What stands on the command line wins over files and what is passed on.
  for (const auto& [name, value] : call.environment) options.environment.try_emplace(name, value);
  for (auto& volume : options.volumes) {
    const bool relative = volume.source.starts_with('.') ||
                          (volume.source.find('/') != std::string::npos && !volume.source.starts_with('/'));
    if (relative) volume.source = (base::Path(call.directory) / volume.source).lexically_normal().string();
  }
  return options;
}

Result<std::shared_ptr<DockerContainer>> create(const DockerCall& call, RunningJob& job) {
  const auto& command = call.command;
  if (!job.services->containers) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "docker run: containers are sandboxes here; run the job without --sandbox none "
                            "or landlock");
  }
  TRY(const auto reference, ecr::parse_image_reference(command.operands[0]));
  const auto& store = *job.services->images;
  const bool has_name = store.resolve(reference.to_string()).ok();
  std::optional<ecr::Image> by_id;
  if (!has_name) {
    if (auto found = find_image_by_id(command.operands[0], store)) by_id = std::move(*found);
  }
  const bool is_here = has_name || by_id;
  if (!is_here) call.complain(fmt::format("Unable to find image '{}' locally\n", command.operands[0]));
  const ImageRequest wanted{.image = command.operands[0],
                            .login = {},
                            .policy = command.container.pull,
                            .stop = call.stop,
                            .say = [&](std::string_view line) {
                              if (!is_here) call.complain(fmt::format("{}\n", line));
                            }};
  ContainerRequested requested{.name = command.name,
                               .image = command.operands[0],
                               .found = {},
                               .command = command.command,
                               .options = options_of(call),
                               .remove_when_ended = command.remove};
  if (!command.networks.empty()) requested.networks = command.networks;
  for (auto& network : requested.networks) {
    if (network == "default") network = "bridge";
    if (requested.networks.size() > 1 && !is_own_network(network)) {
      return base::invalid_input(
          fmt::format("the network {} cannot be joined together with others here", network));
    }
  }
  if (by_id) {
    requested.found = *by_id;
  } else {
    TRY(requested.found, obtain_image(wanted, *job.services));
  }
  return call.containers->create(std::move(requested));
}

base::Fd input_for(const DockerCall& call) {
  if (!call.command.interactive || call.input < 0) return {};
  return base::Fd(::fcntl(call.input, F_DUPFD_CLOEXEC, 0));
}

// The front shows what the container prints until it ends; a front that is ended asks the program to end.
DockerAnswer attend(const DockerCall& call, DockerContainer& container) {
  DockerAnswer answer;
  if (!container.wait_for_end(call.stop)) {
    container.forget_output();
    (void)container.signal(SIGTERM);
  }
  container.forget_output();
  answer.exit_code = container.state().exit_code;
  return answer;
}

Result<DockerAnswer> run_it(const DockerCall& call, RunningJob& job) {
  TRY(const auto container, create(call, job));
  DockerAnswer answer{.container_id = container->id()};
  if (call.command.verb == DockerVerb::create) {
    call.print(container->id() + "\n");
    return answer;
  }
  const bool attached = !call.command.detach;
  auto started =
      call.containers->start(*container, attached ? to_front(call) : ContainerLog::Reader(), input_for(call));
  if (!started) {
    container->forget_output();
    const auto state = container->state();
    if (call.command.remove) call.containers->remove(*container);
    if (state.failure.empty()) return std::move(started).error();
    call.complain(fmt::format("docker: {}.\n", started.error().to_string()));
    answer.exit_code = state.exit_code;
    return answer;
  }
  if (!attached) {
    call.print(container->id() + "\n");
    return answer;
  }
  answer.exit_code = attend(call, *container).exit_code;
  if (call.command.remove) call.containers->remove(*container);
  return answer;
}

}  // namespace

Result<DockerAnswer> docker_run(const DockerCall& call, RunningJob& job) {
  auto answer = run_it(call, job);
  if (answer) return answer;
  call.complain(fmt::format("docker: {}.\n", answer.error().to_string()));
  return DockerAnswer{.exit_code = kRefused};
}

Result<DockerAnswer> docker_start(const DockerCall& call) {
  for (const auto& name : call.command.operands) {
    TRY(const auto container, call.containers->find(name));
    TRY(call.containers->start(*container, {}, {}));
    call.print(name + "\n");
  }
  return DockerAnswer{};
}

Result<DockerAnswer> docker_exec(const DockerCall& call) {
  TRY(const auto container, call.containers->find(call.command.operands[0]));
  const auto input = input_for(call);
  const auto options = options_of(call);
  call.containers->meet_at_open_ports();
  if (call.command.detach) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        "docker exec: -d is not supported here; let the command go to the background itself");
  }
  TRY(const auto ended,
      container->execute(call.command.command, options, input.get(), to_front(call), call.stop));
  if (!ended.failure.empty()) call.complain(fmt::format("OCI runtime exec failed: {}\n", ended.failure));
  return DockerAnswer{.exit_code = ended.shell_code()};
}

}  // namespace steps
