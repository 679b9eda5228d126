#pragma once
// What `docker buildx build` is told beside names and arguments, as the texts of its flags: for all front
// ends alike. Not for where the files are that it names (a front end's matter).

#include <map>
#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "ecr/build.h"

namespace ecr {

struct BuildSettings {
  std::vector<std::string> platforms;  ///< each may be a list with commas
  std::vector<std::string> annotations;
  std::vector<std::string> cache_from;
  std::vector<std::string> cache_to;
  std::string provenance;
  std::string sbom;
  std::vector<std::string> attestations;  ///< of --attest, which says the same as the two above
  std::string network;                    ///< of RUN: default, host or none
};
/// An Error names the flag and what it was given.
base::Result<void> apply_build_settings(const BuildSettings& settings, BuildOptions& options);

/// `type=sbom`, `type=sbom,disabled=true` or `type=provenance,…`.
base::Result<void> apply_attestation(const std::string& text, std::optional<ProvenanceOptions>& provenance,
                                     bool& sbom);

/// The contents of `id=NAME,src=FILE` and `id=NAME,env=VARIABLE`, read with the rights of this process.
base::Result<std::map<std::string, std::string>> read_build_secrets(const std::vector<std::string>& texts);

/// The sockets of ssh agents by id, of `default`, `ID` (both `own`: SSH_AUTH_SOCK) and `ID=SOCKET`.
base::Result<std::map<std::string, std::string>> parse_build_agents(const std::vector<std::string>& texts,
                                                                    const std::string& own);
/// The same for this process, which has the sockets.
base::Result<std::map<std::string, std::string>> read_build_agents(const std::vector<std::string>& texts);
/// Of what is named in place of an agent's socket.
base::Error no_agent_socket(const std::string& id, const std::string& path);

/// What `--metadata-file` holds, by BuildKit's names.
base::Json build_metadata(const BuiltImage& built);

}  // namespace ecr
