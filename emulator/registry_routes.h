#pragma once
// The registry under /v2/: the server's side of the OCI distribution specification, as ECR speaks it.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/http_server.h"
#include "emulator/repositories.h"

namespace emulator {

/// By the specification, or with what ECR does otherwise: a chunk is answered by 201, and Range does not
/// advance after the first one (aws/containers-roadmap#2831).
enum class RegistryManner { strict, ecr };

struct RegistrySettings {
  /// Whether a token of GetAuthorizationToken is valid.
  std::function<bool(const std::string& password)> password_is_good;
  RegistryManner manner = RegistryManner::strict;
  /// Whether the connection is to break now, by a fault on demand; empty: never.
  std::function<bool(const std::string& repository)> breaks = {};
};

class RegistryRoutes {
 public:
  RegistryRoutes(Repositories& repositories, RegistrySettings settings);
  ~RegistryRoutes();
  base::ServerResponse answer(const base::ServerRequest& request);

 private:
  struct Upload;
  base::ServerResponse blobs(const base::ServerRequest& request, const std::string& repository,
                             const std::string& digest);
  std::optional<base::ServerResponse> mount(const base::ServerRequest& request,
                                            const std::string& repository);
  base::ServerResponse start_upload(const base::ServerRequest& request, const std::string& repository);
  base::ServerResponse continue_upload(const base::ServerRequest& request, const std::string& repository,
                                       const std::string& id);
  base::ServerResponse manifests(const base::ServerRequest& request, const std::string& repository,
                                 const std::string& key);
  base::ServerResponse put_manifest(const base::ServerRequest& request, const std::string& repository,
                                    const std::string& key);
  base::ServerResponse no_repository(const std::string& repository) const;

  Repositories& repositories_;
  RegistrySettings settings_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Upload>> uploads_;
};

}  // namespace emulator
