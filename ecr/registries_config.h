#pragma once
// What a machine's user says about registries, in a file: mirrors, certificates, what may be insecure, what
// is blocked. Not for credentials (docker_config.h).

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/http_client.h"
#include "base/result.h"

namespace ecr {

struct RegistrySettings {
  std::vector<std::string>
      mirrors;            ///< base URLs, asked in this order before the registry itself; pulls only
  bool insecure = false;  ///< plain http
  bool blocked = false;
  base::TlsOptions tls;
};

struct RegistriesConfig {
  std::map<std::string, RegistrySettings> registries;  ///< by host, which may have `*`
  /// The entry of a host, exact before patterns; nullptr when there is none.
  [[nodiscard]] const RegistrySettings* find(const std::string& host) const;
};

/// `{"registries": {"docker.io": {"mirrors": ["https://mirror.example"]}, "127.0.0.2:5000": {"insecure":
/// true}, "registry.corp": {"ca": "/etc/corp.pem", "certificate": "…", "key": "…", "verify": false,
/// "blocked": true}}}`. What is not known is refused by name.
base::Result<RegistriesConfig> parse_registries_config(std::string_view text);
/// $PIPELINE_REGISTRIES, or pipeline/registries.json in $XDG_CONFIG_HOME (~/.config) or /etc; empty when
/// there is none. Docker's and Podman's certs.d folders are looked into for hosts without certificates of
/// their own.
base::Result<RegistriesConfig> load_registries_config(const std::map<std::string, std::string>& environment);
/// Certificates for a host in folders like /etc/docker/certs.d: HOST/*.crt, and client.cert with client.key.
base::TlsOptions certificates_for(const std::string& host, const std::vector<base::Path>& folders);

}  // namespace ecr
