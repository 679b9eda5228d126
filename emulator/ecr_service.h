#pragma once
// ECR's JSON API over the repositories that the registry shares.

#include <string>

#include "emulator/registry_tokens.h"
#include "emulator/repositories.h"
#include "emulator/service.h"

namespace emulator {

/// `registry` is the host with port under which this emulator's /v2/ is reached. The references must outlive
/// the table.
ServiceTable make_ecr_service(Repositories& repositories, RegistryTokens& tokens, base::Clock& clock,
                              const std::string& registry);

}  // namespace emulator
