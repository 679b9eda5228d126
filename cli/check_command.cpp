#include <fmt/format.h>

#include <cstdio>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/workflow_files.h"

namespace cli {

int check_command(const CheckFlags& flags) {
  auto files = flags.files;
  if (files.empty()) {
    auto found = list_workflow_files(".");
    if (!found) {
      fmt::print(stderr, "pipeline: {}\n", found.error().to_string());
      return kUsage;
    }
    files = std::move(*found);
  }
  base::Json problems = base::Json::array();
  std::size_t count = 0;
  for (const auto& file : files) {
    const auto loaded = load_workflow_file(file);
    if (!loaded) {
      fmt::print(stderr, "pipeline: {}\n", loaded.error().to_string());
      return kUsage;
    }
    count += loaded->diagnostics.size();
    if (!flags.json) print_diagnostics(loaded->diagnostics);
    for (const auto& problem : loaded->diagnostics) {
      problems.push_back({{"file", problem.location.file},
                          {"line", problem.location.line},
                          {"column", problem.location.column},
                          {"message", problem.message}});
    }
  }
  if (flags.json) fmt::print("{}\n", base::to_text(problems, 2));
  if (!flags.json && count == 0)
    fmt::print("{} workflow file{}, no problem\n", files.size(), files.size() == 1 ? "" : "s");
  return count == 0 ? kPassed : kUsage;
}

}  // namespace cli
