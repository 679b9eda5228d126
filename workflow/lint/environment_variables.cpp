#include <fmt/format.h>

#include <array>

#include "workflow/expression/template.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

constexpr std::array<std::string_view, 6> kEnvs{"env",
                                                "jobs/*/env",
                                                "jobs/*/steps/[]/env",
                                                "jobs/*/steps/[]/parallel/[]/env",
                                                "jobs/*/container/env",
                                                "jobs/*/services/*/env"};

// docs.github.com variables "Default environment variables": what GitHub sets and a workflow cannot.
constexpr std::array<std::string_view, 34> kDefaults{"GITHUB_ACTION",
                                                     "GITHUB_ACTION_PATH",
                                                     "GITHUB_ACTION_REPOSITORY",
                                                     "GITHUB_ACTIONS",
                                                     "GITHUB_ACTOR",
                                                     "GITHUB_ACTOR_ID",
                                                     "GITHUB_API_URL",
                                                     "GITHUB_BASE_REF",
                                                     "GITHUB_ENV",
                                                     "GITHUB_EVENT_NAME",
                                                     "GITHUB_EVENT_PATH",
                                                     "GITHUB_GRAPHQL_URL",
                                                     "GITHUB_HEAD_REF",
                                                     "GITHUB_JOB",
                                                     "GITHUB_OUTPUT",
                                                     "GITHUB_PATH",
                                                     "GITHUB_REF",
                                                     "GITHUB_REF_NAME",
                                                     "GITHUB_REF_PROTECTED",
                                                     "GITHUB_REF_TYPE",
                                                     "GITHUB_REPOSITORY",
                                                     "GITHUB_REPOSITORY_ID",
                                                     "GITHUB_REPOSITORY_OWNER",
                                                     "GITHUB_RUN_ATTEMPT",
                                                     "GITHUB_RUN_ID",
                                                     "GITHUB_RUN_NUMBER",
                                                     "GITHUB_SERVER_URL",
                                                     "GITHUB_SHA",
                                                     "GITHUB_STEP_SUMMARY",
                                                     "GITHUB_WORKFLOW",
                                                     "GITHUB_WORKFLOW_REF",
                                                     "GITHUB_WORKSPACE",
                                                     "RUNNER_OS",
                                                     "RUNNER_TEMP"};

void for_each_variable(const LintedFile& file, const VisitPlace& visit) {
  for (const auto& path : kEnvs) {
    for_each_at(file.draft.root, path, [&](const Node&, const Node& env) {
      for (const auto& [name, value] : env.members) {
        if (!expression::has_expression(name.text)) visit(name, value);
      }
    });
  }
}

}  // namespace

void check_variable_names(const LintedFile& file, Diagnostics& findings) {
  for_each_variable(file, [&](const Node& name, const Node&) {
    if (name.text.find_first_of("&= \t\n") == std::string::npos) return;
    report(file, findings, name,
           fmt::format("'{}' is no name of an environment variable: it holds '&', '=' or spaces", name.text));
  });
}

void check_default_variables(const LintedFile& file, Diagnostics& findings) {
  for_each_variable(file, [&](const Node& name, const Node&) {
    for (const auto& fixed : kDefaults) {
      if (name.text == fixed)
        report(file, findings, name,
               fmt::format("GitHub sets '{}' itself: this value is never seen", name.text));
    }
  });
}

}  // namespace workflow::lint
