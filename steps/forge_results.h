#pragma once
// Where a forge keeps the artifacts of its runs itself (forge_artifacts).

#include <string>

namespace steps {

struct ForgeResults {
  std::string url;    ///< of the forge, without a slash at its end
  std::string token;  ///< of the job; secret
};

}  // namespace steps
