#pragma once
// A client of the OCI distribution API for one repository: blobs and manifests, authentication, retries.
// Bears with ECR's ways (201 on PATCH, one PATCH only, 202 on mount). Not for what an image consists of
// (push, pull).

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"
#include "ecr/image.h"
#include "ecr/image_reference.h"

namespace ecr {

class ImageStore;

struct RegistryCredentials {
  std::string username;
  std::string password;
};

struct RegistryOptions {
  base::HttpClient* http = nullptr;
  /// Base URLs of hosts that others stand in for; a host may have `*`: "*.dkr.ecr.*.amazonaws.com" →
  /// "http://127.0.0.1:4566".
  std::map<std::string, std::string> endpoints;
  /// By registry host; absent means anonymous.
  std::map<std::string, RegistryCredentials> credentials;
  int attempts = 4;              ///< of each request, for passing faults
  base::Clock* clock = nullptr;  ///< the system's when absent
  std::stop_token stop;
};

/// Where a registry host is reached: the endpoint map, else http for loopback hosts, else https.
std::string registry_base_url(const RegistryOptions& options, const std::string& host);

struct FetchedManifest {
  std::string media_type;
  std::string bytes;
  Digest digest;  ///< of the bytes
};

class RegistryClient {
 public:
  RegistryClient(const RegistryOptions& options, const ImageReference& target);
  RegistryClient(RegistryClient&&) noexcept;
  ~RegistryClient();

  /// GET /v2/: that the registry answers and takes the credentials.
  base::Result<void> ping();
  base::Result<bool> has_blob(const Digest& digest);
  /// Streams the blob into the store; its size and digest must be the descriptor's.
  base::Result<void> fetch_blob(const Descriptor& blob, ImageStore& store);
  /// Mounts from another repository of the registry; false when the registry wants an upload instead.
  base::Result<bool> mount_blob(const Digest& digest, const std::string& from_repository);
  /// POST and one PUT with the length known; restarts from the beginning on a passing fault.
  base::Result<void> upload_blob(const Descriptor& blob, const ImageStore& store);
  /// not_found when there is no such manifest. `key` is a tag or a digest.
  base::Result<FetchedManifest> fetch_manifest(const std::string& key);
  /// The digest a tag stands for; nothing when it is not there.
  base::Result<std::optional<Digest>> find_manifest(const std::string& key);
  base::Result<void> put_manifest(const std::string& key, const std::string& media_type,
                                  const std::string& bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ecr
