// build, push and pull of the docker front.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/json.h"
#include "base/strings.h"
#include "ecr/build.h"
#include "ecr/build_settings.h"
#include "ecr/check_build.h"
#include "ecr/image_reference.h"
#include "ecr/pull.h"
#include "ecr/push.h"
#include "steps/agent_offer.h"
#include "steps/build_caches.h"
#include "steps/build_context.h"
#include "steps/docker_output.h"
#include "steps/docker_verbs.h"
#include "steps/job_images.h"

namespace steps {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

/// A line for each layer, as docker prints them.
std::string push_line(const ecr::PushProgress& progress) {
  using What = ecr::PushProgress::What;
  const std::string layer = progress.descriptor.digest.hex().substr(0, 12);
  switch (progress.what) {
    case What::exists:
      return layer + ": Layer already exists";
    case What::mounted:
      return layer + ": Mounted from another repository";
    case What::uploading:
      return layer + ": Pushing " + base::format_bytes(progress.descriptor.size);
    case What::uploaded:
      return layer + ": Pushed";
    case What::manifest:
      break;
  }
  return "";
}

/// An image of a registry for a platform.
struct WantedImage {
  ecr::ImageReference reference;
  ecr::Platform platform = ecr::host_platform();
  ecr::OtherPlatform other_platform = ecr::OtherPlatform::refused;
};

base::Result<ecr::Descriptor> pull_one(const DockerCall& call, RunningJob& job, const WantedImage& wanted,
                                       const std::function<void(std::string_view)>& say) {
  TRY(check_registry(*job.services, wanted.reference));
  ecr::PullOptions options;
  TRY(options.registry, registry_options(*job.services, call.stop));
  options.progress = [&](const std::string& line) { say(line + "\n"); };
  options.platform = wanted.platform;
  options.other_platform = wanted.other_platform;
  return ecr::pull(wanted.reference, *job.services->images, options);
}

std::vector<ecr::CachePlace> caches_as_seen_from(const std::string& directory,
                                                 std::vector<ecr::CachePlace> places) {
  for (auto& place : places) {
    if (place.kind == ecr::CachePlace::Kind::folder)
      place.name = (base::Path(directory) / place.name).lexically_normal().string();
  }
  return places;
}

}  // namespace

base::Result<std::unique_ptr<ecr::StreamedPush>> begin_push(const std::vector<std::string>& names,
                                                            const DockerCall& call, RunningJob& job,
                                                            ecr::BuildOptions& options) {
  TRY(auto registry, registry_options(*job.services, call.stop));
  auto begun = std::make_unique<ecr::StreamedPush>(*job.services->images, std::move(registry));
  for (const std::string& name : names) {
    TRY(const auto reference, ecr::parse_image_reference(std::string(base::trim(name))));
    TRY(check_registry(*job.services, reference));
    begun->add(reference);
  }
  options.layer_is_there = [raw = begun.get()](const ecr::Descriptor& layer) { raw->send(layer); };
  return begun;
}

base::Result<ecr::Descriptor> push_image(const DockerCall& call, RunningJob& job, const ImagePush& wanted) {
  const auto& reference = wanted.reference;
  TRY(check_registry(*job.services, reference));
  ecr::ImageStore& store = *job.services->images;
  if (!store.resolve(wanted.source)) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("An image does not exist locally with the tag: {}", reference.to_string()));
  }
  const auto say = [&call](std::string_view line) { call.print(fmt::format("{}\n", line)); };
  if (!call.command.quiet) say(fmt::format("The push refers to repository [{}]", reference.name()));
  const auto begin = SteadyClock::now();
  TRY(const auto plan, ecr::plan_push(store, wanted.source, reference));
  TRY(const auto registry, registry_options(*job.services, call.stop));
  const auto tell = [&](const ecr::PushProgress& progress) {
    const std::string line = push_line(progress);
    if (!call.command.quiet && !line.empty()) say(line);
  };
  TRY(const auto pushed,
      wanted.begun != nullptr ? wanted.begun->push(plan, tell) : ecr::push(plan, store, registry, tell));
  say(call.command.quiet ? reference.to_string()
                         : fmt::format("{}: digest: {} size: {}", reference.manifest_key(),
                                       pushed.digest.to_string(), pushed.manifest.size));
  std::uint64_t size = 0;
  for (const ecr::Descriptor& blob : plan.blobs) size += blob.size;
  base::Json details = base::Json::object();
  details["reference"] = reference.to_string();
  details["digest"] = pushed.digest.to_string();
  details["size"] = size;
  details["layers_uploaded"] = pushed.blobs_uploaded;
  details["layers_existing"] = pushed.blobs_present;
  details["bytes"] = pushed.bytes_uploaded;
  details["seconds"] = seconds_since(begin);
  job.log->event("image_pushed", details);
  return pushed.manifest;
}

base::Result<void> check_platform(const std::string& platform) {
  if (platform.empty()) return {};
  TRY(const auto wanted, ecr::parse_platform(platform));
  if (ecr::platform_fits(wanted, ecr::host_platform())) return {};
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("docker: the platform '{}' is not supported here; this machine is {}",
                                      platform, ecr::to_string(ecr::host_platform())));
}

base::Result<ecr::BuildOptions> docker_build_options(const DockerCall& call, RunningJob& job) {
  const DockerCommand& command = call.command;
  ecr::BuildOptions options;
  for (const std::string& tag : command.tags) {
    TRY(const auto reference, ecr::parse_image_reference(tag));
    options.tags.push_back(reference.to_string());
  }
  options.dockerfile = call.dockerfile;
  if (!command.dockerfile.empty() && command.dockerfile != "-") options.dockerfile_name = command.dockerfile;
  options.build_args = command.build_args;
  options.labels = command.labels;
  options.target = command.target;
  options.secrets = call.secrets;
  for (const auto& [id, offer] : call.agents) options.ssh_agents[id] = agent_offered_at(offer);
  options.no_cache = command.no_cache;
  options.always_pull = command.pull;
  options.stop = call.stop;
  options.network = job.services->network;
  options.remote = {
      .http = job.services->http, .why_no_connection = job.services->why_no_connection, .stop = call.stop};
  options.pull = [&call, &job](const ecr::ImageReference& reference, const ecr::Platform& platform) {
    return pull_one(call, job, {reference, platform, ecr::OtherPlatform::taken}, call.complain);
  };
  options.progress = [&call](const ecr::BuildProgress& progress) {
    if (!call.command.quiet) call.complain(progress.line + "\n");
  };
  return options;
}

base::Result<DockerAnswer> docker_check(const DockerCall& call, RunningJob& job,
                                        const ecr::BuildOptions& options) {
  TRY(const auto checked, ecr::check_build(options, *job.services->images, ecr::CheckedStages::all));
  call.print(checks_to_text(checked, options));
  return DockerAnswer{.exit_code = checked.findings.empty() ? 0 : 1};
}

void tell_docker_built(const DockerCall& call, RunningJob& job, const ecr::BuiltImage& built,
                       double seconds) {
  if (call.command.quiet) {
    call.print(built.image_id.to_string() + "\n");
  } else {
    call.complain(fmt::format("writing image {}\n", built.image_id.to_string()));
    for (const std::string& tag : built.tags) call.complain(fmt::format("naming to {}\n", tag));
  }
  base::Json details = base::Json::object();
  details["name"] = built.tags.empty() ? "" : built.tags[0];
  details["digest"] = built.manifest.digest.to_string();
  details["size"] = built.compressed_size;
  details["steps"] = built.steps_run;
  details["cached"] = built.steps_cached;
  details["seconds"] = seconds;
  job.log->event("image_built", details);
}

base::Result<DockerAnswer> docker_build(const DockerCall& call, RunningJob& job) {
  const auto& method = call.command.method;
  if (!method.empty() && method != "build" && method != "check")
    return base::invalid_input(
        fmt::format("docker: --call={} is not supported; what is: build, check", method));
  TRY(const auto outputs, build_outputs_of(call.command));
  TRY(auto options, docker_build_options(call, job));
  TRY(ecr::apply_build_settings(call.command.build, options));
  // Whatever is asked for, the policy of the job holds.
  if (job.services->network == sandbox::NetworkMode::isolated) options.network = job.services->network;
  TRY(options.registry, registry_options(*job.services, call.stop));
  TRY(const BuildContext context, admit_build_context(call.context, job));
  options.context = context.folder.get();
  std::vector<BuildContext> named;
  for (const auto& [name, value] : call.command.contexts) {
    if (ecr::is_image_context(value)) options.named_contexts[name] = value;
  }
  for (const auto& [name, folder] : call.contexts) {
    TRY(auto admitted, admit_named_context(name, folder, job, options));
    named.push_back(std::move(admitted));
  }
  if (method == "check") return docker_check(call, job, options);
  const auto from = caches_as_seen_from(call.directory, std::exchange(options.cache_from, {}));
  const auto to = caches_as_seen_from(call.directory, std::exchange(options.cache_to, {}));
  TRY(auto caches, BuildCaches::prepare(from, to, job, options));
  TRY(const auto begun, prepare_outputs(outputs, call, job, options));
  const auto begin = SteadyClock::now();
  TRY(auto built, ecr::build_image(options, *job.services->images));
  TRY(caches.deliver(job));
  DockerCall told = call;
  if (std::any_of(outputs.begin(), outputs.end(), is_for_stdout)) told.print = call.complain;
  tell_docker_built(told, job, built, seconds_since(begin));
  const Delivery delivery{.call = told, .job = job, .built = built, .begun = begun.get()};
  TRY(deliver_to_front(delivery, outputs, call.print));
  return DockerAnswer{.image_id = built.image_id.to_string(),
                      .metadata = base::to_text(ecr::build_metadata(built), 2) + "\n"};
}

base::Result<DockerAnswer> docker_push(const DockerCall& call, RunningJob& job) {
  TRY(const auto reference, ecr::parse_image_reference(call.command.operands[0]));
  if (!call.command.all_tags) {
    TRY(push_image(call, job, {.source = reference.to_string(), .reference = reference}));
    return DockerAnswer{};
  }
  TRY(const auto images, job.services->images->list());
  int pushed = 0;
  for (const ecr::NamedImage& image : images) {
    const auto candidate = ecr::parse_image_reference(image.name);
    if (!candidate || candidate->name() != reference.name() || candidate->tag.empty()) continue;
    TRY(push_image(call, job, {.source = candidate->to_string(), .reference = *candidate}));
    ++pushed;
  }
  if (pushed > 0) return DockerAnswer{};
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("An image does not exist locally with a tag of {}", reference.name()));
}

base::Result<DockerAnswer> docker_pull(const DockerCall& call, RunningJob& job) {
  TRY(check_platform(call.command.platform));
  TRY(const auto reference, ecr::parse_image_reference(call.command.operands[0]));
  const auto say = [&call](std::string_view text) {
    if (!call.command.quiet) call.print(text);
  };
  say(fmt::format("{}: Pulling from {}\n", reference.manifest_key(), reference.repository));
  TRY(const auto manifest, pull_one(call, job, {.reference = reference}, say));
  say(fmt::format("Digest: {}\n", manifest.digest.to_string()));
  call.print(reference.to_string() + "\n");
  return DockerAnswer{};
}

}  // namespace steps
