#pragma once
// The credentials that the surroundings give over HTTP: an ECS task's or EKS pod's container endpoint, and
// the metadata service of an EC2 instance (version 2 only).

#include <optional>

#include "aws/provider_chain.h"

namespace aws {

/// Nothing without AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI. A full one must be https, or an
/// address that stays on the machine: the token goes there.
base::Result<std::optional<Credentials>> container_credentials(const CredentialPlaces& places);
/// Nothing when the service does not answer, has no role or AWS_EC2_METADATA_DISABLED is true.
base::Result<std::optional<Credentials>> instance_credentials(const CredentialPlaces& places);

}  // namespace aws
