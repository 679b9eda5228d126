#pragma once
// The chain of places in which AWS's SDKs look for credentials, in their order: environment, web identity
// token file, profile (roles, SSO, keys, processes), container, instance. What is found renews itself from
// where it came. Looks only at what the caller passes in.

#include <functional>
#include <optional>
#include <string>

#include "aws/client.h"
#include "aws/shared_config.h"

namespace aws {

/// Runs the command of `credential_process` and gives its output.
using RunCommand = std::function<base::Result<std::string>(const std::string& command)>;

/// Keeps a text that holds secrets where only its owner reads it.
using WriteFile = std::function<base::Result<void>(const std::string& path, const std::string& text)>;

/// Where to look. Copies of it live on in what is found.
struct CredentialPlaces {
  ClientOptions client;  ///< http, clock, region, environment; its credentials are not looked at
  ReadFile read_file;
  RunCommand run_command;              ///< absent: a credential_process is refused
  bool asks_instance_metadata = true;  ///< whether the machine's own role may be used
  WriteFile write_file;                ///< for an SSO login that was renewed; absent: it is not kept
};

/// The first that is there; not_found, with a hint at what to do, when none is. One that is there and broken
/// is an error, as with the SDKs. No message holds a secret.
base::Result<CredentialSource> find_credentials(const CredentialPlaces& places);

}  // namespace aws
