#pragma once
// Files of variables as Compose reads them: `.env` and `env_file` (docs.docker.com "Env file syntax"). Pure.
// Not for `docker run --env-file`, whose lines are taken as they stand.

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "steps/compose/interpolation.h"

namespace steps::compose {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// In the order of the file. Values in double quotes and without quotes may hold variables: those of
/// `lookup`, else those of the lines before. A name alone takes its value from `lookup`.
base::Result<Variables> read_dotenv(const std::string& file, std::string_view text, const Lookup& lookup);

}  // namespace steps::compose
