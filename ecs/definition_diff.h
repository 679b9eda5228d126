#pragma once
// How two task definitions differ, member by member. Pure.

#include <string>
#include <vector>

#include "base/json_fwd.h"

namespace ecs {

struct Difference {
  std::string path;  ///< containerDefinitions[web].environment[LOG_LEVEL].value
  std::string from;  ///< as JSON; empty: it was not there
  std::string to;    ///< empty: it is gone
  bool operator==(const Difference&) const = default;
};

/// Without what AWS adds to a registered one, nulls, and values that are AWS's defaults. Lists of named
/// things are compared by name.
std::vector<Difference> differences(const base::Json& from, const base::Json& to);
/// `containerDefinitions[web].image: "a:1" → "a:2"`; values of variables are not shown, since secrets stand
/// there all too often.
std::string to_string(const Difference& difference);

}  // namespace ecs
