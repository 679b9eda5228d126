#pragma once
// The part of ECR's API that is about the images in a repository.

#include <string>

#include "emulator/registry_tokens.h"
#include "emulator/repositories.h"
#include "emulator/service.h"

namespace emulator {

struct EcrSurroundings {
  Repositories& repositories;
  RegistryTokens& tokens;
  std::string registry;  ///< host:port
};

void add_image_operations(ServiceTable& table, const EcrSurroundings& all);

}  // namespace emulator
