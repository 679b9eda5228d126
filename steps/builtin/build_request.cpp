#include "steps/builtin/build_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "ecr/build_settings.h"
#include "ecr/provenance.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/found_tool.h"
#include "steps/builtin/input_list.h"
#include "steps/docker_verbs.h"

namespace steps::builtin {
namespace {

using base::ErrorKind;
using base::make_error;

constexpr std::size_t kMaximumSecret = 1U << 20;
constexpr ListOptions kWholeLines{.commas = ListCommas::belong_to_the_entry};

base::Error not_supported(std::string_view input, std::string_view value) {
  return make_error(ErrorKind::invalid_input,
                    fmt::format("{} '{}' is not supported by the built-in docker/build-push-action; use the "
                                "action itself with --no-builtin docker/build-push-action --docker host",
                                input, value));
}

/// `key=value` entries of an input; an entry without `=` has no value.
struct Pair {
  std::string key;
  std::optional<std::string> value;
};
Pair pair_of(const std::string& entry) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string::npos) return {entry, std::nullopt};
  return {entry.substr(0, equals), entry.substr(equals + 1)};
}

base::Result<bool> boolean_input(const ActionCall& call, const char* name, bool fallback) {
  const std::string value = call.input(name, fallback ? "true" : "false");
  for (const char* yes : {"true", "True", "TRUE"}) {
    if (value == yes) return true;
  }
  for (const char* no : {"false", "False", "FALSE"}) {
    if (value == no) return false;
  }
  return make_error(
      ErrorKind::invalid_input,
      fmt::format("Input does not meet YAML 1.2 \"Core Schema\" specification: {}\nSupport boolean "
                  "input list: `true | True | TRUE | false | False | FALSE`",
                  name));
}

base::Result<void> read_context(const ActionCall& call, BuildRequest& request) {
  std::string context = call.input("context");
  constexpr std::string_view kDefault = "{{defaultContext}}";
  if (context.empty() || context.starts_with(kDefault)) {
    request.default_context = true;
    context = context.empty() ? "" : context.substr(kDefault.size());
    if (context.starts_with(':')) context.erase(0, 1);
    request.context = context.empty() ? "." : context;
    return {};
  }
  if (context.find("://") != std::string::npos || context.starts_with("git@") || context == "-")
    return not_supported("The build context", context);
  request.context = context;
  return {};
}

base::Result<void> read_secrets(const ActionCall& call, const RunningJob& job, BuildRequest& request) {
  ListOptions as_written = kWholeLines;
  as_written.trim = false;
  for (const std::string& entry : read_input_list(call.input("secrets"), as_written)) {
    const Pair secret = pair_of(entry);
    if (!secret.value || secret.key.empty() || secret.value->empty())
      return make_error(ErrorKind::invalid_input, fmt::format("{} is not a valid secret", secret.key));
    request.secrets[std::string(base::trim(secret.key))] = *secret.value;
  }
  for (const std::string& entry : read_input_list(call.input("secret-envs"))) {
    const Pair secret = pair_of(entry);
    if (!secret.value)
      return make_error(ErrorKind::invalid_input, fmt::format("{} is not a valid secret", entry));
    request.secrets[secret.key] = call.variable(*secret.value);
  }
  for (const std::string& entry : read_input_list(call.input("secret-files"), kWholeLines)) {
    const Pair secret = pair_of(entry);
    if (!secret.value)
      return make_error(ErrorKind::invalid_input, fmt::format("{} is not a valid secret", entry));
    const std::string path =
        secret.value->starts_with('/') ? *secret.value : job.folders.workspace.inside + "/" + *secret.value;
    TRY(request.secrets[secret.key],
        read_job_file(job.folders, path, kMaximumSecret).while_doing("reading the secret " + secret.key));
  }
  return {};
}

base::Result<void> read_outputs(const ActionCall& call, BuildRequest& request) {
  ListOptions unquoted = kWholeLines;
  unquoted.quotes = false;
  for (const std::string& entry : read_input_list(call.input("outputs"), unquoted)) {
    TRY(auto output, parse_build_output(entry));
    if (output.destination == "-") return not_supported("outputs: standard output as the dest of", entry);
    request.outputs.push_back(std::move(output));
  }
  TRY(const bool push, boolean_input(call, "push", false));
  TRY(const bool load, boolean_input(call, "load", false));
  if (push) request.outputs.push_back({.kind = BuildOutput::Kind::registry});
  if (load) request.outputs.push_back({.kind = BuildOutput::Kind::store});
  for (const BuildOutput& output : request.outputs) {
    if (output.kind != BuildOutput::Kind::registry) continue;
    if (request.tags.empty() && output.names.empty())
      return make_error(ErrorKind::invalid_input, "tag is needed when pushing to registry");
    if (output.by_digest && output.names.empty())
      return make_error(ErrorKind::invalid_input, "outputs: push-by-digest needs a name");
  }
  return {};
}

/// Platforms, annotations, caches, named contexts.
base::Result<void> read_build_settings(const ActionCall& call, BuildRequest& request) {
  for (const std::string& name : read_input_list(call.input("platforms"))) {
    TRY(auto platform, ecr::parse_platform(name));
    request.platforms.push_back(std::move(platform));
  }
  for (const std::string& entry : read_input_list(call.input("annotations"), kWholeLines)) {
    TRY(const auto annotations, ecr::parse_annotation(entry));
    request.annotations.insert(request.annotations.end(), annotations.begin(), annotations.end());
  }
  for (const std::string& entry : read_input_list(call.input("cache-from"), kWholeLines)) {
    TRY(auto place, ecr::parse_cache_source(entry));
    request.cache_from.push_back(std::move(place));
  }
  for (const std::string& entry : read_input_list(call.input("cache-to"), kWholeLines)) {
    TRY(auto place, ecr::parse_cache_target(entry));
    request.cache_to.push_back(std::move(place));
  }
  for (const std::string& entry : read_input_list(call.input("build-contexts"), kWholeLines)) {
    const Pair context = pair_of(entry);
    const std::string value = context.value.value_or("");
    const bool is_image = value.starts_with("docker-image://");
    if (value.empty() || (!is_image && value.find("://") != std::string::npos))
      return not_supported("The build context", entry);
    request.contexts[context.key] = value;
  }
  return {};
}

base::Result<void> switch_sbom(const std::string& value, BuildRequest& request) {
  if (value.empty() || value == "false") {
    request.sbom = false;
  } else if (value == "true") {
    request.sbom = true;
  } else {
    return not_supported("The generator of an sbom", value);
  }
  return {};
}

/// `provenance`, `sbom`, and `attests`, which says the same in other words.
base::Result<void> read_attestations(const ActionCall& call, BuildRequest& request) {
  TRY(request.provenance, ecr::parse_provenance(call.input("provenance")));
  TRY(switch_sbom(call.input("sbom"), request));
  for (const std::string& entry : read_input_list(call.input("attests"), kWholeLines)) {
    TRY(ecr::apply_attestation(entry, request.provenance, request.sbom));
  }
  return {};
}

/// What makes no other image, but is not done either.
void tell_what_has_no_effect(const ActionCall& call, RunningJob& job) {
  for (const char* name : {"builder", "shm-size", "cgroup-parent"}) {
    if (!call.input(name).empty())
      job.log->line(LineKind::output, fmt::format("The input '{}' has no effect here", name));
  }
}

}  // namespace

base::Result<BuildRequest> read_build_request(const ActionCall& call, RunningJob& job) {
  TRY(refuse_inputs(call, {"add-hosts", "allow", "no-cache-filters", "ulimit"}));
  const std::string method = call.input("call", "build");
  if (method != "build" && method != "check") return not_supported("The build method", method);
  BuildRequest request{.only_check = method == "check"};
  TRY(read_context(call, request));
  request.file = call.input("file");
  request.tags = read_input_list(call.input("tags"));
  for (const std::string& entry : read_input_list(call.input("build-args"), kWholeLines)) {
    const Pair argument = pair_of(entry);
    // Without a value it is the step's variable of that name, if there is one.
    if (!argument.value && !call.environment.contains(argument.key)) continue;
    request.build_args[argument.key] = argument.value ? *argument.value : call.variable(argument.key);
  }
  if (const auto epoch = call.environment.find(ecr::kEpochArg); epoch != call.environment.end())
    request.build_args.try_emplace(ecr::kEpochArg, epoch->second);
  for (const std::string& entry : read_input_list(call.input("labels"), kWholeLines)) {
    const Pair label = pair_of(entry);
    request.labels[label.key] = label.value.value_or("");
  }
  TRY(read_secrets(call, job, request));
  TRY(request.agents,
      ecr::parse_build_agents(read_input_list(call.input("ssh")), call.variable("SSH_AUTH_SOCK")));
  TRY(read_build_settings(call, request));
  TRY(read_attestations(call, request));
  request.target = call.input("target");
  const std::string network = call.input("network", "default");
  if (network != "default" && network != "host" && network != "none")
    return not_supported("The network", network);
  request.no_network = network == "none";
  TRY(request.no_cache, boolean_input(call, "no-cache", false));
  TRY(request.pull, boolean_input(call, "pull", false));
  TRY(read_outputs(call, request));
  tell_what_has_no_effect(call, job);
  return request;
}

}  // namespace steps::builtin
