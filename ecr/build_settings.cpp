#include "ecr/build_settings.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <cstdlib>

#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecr/provenance.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr std::size_t kLargestSecret = 1U << 20;

/// `key=value,key=value`; a bare word is a key without a value.
std::map<std::string, std::string> fields_of_flag(const std::string& text) {
  std::map<std::string, std::string> fields;
  for (const auto& part : base::split(text, ',')) {
    const auto equals = part.find('=');
    fields[part.substr(0, equals)] = equals == std::string::npos ? "" : part.substr(equals + 1);
  }
  return fields;
}

}  // namespace

Result<void> apply_build_settings(const BuildSettings& settings, BuildOptions& options) {
  std::vector<Platform> platforms;
  for (const auto& text : settings.platforms) {
    for (const auto& name : base::split(text, ',')) {
      TRY(auto platform, parse_platform(base::trim(name)));
      platforms.push_back(std::move(platform));
    }
  }
  if (!platforms.empty()) options.platforms = std::move(platforms);
  for (const auto& text : settings.annotations) {
    TRY(const auto annotations, parse_annotation(text));
    options.annotations.insert(options.annotations.end(), annotations.begin(), annotations.end());
  }
  for (const auto& text : settings.cache_from) {
    TRY(auto place, parse_cache_source(text));
    options.cache_from.push_back(std::move(place));
  }
  for (const auto& text : settings.cache_to) {
    TRY(auto place, parse_cache_target(text));
    options.cache_to.push_back(std::move(place));
  }
  TRY(options.provenance, parse_provenance(settings.provenance));
  if (settings.sbom != "true" && settings.sbom != "false" && !settings.sbom.empty()) {
    return base::invalid_input(fmt::format(
        "--sbom: expected true or false, found '{}'; other generators are not run", settings.sbom));
  }
  options.sbom = settings.sbom == "true";
  for (const auto& text : settings.attestations)
    TRY(apply_attestation(text, options.provenance, options.sbom).while_doing("reading --attest"));
  if (settings.network == "none") {
    options.network = sandbox::NetworkMode::isolated;
  } else if (!settings.network.empty() && settings.network != "default" && settings.network != "host") {
    return base::invalid_input(
        fmt::format("--network: expected default, host or none, found '{}'", settings.network));
  }
  return {};
}

Result<std::map<std::string, std::string>> read_build_secrets(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> secrets;
  for (const auto& text : texts) {
    auto fields = fields_of_flag(text);
    const auto source = fields.contains("src") ? fields["src"] : fields["source"];
    if (fields["id"].empty())
      return make_error(ErrorKind::invalid_input,
                        "--secret: expected id=NAME,src=FILE or id=NAME,env=VARIABLE");
    if (!source.empty()) {
      TRY(secrets[fields["id"]],
          base::read_file(source, kLargestSecret).while_doing("reading the secret " + fields["id"]));
      continue;
    }
    const auto variable = fields["env"].empty() ? fields["id"] : fields["env"];
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) {
      return make_error(ErrorKind::not_found,
                        fmt::format("--secret {}: there is no variable {}, and no src=FILE is given",
                                    fields["id"], variable));
    }
    secrets[fields["id"]] = value;
  }
  return secrets;
}

Result<void> apply_attestation(const std::string& text, std::optional<ProvenanceOptions>& provenance,
                               bool& sbom) {
  constexpr std::string_view kProvenance = "type=provenance";
  if (text == kProvenance || text.starts_with("type=provenance,")) {
    TRY(provenance, parse_provenance(text == kProvenance ? "true" : text.substr(kProvenance.size() + 1)));
  } else if (text == "type=sbom" || text == "type=sbom,disabled=false") {
    sbom = true;
  } else if (text == "type=sbom,disabled=true") {
    sbom = false;
  } else {
    return base::invalid_input(fmt::format("the attestation '{}' is not supported", text));
  }
  return {};
}

Result<std::map<std::string, std::string>> parse_build_agents(const std::vector<std::string>& texts,
                                                              const std::string& own) {
  std::map<std::string, std::string> agents;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    const auto id = text.substr(0, equals);
    if (id.empty()) return base::invalid_input("--ssh: expected default, NAME or NAME=SOCKET");
    if (equals == std::string::npos && own.empty())
      return make_error(ErrorKind::not_found, fmt::format("--ssh {}: SSH_AUTH_SOCK is not set", id));
    agents[id] = equals == std::string::npos ? own : text.substr(equals + 1);
  }
  return agents;
}

Result<std::map<std::string, std::string>> read_build_agents(const std::vector<std::string>& texts) {
  const char* own = std::getenv("SSH_AUTH_SOCK");
  TRY(auto agents, parse_build_agents(texts, own == nullptr ? "" : own));
  for (const auto& [id, path] : agents) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) return no_agent_socket(id, path);
  }
  return agents;
}

base::Error no_agent_socket(const std::string& id, const std::string& path) {
  return base::invalid_input(fmt::format(
      "--ssh {}: expected the socket of an ssh agent, found '{}'; keys are not read: give them to "
      "an agent with ssh-add",
      id, path));
}

base::Json build_metadata(const BuiltImage& built) {
  base::Json metadata = base::Json::object();
  metadata["containerimage.config.digest"] = built.image_id.to_string();
  metadata["containerimage.descriptor"] = to_json(built.manifest);
  metadata["containerimage.digest"] = built.manifest.digest.to_string();
  if (!built.tags.empty()) metadata["image.name"] = base::join(built.tags, ",");
  return metadata;
}

}  // namespace ecr
