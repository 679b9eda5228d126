#include "ecr/provenance.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;

constexpr const char* kBuildType =
    "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";

Json request_of(const BuildOptions& options, bool all) {
  Json request = {{"frontend", "dockerfile.v0"}, {"args", Json::object()}};
  request["locals"] = Json::array({{{"name", "context"}}, {{"name", "dockerfile"}}});
  auto& args = request["args"];
  if (!options.target.empty()) args["target"] = options.target;
  if (!all) return request;
  for (const auto& [name, value] : options.build_args) args["build-arg:" + name] = value;
  for (const auto& [name, value] : options.labels) args["label:" + name] = value;
  Json secrets = Json::array();
  for (const auto& [id, value] : options.secrets) secrets.push_back({{"id", id}});
  Json agents = Json::array();
  for (const auto& [id, socket] : options.ssh_agents) agents.push_back({{"id", id}});
  request["secrets"] = std::move(secrets);
  request["ssh"] = std::move(agents);
  return request;
}

Json dependencies_of(const BuiltImage& built) {
  Json dependencies = Json::array();
  for (const auto& material : built.materials)
    dependencies.push_back({{"uri", material.uri}, {"digest", {{material.algorithm, material.digest}}}});
  return dependencies;
}

Result<bool> provenance_flag(const std::string& key, const std::string& value) {
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return make_error(ErrorKind::invalid_input,
                    fmt::format("provenance: {}: expected true or false, found '{}'", key, value));
}

Result<void> take_provenance_attribute(const std::string& key, const std::string& value,
                                       ProvenanceOptions& options) {
  if (key == "mode") {
    if (value != "min" && value != "max")
      return make_error(ErrorKind::invalid_input,
                        fmt::format("provenance: mode={}: expected min or max", value));
    options.all = value == "max";
  } else if (key == "builder-id") {
    options.builder_id = value;
  } else if (key == "reproducible") {
    TRY(options.reproducible, provenance_flag(key, value));
  } else if (key == "version" && value != "v1") {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("provenance: version={} is not supported; what is: v1", value));
  } else if (key != "version" && key != "inline-only" && key != "type") {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("provenance: {}={} is not supported", key, value));
  }
  return {};
}

}  // namespace

Result<std::optional<ProvenanceOptions>> parse_provenance(std::string_view text) {
  const auto trimmed = std::string(base::trim(text));
  if (trimmed.empty() || trimmed == "false" || trimmed == "0") return std::optional<ProvenanceOptions>();
  ProvenanceOptions options;
  if (trimmed == "true" || trimmed == "1") return std::optional(options);
  for (const auto& part : base::split(trimmed, ',')) {
    const auto equals = part.find('=');
    const auto key = part.substr(0, equals);
    const auto value = equals == std::string::npos ? "true" : part.substr(equals + 1);
    if (key == "disabled") {
      TRY(const bool disabled, provenance_flag(key, value));
      if (disabled) return std::optional<ProvenanceOptions>();
      continue;
    }
    TRY(take_provenance_attribute(key, value, options));
  }
  return std::optional(options);
}

std::string provenance_of(const BuildOptions& options, const ProvenanceOptions& how,
                          const BuiltImage& built) {
  const Json external = {{"configSource", {{"path", options.dockerfile_name}}},
                         {"request", request_of(options, how.all)}};
  const Json definition = {{"buildType", kBuildType},
                           {"externalParameters", external},
                           {"internalParameters", {{"builderPlatform", to_string(host_platform())}}},
                           {"resolvedDependencies", dependencies_of(built)}};
  Json metadata = {{"invocationId", built.invocation},
                   {"startedOn", built.started},
                   {"finishedOn", built.finished},
                   {"buildkit_reproducible", how.reproducible},
                   {"buildkit_completeness", {{"request", how.all}, {"resolvedDependencies", false}}},
                   {"buildkit_metadata", Json::object()}};
  if (how.all) {
    const Json file = {{"filename", options.dockerfile_name},
                       {"language", "Dockerfile"},
                       {"data", base::base64_encode(options.dockerfile)}};
    metadata["buildkit_metadata"]["source"] = {{"infos", Json::array({file})}};
  }
  const Json predicate = {
      {"buildDefinition", definition},
      {"runDetails", {{"builder", {{"id", how.builder_id}}}, {"metadata", std::move(metadata)}}}};
  return base::to_text(predicate);
}

}  // namespace ecr
