#pragma once
// The program that runs inside sandboxes: small, so that it starts at once, and part of this one, so that
// there is one file to install. It is run from a sealed copy in memory: a process can be named through
// /proc/PID/exe, past every mount, and a file of the user's could be changed in that way (CVE-2019-5736).

#include <string>

#include "base/result.h"

namespace sandbox {

/// What to start a fork server (zygote.h) from. Valid for as long as the process lives.
base::Result<std::string> inner_program();

}  // namespace sandbox
