#include "steps/docker_verbs.h"

#include <fmt/format.h>

#include "ecr/image_reference.h"
#include "ecr/image_store.h"
#include "steps/docker_archive.h"
#include "steps/docker_cp.h"
#include "steps/docker_end.h"
#include "steps/docker_image_tools.h"
#include "steps/docker_networks.h"
#include "steps/docker_prune.h"
#include "steps/docker_ps.h"
#include "steps/docker_run.h"
#include "steps/docker_volumes.h"
#include "steps/job_images.h"
#include "steps/registry_logins.h"
#include "steps/secret_masker.h"
#include "steps/stored_images.h"

namespace steps {
namespace {

/// `https://index.docker.io/v1/` and an absent name mean Docker's own registry.
std::string registry_of(const DockerCommand& command) {
  std::string_view name =
      command.operands.empty() ? std::string_view("docker.io") : std::string_view(command.operands[0]);
  for (std::string_view scheme : {"https://", "http://"}) {
    if (name.starts_with(scheme)) name.remove_prefix(scheme.size());
  }
  name = name.substr(0, name.find('/'));
  return name == "index.docker.io" || name == "registry-1.docker.io" ? "docker.io" : std::string(name);
}

/// Asks the registry whether it takes the login.
base::Result<void> check_login(const DockerCall& call, RunningJob& job, const std::string& registry) {
  if (job.services->http == nullptr) return {};
  TRY(auto options, registry_options(*job.services, call.stop));
  options.credentials[registry] = {call.command.username, call.password};
  ecr::ImageReference target;
  target.host = registry;
  auto answered = ecr::RegistryClient(options, target).ping();
  if (answered) return {};
  return std::move(answered).error().while_doing(fmt::format("logging in to {}", registry));
}

base::Result<DockerAnswer> login(const DockerCall& call, RunningJob& job) {
  if (call.password.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "docker login: no password came; give it on stdin with --password-stdin");
  }
  job.masker->add(call.password);
  const std::string registry = registry_of(call.command);
  TRY(check_login(call, job, registry));
  remember_login(*job.services, registry, {call.command.username, call.password});
  call.print("Login Succeeded\n");
  return DockerAnswer{};
}

base::Result<DockerAnswer> logout(const DockerCall& call, RunningJob& job) {
  const std::string registry = registry_of(call.command);
  if (forget_login(*job.services, registry)) {
    call.print(fmt::format("Removing login credentials for {}\n", registry));
  } else {
    call.print(fmt::format("Not logged in to {}\n", registry));
  }
  return DockerAnswer{};
}

base::Result<DockerAnswer> tag(const DockerCall& call, RunningJob& job) {
  TRY(const auto source, ecr::parse_image_reference(call.command.operands[0]));
  TRY(const auto target, ecr::parse_image_reference(call.command.operands[1]));
  const auto& store = *job.services->images;
  auto found = store.resolve(source.to_string());
  if (!found) {
    if (const auto by_id = find_image_by_id(call.command.operands[0], store)) found = by_id->descriptor;
  }
  if (!found) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("Error response from daemon: No such image: {}", call.command.operands[0]));
  }
  TRY(job.services->images->tag(target.to_string(), *found));
  return DockerAnswer{};
}

base::Result<void> remove_names_of(const ecr::Image& image, const DockerCall& call, ecr::ImageStore& store) {
  TRY(const auto images, store.list());
  for (const ecr::NamedImage& named : images) {
    if (named.name.empty() || named.descriptor.digest != image.descriptor.digest) continue;
    TRY(store.remove(named.name));
    call.print(fmt::format("Untagged: {}\n", familiar_name(named.name)));
  }
  call.print(fmt::format("Deleted: {}\n", image.manifest.config.digest.to_string()));
  return {};
}

base::Result<DockerAnswer> remove(const DockerCall& call, RunningJob& job) {
  DockerAnswer answer;
  for (const std::string& operand : call.command.operands) {
    TRY(const auto reference, ecr::parse_image_reference(operand));
    auto& store = *job.services->images;
    if (store.remove(reference.to_string())) {
      call.print(fmt::format("Untagged: {}\n", familiar_name(reference.to_string())));
    } else if (const auto by_id = find_image_by_id(operand, store)) {
      TRY(remove_names_of(*by_id, call, store));
    } else {
      call.complain(fmt::format("Error: No such image: {}\n", operand));
      answer.exit_code = 1;
    }
  }
  return answer;
}

}  // namespace

base::Result<DockerAnswer> carry_out(const DockerCall& call, RunningJob& job) {
  if (call.command.asks_for_help) {
    call.print(docker_help(call.command.verb));
    return DockerAnswer{};
  }
  const bool needs_images = call.command.verb != DockerVerb::login &&
                            call.command.verb != DockerVerb::logout &&
                            call.command.verb != DockerVerb::version && call.command.verb != DockerVerb::help;
  if (needs_images && job.services->images == nullptr) {
    return base::make_error(base::ErrorKind::internal, "docker: this run has no image store");
  }
  for (const std::string& option : call.command.ignored)
    call.complain(fmt::format("docker: the option '{}' has no effect here\n", option));
  switch (call.command.verb) {
    case DockerVerb::run:
    case DockerVerb::create:
      return docker_run(call, job);
    case DockerVerb::start:
      return docker_start(call);
    case DockerVerb::exec:
      return docker_exec(call);
    case DockerVerb::ps:
      return docker_ps(call);
    case DockerVerb::logs:
      return docker_logs(call);
    case DockerVerb::port:
      return docker_port(call);
    case DockerVerb::stop:
      return docker_stop(call);
    case DockerVerb::restart:
      return docker_restart(call);
    case DockerVerb::kill:
      return docker_kill(call);
    case DockerVerb::rm:
      return docker_rm(call);
    case DockerVerb::wait:
      return docker_wait(call);
    case DockerVerb::network_create:
    case DockerVerb::network_rm:
    case DockerVerb::network_ls:
    case DockerVerb::network_inspect:
    case DockerVerb::network_prune:
      return docker_network(call);
    case DockerVerb::volume_create:
    case DockerVerb::volume_rm:
    case DockerVerb::volume_ls:
    case DockerVerb::volume_inspect:
    case DockerVerb::volume_prune:
      return docker_volume(call, job);
    case DockerVerb::build:
      return docker_build(call, job);
    case DockerVerb::push:
      return docker_push(call, job);
    case DockerVerb::pull:
      return docker_pull(call, job);
    case DockerVerb::images:
      return docker_images(call, job);
    case DockerVerb::inspect:
      return docker_inspect(call, job);
    case DockerVerb::history:
      return docker_history(call, job);
    case DockerVerb::manifest_inspect:
    case DockerVerb::imagetools_inspect:
      return docker_inspect_remote(call, job);
    case DockerVerb::imagetools_create:
      return docker_create_index(call, job);
    case DockerVerb::save:
      return docker_save(call, job);
    case DockerVerb::load:
      return docker_load(call, job);
    case DockerVerb::login:
      return login(call, job);
    case DockerVerb::logout:
      return logout(call, job);
    case DockerVerb::tag:
      return tag(call, job);
    case DockerVerb::rmi:
      return remove(call, job);
    case DockerVerb::version:
    case DockerVerb::info:
      return docker_version(call);
    case DockerVerb::cp:
      return docker_cp(call, job);
    case DockerVerb::container_prune:
    case DockerVerb::image_prune:
    case DockerVerb::system_prune:
      return docker_prune(call, job);
    case DockerVerb::help:
      break;
  }
  call.print(docker_help());
  return DockerAnswer{};
}

}  // namespace steps
