#pragma once
// A client of the OCI distribution API for one repository: blobs and manifests, authentication, retries,
// resuming. Bears with ECR's ways (201 on PATCH, one PATCH only, 202 on mount). May be used from several
// threads. Not for what an image consists of (push, pull).

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/json_fwd.h"
#include "base/result.h"
#include "ecr/compression.h"
#include "ecr/image.h"
#include "ecr/image_reference.h"
#include "ecr/registries_config.h"

namespace ecr {

class ImageStore;
class RegistryExchange;
struct Attempt;

struct RegistryCredentials {
  std::string username;
  std::string password;
  std::string identity_token;  ///< of an OAuth2 token service; instead of the two
};

struct RegistryOptions {
  base::HttpClient* http = nullptr;
  /// Base URLs of hosts that others stand in for; a host may have `*`: "*.dkr.ecr.*.amazonaws.com" →
  /// "http://127.0.0.1:4566".
  std::map<std::string, std::string> endpoints;
  /// By registry host; absent means anonymous.
  std::map<std::string, RegistryCredentials> credentials;
  /// Asked once for a host that wants credentials and has none above.
  std::function<base::Result<std::optional<RegistryCredentials>>(const std::string& host)> find_credentials;
  RegistriesConfig config;   ///< mirrors, certificates, what may be insecure
  int attempts = 4;          ///< of each request, for passing faults; those that brought something are free
  std::size_t parallel = 4;  ///< blobs at a time
  base::Clock* clock = nullptr;  ///< the system's when absent
  std::stop_token stop;
};

/// Where a registry host is reached: the endpoint map, else http for loopback hosts and those that the
/// configuration calls insecure, else https.
std::string registry_base_url(const RegistryOptions& options, const std::string& host);

struct FetchedManifest {
  std::string media_type;
  std::string bytes;
  Digest digest;  ///< of the bytes
};

/// What a token is asked for.
enum class Access { pull, push, remove };

/// How a mount ended.
struct MountedBlob {
  bool mounted = false;
  std::string upload;  ///< the upload that the registry opened instead
};

class RegistryClient {
 public:
  RegistryClient(const RegistryOptions& options, const ImageReference& target, Access access = Access::pull);
  /// Through a mirror: its base URL. Credentials are those of the mirror's host.
  RegistryClient(const RegistryOptions& options, const ImageReference& target, const std::string& mirror);
  RegistryClient(RegistryClient&&) noexcept;
  ~RegistryClient();

  /// GET /v2/: that the registry answers and takes the credentials.
  base::Result<void> ping();
  base::Result<bool> has_blob(const Digest& digest);
  /// Streams the blob into the store; its size and digest must be the descriptor's. Goes on where a cut
  /// connection ended.
  base::Result<void> fetch_blob(const Descriptor& blob, ImageStore& store);
  /// Mounts from another repository of the registry; instead the registry may open an upload.
  base::Result<MountedBlob> mount_blob(const Digest& digest, const std::string& from_repository);
  /// POST (or the upload that is open) and one PUT with the length known. After a cut it goes on where the
  /// registry says that it is, or from the beginning.
  base::Result<void> upload_blob(const Descriptor& blob, const ImageStore& store, std::string upload = "");
  /// POST, one PATCH of unknown length, PUT with the digest that came out. `open` starts the content anew for
  /// each attempt.
  base::Result<Descriptor> upload_stream(const std::function<base::Result<ByteSource>()>& open);
  base::Result<void> delete_blob(const Digest& digest);

  /// not_found when there is no such manifest. `key` is a tag or a digest.
  base::Result<FetchedManifest> fetch_manifest(const std::string& key);
  /// The digest a tag stands for; nothing when it is not there.
  base::Result<std::optional<Digest>> find_manifest(const std::string& key);
  /// One with a subject is listed by the registry, or by us under the fall-back tag
  /// (distribution-spec: Referrers Tag Schema).
  base::Result<void> put_manifest(const std::string& key, const std::string& media_type,
                                  const std::string& bytes);
  base::Result<void> delete_manifest(const std::string& key);
  /// All tags of the repository, as the registry orders them.
  base::Result<std::vector<std::string>> tags();
  /// What refers to a manifest, of that artifact type or (empty) of any, as an index's JSON text has it.
  base::Result<std::vector<base::Json>> referrers(const Digest& subject, const std::string& artifact_type);

 private:
  struct FetchState;
  struct UploadState;
  base::Result<void> fetch_once(const Descriptor& blob, ImageStore& store, FetchState& state,
                                Attempt& attempt);
  base::Result<void> upload_once(const Descriptor& blob, const ImageStore& store, UploadState& state,
                                 Attempt& attempt);
  base::Result<Descriptor> stream_once(const std::function<base::Result<ByteSource>()>& open,
                                       Attempt& attempt);
  base::Result<void> list_referrer(const base::Json& manifest, const std::string& media_type,
                                   const std::string& bytes);
  std::unique_ptr<RegistryExchange> exchange_;
};

}  // namespace ecr
