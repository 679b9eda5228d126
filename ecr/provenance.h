#pragma once
// How an image came to be, as SLSA provenance 1.1 with BuildKit's definitions (its
// docs/attestations/slsa-definitions.md). There is no list of its low-level operations: this builder has
// none.

#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/build.h"

namespace ecr {

/// `mode=min,builder-id=…,reproducible=true`, `true`, `false`; nothing for false.
base::Result<std::optional<ProvenanceOptions>> parse_provenance(std::string_view text);

/// The predicate as JSON text. Without `all` no value of an argument is in it; secrets never are.
std::string provenance_of(const BuildOptions& options, const ProvenanceOptions& how, const BuiltImage& built);

}  // namespace ecr
