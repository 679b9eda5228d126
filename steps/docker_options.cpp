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
      {"--target", true, [](DockerCommand& c, const std::string& v) { c.target = v; }},
      {"--platform", true, [](DockerCommand& c, const std::string& v) { c.platform = v; }},
      {"--iidfile", true, [](DockerCommand& c, const std::string& v) { c.iidfile = v; }},
      {"--no-cache", false, [](DockerCommand& c, const std::string&) { c.no_cache = true; }},
      {"--pull", false, [](DockerCommand& c, const std::string&) { c.pull = true; }},
      {"--push", false, [](DockerCommand& c, const std::string&) { c.push = true; }},
      {"-q", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--quiet", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--load", false, ignore},
      {"--rm", false, ignore},
      {"--force-rm", false, ignore},
      {"--progress", true, ignore},
      {"--network", true, ignore, true},
      {"--cache-from", true, ignore, true},
      {"--cache-to", true, ignore, true},
      {"--provenance", true, ignore, true},
      {"--sbom", true, ignore, true},
      {"--builder", true, ignore, true},
      {"--secret", true, nullptr},
      {"--ssh", true, nullptr},
      {"--output", true, nullptr},
      {"-o", true, nullptr},
      {"--build-context", true, nullptr},
      {"--metadata-file", true, nullptr},
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
      {"--no-trunc", false, ignore},
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
      {"--network", true, [](DockerCommand& c, const std::string& v) { c.network = v; }},
      {"--net", true, [](DockerCommand& c, const std::string& v) { c.network = v; }},
      {"--cidfile", true, [](DockerCommand& c, const std::string& v) { c.cidfile = v; }},
  };
  return options;
}

const std::vector<DockerOption>& container_options() {
  static const std::vector<DockerOption> options = {
      {"-a", false, [](DockerCommand& c, const std::string&) { c.all = true; }},
      {"--all", false, [](DockerCommand& c, const std::string&) { c.all = true; }},
      {"-q", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--quiet", false, [](DockerCommand& c, const std::string&) { c.quiet = true; }},
      {"--no-trunc", false, [](DockerCommand& c, const std::string&) { c.all_tags = true; }},
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
      {"-d", true, ignore},
      {"--driver", true, ignore},
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
    case DockerVerb::network_ls:
      return container_options();
    case DockerVerb::logs:
      return log_options();
    case DockerVerb::start:
    case DockerVerb::stop:
    case DockerVerb::kill:
    case DockerVerb::rm:
    case DockerVerb::network_create:
    case DockerVerb::network_rm:
      return end_options();
    default:
      return other_options();
  }
}

}  // namespace steps
