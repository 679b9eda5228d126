#pragma once
// This program as something that a sandbox cannot write to. A process that runs it can be named through
// /proc/PID/exe, past every mount; where the file is the user's own, that would be a way to change it
// (CVE-2019-5736).

#include <string>

#include "base/result.h"

namespace sandbox {

/// What to start a fork server from: this program's file where its owner is not mapped into sandboxes, else a
/// sealed copy in memory, made once. Valid for as long as the process lives.
base::Result<std::string> program_for_sandboxes();

}  // namespace sandbox
