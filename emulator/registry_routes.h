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
#include "emulator/service.h"

namespace emulator {

/// By the specification, or with what ECR does otherwise: a chunk is answered by 201, and Range does not
/// advance after the first one (aws/containers-roadmap#2831).
enum class RegistryManner { strict, ecr };

struct RegistrySettings {
  /// Whose token of GetAuthorizationToken it is; nothing when it is not valid.
  std::function<std::optional<Principal>(const std::string& password)> principal_of;
  /// Why a principal may not do that in a repository, by policies; empty: they are not looked at.
  std::function<std::optional<std::string>(const Principal& principal, const std::string& action,
                                           const std::string& repository)>
      refusal = {};
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
  /// Everything between /v2/ and the last /blobs/, /manifests/ or /tags/ is the repository's name.
  struct Route {
    std::string repository, kind, rest;
  };
  static std::optional<Route> parse_path(std::string_view path);
  static std::string action_of(const Route& route, const std::string& method);
  base::ServerResponse blobs(const base::ServerRequest& request, const std::string& repository,
                             const std::string& digest);
  std::optional<base::ServerResponse> mount(const base::ServerRequest& request,
                                            const std::string& repository);
  base::ServerResponse answer_in(const Route& route, const base::ServerRequest& request);
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
