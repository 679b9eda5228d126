#include "steps/docker_options.h"

#include <map>

namespace steps {
namespace {

void add_pair(std::map<std::string, std::string>& pairs, const std::string& text) {
  const std::size_t equals = text.find('=');
  pairs[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
}

void take_build_arg(DockerCommand& command, const std::string& text) {
  if (text.find('=') == std::string::npos) {
    command.build_args_from_environment.push_back(text);
  } else {
    add_pair(command.build_args, text);
  }
}

constexpr auto ignore = [](DockerCommand&, const std::string&) {};

const std::vector<DockerOption>& build_options() {
  static const std::vector<DockerOption> options = {
      {"-t", true, [](DockerCommand& c, const std::string& v) { c.tags.push_back(v); }},
      {"--tag", true, [](DockerCommand& c, const std::string& v) { c.tags.push_back(v); }},
      {"-f", true, [](DockerCommand& c, const std::string& v) { c.dockerfile = v; }},
      {"--file", true, [](DockerCommand& c, const std::string& v) { c.dockerfile = v; }},
      {"--build-arg", true, take_build_arg},
      {"--label", true, [](DockerCommand& c, const std::string& v) { add_pair(c.labels, v); }},
      {"--build-context", true, [](DockerCommand& c, const std::string& v) { add_pair(c.contexts, v); }},
      {"--target", true, [](DockerCommand& c, const std::string& v) { c.target = v; }},
      {"--check", false, [](DockerCommand& c, const std::string&) { c.method = "check"; }},
      {"--call", true, [](DockerCommand& c, const std::string& v) { c.method = v; }},
      {"--platform", true, [](DockerCommand& c, const std::string& v) { c.build.platforms.push_back(v); }},
      {"--annotation", true,
       [](DockerCommand& c, const std::string& v) { c.build.annotations.push_back(v); }},
      {"--cache-from", true, [](DockerCommand& c, const std::string& v) { c.build.cache_from.push_back(v); }},
      {"--cache-to", true, [](DockerCommand& c, const std::string& v) { c.build.cache_to.push_back(v); }},
      {"--provenance", true, [](DockerCommand& c, const std::string& v) { c.build.provenance = v; }},
      {"--sbom", true, [](DockerCommand& c, const std::string& v) { c.build.sbom = v; }},
      {"--attest", true, [](DockerCommand& c, const std::string& v) { c.build.attestations.push_back(v); }},
      {"--network", true, [](DockerCommand& c, const std::string& v) { c.build.network = v; }},
      {"--secret", true, [](DockerCommand& c, const std::string& v) { c.secrets.push_back(v); }},
      {"--ssh", true, [](DockerCommand& c, const std::string& v) { c.agents.push_back(v); }},
      {"--iidfile", true, [](DockerCommand& c, const std::string& v) { c.iidfile = v; }},
      {"--metadata-file", true, [](DockerCommand& c, const std::string& v) { c.metadata_file = v; }},
      {"--no-cache", false, [](DockerCommand& c, const std::string&) { c.no_cache = true; }},
      {"--pull", false, [](DockerCommand& c, const std::string&) { c.pull = true; }},
      {"--push", false, [](DockerCommand& c, const std::string&) { c.push = true; }},
      {"-q", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--quiet", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--load", false, [](DockerCommand& c, const std::string&) { c.load = true; }},
      {"--rm", false, ignore},
      {"--force-rm", false, ignore},
      {"--progress", true, ignore},
      {"--builder", true, ignore, true},
      {"--output", true, [](DockerCommand& c, const std::string& v) { c.outputs.push_back(v); }},
      {"-o", true, [](DockerCommand& c, const std::string& v) { c.outputs.push_back(v); }},
  };
  return options;
}

const std::vector<DockerOption>& login_options() {
  static const std::vector<DockerOption> options = {
      {"-u", true, [](DockerCommand& c, const std::string& v) { c.username = v; }},
      {"--username", true, [](DockerCommand& c, const std::string& v) { c.username = v; }},
      {"-p", true, [](DockerCommand& c, const std::string& v) { c.password = v; }},
      {"--password", true, [](DockerCommand& c, const std::string& v) { c.password = v; }},
      {"--password-stdin", false, [](DockerCommand& c, const std::string&) { c.password_stdin = true; }},
  };
  return options;
}

const std::vector<DockerOption>& other_options() {
  static const std::vector<DockerOption> options = {
      {"-q", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--quiet", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"-a", false, [](DockerCommand& c, const std::string&) { c.all_tags = true; }},
      {"--all", false, ignore},
      {"--all-tags", false, [](DockerCommand& c, const std::string&) { c.all_tags = true; }},
      {"--platform", true, [](DockerCommand& c, const std::string& v) { c.platform = v; }},
      {"-f", true, [](DockerCommand& c, const std::string& v) { c.format = v; }},
      {"--format", true, [](DockerCommand& c, const std::string& v) { c.format = v; }},
      {"--no-trunc", false, [](DockerCommand& c, const std::string&) { c.whole = true; }},
      {"--digests", false, [](DockerCommand& c, const std::string&) { c.digests = true; }},
      {"--filter", true, [](DockerCommand& c, const std::string& v) { c.filters.push_back(v); }},
      {"--force", false, ignore},
      {"--type", true, ignore},
  };
  return options;
}

void take_environment(DockerCommand& command, const std::string& text) {
  if (text.find('=') == std::string::npos) {
    command.environment_of_caller.push_back(text);
  } else {
    add_pair(command.container.environment, text);
  }
}

/// Of run, create and exec, beside those of containers (container_options).
const std::vector<DockerOption>& run_options() {
  static const std::vector<DockerOption> options = {
      {"-d", false, [](DockerCommand& c, const std::string&) { c.detach = true; }},
      {"--detach", false, [](DockerCommand& c, const std::string&) { c.detach = true; }},
      {"-i", false, [](DockerCommand& c, const std::string&) { c.interactive = true; }},
      {"--interactive", false, [](DockerCommand& c, const std::string&) { c.interactive = true; }},
      // There is no terminal in a job.
      {"-t", false, ignore},
      {"--tty", false, ignore},
      {"--rm", false, [](DockerCommand& c, const std::string&) { c.remove = true; }},
      {"-e", true, take_environment},
      {"--env", true, take_environment},
      {"--env-file", true, [](DockerCommand& c, const std::string& v) { c.environment_files.push_back(v); }},
      {"--name", true, [](DockerCommand& c, const std::string& v) { c.name = v; }},
      {"--network", true, [](DockerCommand& c, const std::string& v) { c.networks.push_back(v); }},
      {"--net", true, [](DockerCommand& c, const std::string& v) { c.networks.push_back(v); }},
      {"--cidfile", true, [](DockerCommand& c, const std::string& v) { c.cidfile = v; }},
      // A container that ended stays so; told, as of compose.
      {"--restart", true, ignore, true},
  };
  return options;
}

const std::vector<DockerOption>& container_options() {
  static const std::vector<DockerOption> options = {
      {"-a", false, [](DockerCommand& c, const std::string&) { c.all = true; }},
      {"--all", false, [](DockerCommand& c, const std::string&) { c.all = true; }},
      {"-q", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--quiet", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"-l", false, [](DockerCommand& c, const std::string&) { c.newest = "1"; }},
      {"--latest", false, [](DockerCommand& c, const std::string&) { c.newest = "1"; }},
      {"-n", true, [](DockerCommand& c, const std::string& v) { c.newest = v; }},
      {"--last", true, [](DockerCommand& c, const std::string& v) { c.newest = v; }},
      {"--no-trunc", false, [](DockerCommand& c, const std::string&) { c.whole = true; }},
      {"--format", true, [](DockerCommand& c, const std::string& v) { c.format = v; }},
      {"--filter", true, [](DockerCommand& c, const std::string& v) { c.filters.push_back(v); }},
      {"-f", true, [](DockerCommand& c, const std::string& v) { c.filters.push_back(v); }},
  };
  return options;
}

const std::vector<DockerOption>& log_options() {
  static const std::vector<DockerOption> options = {
      {"-f", false, [](DockerCommand& c, const std::string&) { c.follow = true; }},
      {"--follow", false, [](DockerCommand& c, const std::string&) { c.follow = true; }},
      {"-n", true, [](DockerCommand& c, const std::string& v) { c.tail = v; }},
      {"--tail", true, [](DockerCommand& c, const std::string& v) { c.tail = v; }},
  };
  return options;
}

/// Of start, stop, kill and rm.
const std::vector<DockerOption>& end_options() {
  static const std::vector<DockerOption> options = {
      {"-t", true, [](DockerCommand& c, const std::string& v) { c.seconds = v; }},
      {"--time", true, [](DockerCommand& c, const std::string& v) { c.seconds = v; }},
      {"--timeout", true, [](DockerCommand& c, const std::string& v) { c.seconds = v; }},
      {"-s", true, [](DockerCommand& c, const std::string& v) { c.signal = v; }},
      {"--signal", true, [](DockerCommand& c, const std::string& v) { c.signal = v; }},
      {"-f", false, [](DockerCommand& c, const std::string&) { c.force = true; }},
      {"--force", false, [](DockerCommand& c, const std::string&) { c.force = true; }},
      {"-v", false, ignore},
      {"--volumes", false, ignore},
  };
  return options;
}

const std::vector<DockerOption>& archive_options() {
  static const std::vector<DockerOption> options = {
      {"-o", true, [](DockerCommand& c, const std::string& v) { c.file = v; }},
      {"--output", true, [](DockerCommand& c, const std::string& v) { c.file = v; }},
      {"-i", true, [](DockerCommand& c, const std::string& v) { c.file = v; }},
      {"--input", true, [](DockerCommand& c, const std::string& v) { c.file = v; }},
      {"-q", false, ignore},
      {"--quiet", false, ignore},
  };
  return options;
}

const std::vector<DockerOption>& copy_options() {
  static const std::vector<DockerOption> options = {
      {"-a", false, [](DockerCommand& c, const std::string&) { c.keep_owners = true; }},
      {"--archive", false, [](DockerCommand& c, const std::string&) { c.keep_owners = true; }},
      {"-L", false, [](DockerCommand& c, const std::string&) { c.follow_link = true; }},
      {"--follow-link", false, [](DockerCommand& c, const std::string&) { c.follow_link = true; }},
      {"-q", false, ignore},
      {"--quiet", false, ignore},
  };
  return options;
}

/// Of images in their registries.
const std::vector<DockerOption>& remote_options() {
  static const std::vector<DockerOption> options = {
      {"-t", true, [](DockerCommand& c, const std::string& v) { c.tags.push_back(v); }},
      {"--tag", true, [](DockerCommand& c, const std::string& v) { c.tags.push_back(v); }},
      {"--dry-run", false, [](DockerCommand& c, const std::string&) { c.only_shown = true; }},
      {"--raw", false, [](DockerCommand& c, const std::string&) { c.raw = true; }},
      {"--format", true, [](DockerCommand& c, const std::string& v) { c.format = v; }},
      {"--builder", true, ignore},
      {"--progress", true, ignore},
  };
  return options;
}

const std::vector<DockerOption>& history_options() {
  static const std::vector<DockerOption> options = {
      {"-q", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--quiet", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--no-trunc", false, [](DockerCommand& c, const std::string&) { c.whole = true; }},
      {"--format", true, [](DockerCommand& c, const std::string& v) { c.format = v; }},
      {"-H", false, ignore},
      {"--human", false, ignore},
  };
  return options;
}

/// Of networks and volumes.
const std::vector<DockerOption>& shared_options() {
  static const std::vector<DockerOption> options = {
      {"-q", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--quiet", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--format", true, [](DockerCommand& c, const std::string& v) { c.format = v; }},
      {"--filter", true, [](DockerCommand& c, const std::string& v) { c.filters.push_back(v); }},
      {"-f", false, [](DockerCommand& c, const std::string&) { c.force = true; }},
      {"--force", false, [](DockerCommand& c, const std::string&) { c.force = true; }},
      // All are of one kind, nothing asks for their labels, and all of them end with the job.
      {"-d", true, ignore},
      {"--driver", true, ignore},
      {"--label", true, ignore},
      {"--attachable", false, ignore},
      {"-a", false, ignore},
      {"--all", false, ignore},
      {"--no-trunc", false, ignore},
  };
  return options;
}

const std::vector<DockerOption>& prune_options() {
  static const std::vector<DockerOption> options = {
      // There is nobody to be asked, and what -a means is kept anyway.
      {"-f", false, ignore},
      {"--force", false, ignore},
      {"-a", false, ignore},
      {"--all", false, ignore},
      {"--volumes", false, [](DockerCommand& c, const std::string&) { c.with_volumes = true; }},
      {"--filter", true, [](DockerCommand& c, const std::string& v) { c.filters.push_back(v); }},
  };
  return options;
}

}  // namespace

const std::vector<DockerOption>& docker_options_of(DockerVerb verb) {
  if (verb == DockerVerb::build) return build_options();
  switch (verb) {
    case DockerVerb::login:
      return login_options();
    case DockerVerb::run:
    case DockerVerb::create:
    case DockerVerb::exec:
      return run_options();
    case DockerVerb::ps:
      return container_options();
    case DockerVerb::save:
    case DockerVerb::load:
      return archive_options();
    case DockerVerb::cp:
      return copy_options();
    case DockerVerb::history:
      return history_options();
    case DockerVerb::manifest_inspect:
    case DockerVerb::imagetools_inspect:
    case DockerVerb::imagetools_create:
      return remote_options();
    case DockerVerb::logs:
      return log_options();
    case DockerVerb::start:
    case DockerVerb::stop:
    case DockerVerb::restart:
    case DockerVerb::kill:
    case DockerVerb::rm:
      return end_options();
    case DockerVerb::container_prune:
    case DockerVerb::image_prune:
    case DockerVerb::system_prune:
      return prune_options();
    case DockerVerb::network_create:
    case DockerVerb::network_rm:
    case DockerVerb::network_ls:
    case DockerVerb::network_inspect:
    case DockerVerb::network_prune:
    case DockerVerb::volume_create:
    case DockerVerb::volume_rm:
    case DockerVerb::volume_ls:
    case DockerVerb::volume_inspect:
    case DockerVerb::volume_prune:
      return shared_options();
    default:
      return other_options();
  }
}

}  // namespace steps
