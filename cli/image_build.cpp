#include "cli/image_build.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/image_registry.h"
#include "cli/interrupts.h"
#include "cli/run_inputs.h"
#include "ecr/build.h"
#include "ecr/build_ignore.h"
#include "ecr/build_settings.h"
#include "ecr/check_build.h"
#include "ecr/docker_config.h"
#include "ecr/pull.h"
#include "ecr/streamed_push.h"

namespace cli {

namespace {

using base::Path;
using base::Result;

constexpr std::size_t kLargestSecret = 1U << 20;

Result<std::map<std::string, ecr::AgentConnector>> find_agents(const std::vector<std::string>& texts) {
  std::map<std::string, ecr::AgentConnector> agents;
  TRY(const auto sockets, ecr::read_build_agents(texts));
  for (const auto& [id, socket] : sockets) agents[id] = ecr::agent_at(socket);
  return agents;
}

/// The Dockerfile's name in the context where it lies in it, and the ignore file beside it where it does not.
Result<void> read_dockerfile(const ImageBuildFlags& flags, const Path& context, ecr::BuildOptions& options) {
  const Path file = flags.file.empty() ? ecr::dockerfile_in(context) : Path(flags.file);
  TRY(options.dockerfile, base::read_file(file));
  const auto relative = std::filesystem::absolute(file).lexically_normal().lexically_relative(
      std::filesystem::absolute(context).lexically_normal());
  const bool inside = !relative.empty() && *relative.begin() != "..";
  options.dockerfile_name = inside ? relative.string() : file.string();
  if (inside) return {};
  const auto ignore = base::read_file(file.string() + ".dockerignore", kLargestSecret);
  if (ignore) options.ignore = *ignore;
  return {};
}

// The service of type=gha belongs to a job; here there is none.
Result<void> refuse_actions_caches(const std::vector<ecr::CachePlace>& places) {
  for (const auto& place : places) {
    if (place.kind == ecr::CachePlace::Kind::actions) {
      return base::invalid_input(
          "a cache with type=gha is for jobs, by docker/build-push-action; use type=registry or type=local");
    }
  }
  return {};
}

Result<void> read_pairs_of_build(const ImageBuildFlags& flags, ecr::BuildOptions& options) {
  TRY(options.build_args, parse_pairs(flags.arguments, BareName::from_environment));
  TRY(options.labels, parse_pairs(flags.labels, BareName::refused));
  TRY(options.named_contexts, parse_pairs(flags.contexts, BareName::refused));
  TRY(options.secrets, ecr::read_build_secrets(flags.secrets));
  TRY(options.ssh_agents, find_agents(flags.agents));
  TRY(ecr::apply_build_settings(flags.settings, options));
  TRY(refuse_actions_caches(options.cache_from));
  TRY(refuse_actions_caches(options.cache_to));
  if (const char* epoch = std::getenv(ecr::kEpochArg)) options.build_args.try_emplace(ecr::kEpochArg, epoch);
  return {};
}

Result<ecr::PullOptions> pull_options_of_build(base::HttpClient& http, const ecr::Platform& platform) {
  ecr::PullOptions options{.platform = platform, .other_platform = ecr::OtherPlatform::taken};
  TRY(options.registry, ecr::user_registry_options(http));
  options.registry.stop = interrupt_token();
  options.progress = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  return options;
}

Result<std::vector<ecr::ImageReference>> push_targets(const ImageBuildFlags& flags) {
  std::vector<ecr::ImageReference> targets;
  if (!flags.push) return targets;
  if (flags.tags.empty())
    return base::invalid_input("--push needs to know where to: give it a name with --tag");
  for (const auto& tag : flags.tags) {
    TRY(auto target, ecr::parse_image_reference(tag));
    targets.push_back(std::move(target));
  }
  return targets;
}

Result<void> build_and_push(const ImageBuildFlags& flags, ecr::BuildOptions& options,
                            ecr::ImageStore& store) {
  ecr::StreamedPush push(store, options.registry);
  TRY(const auto targets, push_targets(flags));
  for (const auto& target : targets) push.add(target);
  if (flags.push) options.layer_is_there = [&](const ecr::Descriptor& layer) { push.send(layer); };
  TRY(auto built, ecr::build_image(options, store));
  for (const auto& target : targets) {
    TRY(const auto plan, ecr::plan_push(store, target.to_string(), target));
    TRY(const auto pushed, push.push(plan));
    built.manifest = pushed.manifest;
    if (!flags.quiet) fmt::print(stderr, "{}\n", to_text(pushed, target));
  }
  if (!flags.image_id_file.empty()) TRY(base::write_file(flags.image_id_file, built.image_id.to_string()));
  if (!flags.metadata_file.empty())
    TRY(base::write_file(flags.metadata_file, base::to_text(ecr::build_metadata(built), 2) + "\n"));
  fmt::print("{}\n", built.manifest.digest.to_string());
  return {};
}

}  // namespace

void add_image_build_options(CLI::App* verb, ImageBuildFlags& flags) {
  const auto list = [verb](const char* name, std::vector<std::string>& into, const char* help) {
    verb->add_option(name, into, help)->allow_extra_args(false);
  };
  list("-t,--tag", flags.tags, "Name for the image");
  verb->add_option("-f,--file", flags.file, "The Dockerfile; default: Dockerfile in the context");
  verb->add_option("--target", flags.target, "The stage to stop at");
  list("--build-arg", flags.arguments, "NAME=VALUE");
  list("--build-context", flags.contexts, "A folder or image that FROM and COPY --from know: NAME=…");
  list("--label", flags.labels, "A label of the image: NAME=VALUE");
  list("--secret", flags.secrets, "A secret for RUN: id=NAME,src=FILE or id=NAME,env=VARIABLE");
  list("--ssh", flags.agents, "An ssh agent for RUN: default, or NAME=SOCKET");
  list("--cache-from", flags.settings.cache_from,
       "Layers of another build: type=registry,ref=… or type=local,src=…");
  list("--cache-to", flags.settings.cache_to,
       "Where to leave this build's layers: type=registry,ref=…[,mode=max], type=local,dest=…, type=inline");
  list("--platform", flags.settings.platforms,
       "linux/amd64,linux/arm64: several make an index; default: this machine's");
  list("--annotation", flags.settings.annotations, "Of the manifest, or index:key=value and the like");
  verb->add_option("--provenance", flags.settings.provenance, "Attest how it was built: true or mode=min,…")
      ->expected(0, 1)
      ->default_str("true");
  verb->add_option("--sbom", flags.settings.sbom, "Attest the packages in it: true")
      ->expected(0, 1)
      ->default_str("true");
  verb->add_option("--network", flags.settings.network, "Of RUN: default or none")
      ->check(CLI::IsMember({"default", "host", "none"}));
  verb->add_option("--iidfile", flags.image_id_file, "Write the image's id there");
  verb->add_option("--metadata-file", flags.metadata_file,
                   "Write the digests of what was built there, as JSON");
  verb->add_flag("--check", flags.check, "Only hold the Dockerfile against the build checks; 1 if one warns");
  verb->add_flag("--no-cache", flags.no_cache, "Use no cached layer");
  verb->add_flag("--pull", flags.pull, "Ask the registry for base images that are here");
  verb->add_flag("--push", flags.push,
                 "Push it to the registries of its names; layers go while later ones are made");
  verb->add_flag("-q,--quiet", flags.quiet, "Print the digest only");
}

Result<int> build_image_of(const ImageBuildFlags& flags, const std::string& folder, ecr::ImageStore& store,
                           base::HttpClient& http) {
  TRY(const auto context, base::open_directory(folder));
  ecr::BuildOptions options{.context = context.get(), .tags = flags.tags};
  TRY(read_dockerfile(flags, folder, options));
  TRY(read_pairs_of_build(flags, options));
  options.target = flags.target;
  options.no_cache = flags.no_cache;
  options.always_pull = flags.pull;
  options.remote.http = &http;
  TRY(options.registry, ecr::user_registry_options(http));
  options.registry.stop = interrupt_token();
  options.pull = [&](const ecr::ImageReference& reference,
                     const ecr::Platform& platform) -> Result<ecr::Descriptor> {
    TRY(const auto how, pull_options_of_build(http, platform));
    return ecr::pull(reference, store, how);
  };
  options.progress = [&flags](const ecr::BuildProgress& progress) {
    if (!flags.quiet) fmt::print(stderr, "{}\n", progress.line);
  };
  options.stop = interrupt_token();
  if (flags.check) {
    TRY(const auto checked, ecr::check_build(options, store, ecr::CheckedStages::all));
    fmt::print("{}", checks_to_text(checked, options));
    return checked.findings.empty() ? kPassed : kJobFailed;
  }
  TRY(build_and_push(flags, options, store));
  return kPassed;
}

}  // namespace cli
