#include <fmt/format.h>

#include <array>

#include "base/strings.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

struct DeprecatedCommand {
  std::string_view name;
  std::string_view instead;
};

// github.blog changelog 2022-10-11 and 2020-10-01.
constexpr std::array<DeprecatedCommand, 4> kDeprecated{{
    {"set-output", "echo \"name=value\" >> \"$GITHUB_OUTPUT\""},
    {"save-state", "echo \"name=value\" >> \"$GITHUB_STATE\""},
    {"set-env", "echo \"name=value\" >> \"$GITHUB_ENV\""},
    {"add-path", "echo \"path\" >> \"$GITHUB_PATH\""},
}};

}  // namespace

void check_deprecated_commands(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    for (const auto& step : job.steps) {
      if (!step.run) continue;
      for (const auto& [name, instead] : kDeprecated) {
        const bool used = step.run->text.find(fmt::format("::{} ", name)) != std::string::npos ||
                          step.run->text.find(fmt::format("::{}::", name)) != std::string::npos;
        if (!used) continue;
        findings.push_back(
            {{file.path, step.run->line, step.run->column},
             fmt::format("the workflow command '{}' is deprecated; write `{}`", name, instead)});
      }
    }
  }
}

}  // namespace workflow::lint
