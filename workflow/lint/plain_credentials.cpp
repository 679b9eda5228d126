#include <fmt/format.h>

#include "workflow/expression/template.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

void check_container(const LintedFile& file, const Node& container, std::string_view what,
                     Diagnostics& findings) {
  const Node& password = container["credentials"]["password"];
  if (!password.is_scalar() || password.text.empty() || expression::has_expression(password.text)) return;
  findings.push_back(
      {{file.path, password.line, password.column},
       fmt::format("the password of {} stands here for everyone to read; keep it as a secret and write "
                   "${{{{ secrets.NAME }}}}",
                   what)});
}

}  // namespace

void check_plain_credentials(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    check_container(file, job.container, "the container", findings);
    for (const auto& [name, service] : job.services.members)
      check_container(file, service, fmt::format("the service '{}'", name.text), findings);
  }
}

}  // namespace workflow::lint
