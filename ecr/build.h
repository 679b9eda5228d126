#pragma once
// Building an image from a Dockerfile into the store. RUN happens in a sandbox over the layers so far; what
// was built before is taken from the layer cache. The build context is only ever opened beneath its folder.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "ecr/agent_relay.h"
#include "ecr/annotation.h"
#include "ecr/cache_exchange.h"
#include "ecr/cache_place.h"
#include "ecr/check_report.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"
#include "ecr/remote_source.h"
#include "sandbox/plan.h"

namespace ecr {

/// A line of the build's log, without its newline: `#7 [builder 2/5] RUN make`, `#7 0.412 text`, `#7 CACHED`.
struct BuildProgress {
  int step = 0;
  enum class What { started, output, cached, done, failed } what = What::output;
  std::string line;
};

struct ProvenanceOptions {
  bool all = true;  ///< mode=max: with the values of arguments and the Dockerfile
  std::string builder_id;
  bool reproducible = false;  ///< as whoever builds says
};

/// What of elsewhere an image was made from.
struct BuildMaterial {
  std::string uri;
  std::string algorithm = "sha256";
  std::string digest;  ///< hex
  auto operator<=>(const BuildMaterial&) const = default;
};

struct BuildOptions {
  int context = -1;        ///< an open folder, borrowed; -1 is an empty context
  std::string dockerfile;  ///< its text
  std::string dockerfile_name = "Dockerfile";
  /// Text of .dockerignore; absent reads it from the context.
  std::optional<std::string> ignore;
  std::vector<std::string> tags;
  std::map<std::string, std::string> build_args;
  std::string target;  ///< a stage; empty is the last
  /// Several make an index of images, in this order.
  std::vector<Platform> platforms = {host_platform()};
  std::vector<Annotation> annotations;
  /// Attestations make an index, too: an image's packages as SPDX, and how it came to be.
  bool sbom = false;
  std::optional<ProvenanceOptions> provenance;
  std::map<std::string, std::string> labels;
  bool no_cache = false;
  /// `pull` even if the store has the base image.
  bool always_pull = false;
  /// Brings an image into the store that is not there; absent: such a base image is an error.
  std::function<base::Result<Descriptor>(const ImageReference&, const Platform&)> pull;
  /// Contents of `RUN --mount=type=secret`, by id.
  std::map<std::string, std::string> secrets;
  /// Agents for `RUN --mount=type=ssh`, by id.
  std::map<std::string, AgentConnector> ssh_agents;
  /// Folders and images (is_image_context) that `FROM` and `COPY --from` know by these names.
  std::map<std::string, std::string> named_contexts;
  /// How ADD reaches other machines.
  RemoteAccess remote;
  std::vector<CachePlace> cache_from;
  std::vector<CachePlace> cache_to;
  RegistryOptions registry;  ///< of caches
  std::function<void(const BuildProgress&)> progress;
  /// Hears of each layer that the image will have as soon as it is in the store; from several threads.
  std::function<void(const Descriptor&)> layer_is_there;
  std::stop_token stop;
  sandbox::NetworkMode network = sandbox::NetworkMode::host;
  sandbox::Limits limits;
  std::optional<std::int64_t> source_date_epoch;  ///< clamps every time in the image
};

struct BuiltImage {
  Descriptor manifest;  ///< or index
  Digest image_id;      ///< the digest of the configuration, as `docker images` shows it; of the first image
  std::vector<std::string> tags;
  std::uint64_t compressed_size = 0;
  int steps_cached = 0;
  int steps_run = 0;
  std::vector<BuildMaterial> materials;  ///< sorted
  std::string invocation;                ///< an id of this build
  std::string started;                   ///< RFC 3339
  std::string finished;
  std::vector<CheckFinding> findings;    ///< of the build checks
  std::vector<CacheRecord> records;      ///< of the image's own steps
  std::vector<CacheRecord> all_records;  ///< of all stages
};

/// A failed RUN is ErrorKind::remote with the exit code in Error::code and the Dockerfile's line as location.
/// The build-arg SOURCE_DATE_EPOCH is the time of all that is made now (reproducible-builds.org).
base::Result<BuiltImage> build_image(BuildOptions options, ImageStore& store);
inline constexpr const char* kEpochArg = "SOURCE_DATE_EPOCH";
/// `docker-image://name` in place of a folder.
bool is_image_context(std::string_view value);

}  // namespace ecr
