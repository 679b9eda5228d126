#pragma once
// A profile with credentials in the two files that AWS's tools share. They lie in RUNNER_TEMP, which is
// memory and ends with the job, unless the job's own variables name a place. Not for reading them
// (aws/shared_config).

#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/result.h"
#include "steps/builtin_actions.h"

namespace steps::builtin {

enum class ExistingProfile { refused, replaced };

struct ProfileEntry {
  std::string name;
  std::string region;
  aws::Credentials credentials;
  ExistingProfile existing = ExistingProfile::refused;
};

/// Writes both files, mode 0600; the variables by which later steps find them.
base::Result<std::vector<std::pair<std::string, std::string>>> write_profile(const ProfileEntry& entry,
                                                                             const ActionCall& call,
                                                                             RunningJob& job);

/// `text` with `[section]` and its lines at the end, in place of a section of that name; pure.
base::Result<std::string> with_section(std::string_view text, const std::string& section,
                                       std::string_view lines, ExistingProfile existing);

}  // namespace steps::builtin
