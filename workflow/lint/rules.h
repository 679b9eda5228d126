#pragma once
// The rules, one function each; all_rules() holds their ids. Each adds what it finds with its place and with
// the id and severity that its line in all_rules() has.

#include "workflow/lint/lint.h"

namespace workflow::lint {

void check_deprecated_commands(const LintedFile& file, Diagnostics& findings);

// What a workflow uses.
void check_plain_credentials(const LintedFile& file, Diagnostics& findings);
void check_runner_label_conflicts(const LintedFile& file, Diagnostics& findings);
void check_runner_labels(const LintedFile& file, Diagnostics& findings);
void check_script_injection(const LintedFile& file, Diagnostics& findings);

}  // namespace workflow::lint
