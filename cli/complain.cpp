#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.h"
#include "cli/interrupts.h"

namespace cli {

int complain(const base::Error& error) {
  fmt::print(stderr, "pipeline: {}\n", error.to_string());
  if (error.kind == base::ErrorKind::cancelled && interrupted()) return kInterrupted;
  return error.kind == base::ErrorKind::invalid_input || error.kind == base::ErrorKind::not_found
             ? kUsage
             : kRunnerFailed;
}

}  // namespace cli
