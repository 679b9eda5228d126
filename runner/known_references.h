#pragma once
// What refs of a repository meant when they were last asked for, kept beside its commits (`refs.json`), for
// runs without a network. Only for action_store.

#include <optional>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "runner/action_store.h"

namespace runner {

/// Nothing when it is not known, or what is kept cannot be read.
std::optional<ResolvedReference> known_reference(const base::Path& folder, const std::string& server,
                                                 const std::string& ref);
base::Result<void> remember_reference(const base::Path& folder, const std::string& server,
                                      const std::string& ref, const ResolvedReference& resolved);

}  // namespace runner
