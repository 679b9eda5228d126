#pragma once
// What `pipeline runner register` leaves for `pipeline runner run`: the forge, who the runner is there, and
// its labels. A file of mode 0600 in the state folder, as it holds the runner's token.

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "server/runner_labels.h"
#include "server/runner_protocol.h"

namespace server {

struct RunnerRegistration {
  std::string instance;
  RunnerIdentity runner;
  std::vector<RunnerLabel> labels;
};

base::Path registration_file(const base::Path& state_folder);
base::Result<void> store_registration(const base::Path& state_folder, const RunnerRegistration& registration);
/// not_found: there is none; the message says how to make one.
base::Result<RunnerRegistration> load_registration(const base::Path& state_folder);

}  // namespace server
