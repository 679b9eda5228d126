#pragma once
// shellcheck and pyflakes, where the machine has them, on the scripts of workflows. They get a script on
// their standard input, and no shell and no file is in between.

#include <string>
#include <vector>

#include "workflow/diagnostic.h"
#include "workflow/lint/scripts.h"

namespace cli {

/// A script, and which of the linters may speak of it.
struct LintedScript {
  std::string file;
  workflow::lint::Script script;
  bool shellcheck = true;
  bool pyflakes = true;
};

/// What they find, at places of the files; in the order of the scripts. A linter that the machine lacks finds
/// nothing; one that fails or takes too long says so on stderr.
workflow::Diagnostics run_script_linters(const std::vector<LintedScript>& scripts);

}  // namespace cli
