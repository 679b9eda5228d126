#pragma once
// The client's side of the OCI distribution specification, with the quirks of ECR (oci distribution-spec end-1 … end-13).

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/http_client.h"
#include "base/result.h"
#include "ecr/image.h"
#include "ecr/image_reference.h"

namespace ecr {

struct RegistryCredentials {
  std::string username;
  std::string password;
};

struct RegistryOptions {
  base::HttpClient* http = nullptr;
  /// Registry host → where it is reached: "127.0.0.1:4599". Such hosts and loopback ones are spoken to without TLS.
  std::map<std::string, std::string> endpoints;
  /// The login for a registry host, or nothing.
  std::function<std::optional<RegistryCredentials>(const std::string& registry)> credentials;
  std::stop_token stop;
};

class RegistryClient {
 public:
  RegistryClient(std::string registry, std::string repository, RegistryOptions options);

  base::Result<bool> has_blob(const Digest& digest);
  /// Streams the blob into the sink; the caller verifies.
  base::Result<void> get_blob(const Descriptor& blob, const std::function<bool(std::string_view)>& sink);
  /// Uploads in one POST and one PUT whose body comes from `fd` (ECR drops what a second PATCH carries).
  base::Result<void> put_blob(const Descriptor& blob, int fd);
  struct FetchedManifest {
    Descriptor descriptor;
    std::string content;
  };
  /// `name` is a tag or a digest; a digest is verified. not_found when there is none.
  base::Result<FetchedManifest> get_manifest(const std::string& name);
  base::Result<std::optional<Descriptor>> head_manifest(const std::string& name);
  base::Result<void> put_manifest(const std::string& name, const std::string& media_type, const std::string& content);

 private:
  base::Result<base::HttpResponse> send(base::HttpRequest request);
  base::Result<void> authenticate(const base::HttpResponse& challenge);
  [[nodiscard]] std::string url(const std::string& path) const;
  [[nodiscard]] base::Error error_of(const base::HttpResponse& response, const std::string& what) const;

  std::string registry_;
  std::string repository_;
  RegistryOptions options_;
  std::string base_url_;
  std::string authorization_;
};

}  // namespace ecr
