#pragma once
// The patterns of docker/metadata-action: JavaScript's, alone or between slashes with flags.

#include <string>

#include "base/result.h"
#include "steps/text_pattern.h"

namespace steps::builtin {

struct MatchPattern {
  TextPattern expression;
  bool global = false;  ///< the flag g: groups are all matches then, not parts of the first
};

/// `pattern` or `/pattern/flags`. The flags y and v are an Error.
base::Result<MatchPattern> compile_match_pattern(const std::string& written);

}  // namespace steps::builtin
