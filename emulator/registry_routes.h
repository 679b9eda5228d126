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

class RegistryRoutes {
 public:
  /// `password_is_good` tells whether a token of GetAuthorizationToken is valid.
  RegistryRoutes(Repositories& repositories,
                 std::function<bool(const std::string& password)> password_is_good);
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
  std::function<bool(const std::string&)> password_is_good_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Upload>> uploads_;
};

}  // namespace emulator
