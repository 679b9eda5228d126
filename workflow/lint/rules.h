#pragma once
// The rules, one function each; all_rules() holds their ids. Each adds what it finds with its place and with
// the id and severity that its line in all_rules() has.

#include "workflow/lint/lint.h"

namespace workflow::lint {

void check_conditions_in_text(const LintedFile& file, Diagnostics& findings);
void check_constant_conditions(const LintedFile& file, Diagnostics& findings);
void check_deprecated_commands(const LintedFile& file, Diagnostics& findings);
void check_encoding(const LintedFile& file, Diagnostics& findings);
void check_expression_types(const LintedFile& file, Diagnostics& findings);
void check_format_arguments(const LintedFile& file, Diagnostics& findings);
void check_impossible_comparisons(const LintedFile& file, Diagnostics& findings);
void check_json_texts(const LintedFile& file, Diagnostics& findings);
void check_unknown_properties(const LintedFile& file, Diagnostics& findings);

// What a workflow uses.
void check_action_metadata(const LintedFile& file, Diagnostics& findings);
void check_action_references(const LintedFile& file, Diagnostics& findings);
void check_action_runtimes(const LintedFile& file, Diagnostics& findings);
void check_broken_actions(const LintedFile& file, Diagnostics& findings);
void check_cache_poisoning(const LintedFile& file, Diagnostics& findings);
void check_called_workflows(const LintedFile& file, Diagnostics& findings);
void check_deprecated_inputs(const LintedFile& file, Diagnostics& findings);
void check_inherited_secrets(const LintedFile& file, Diagnostics& findings);
void check_known_action_inputs(const LintedFile& file, Diagnostics& findings);
void check_local_action_inputs(const LintedFile& file, Diagnostics& findings);
void check_missing_actions(const LintedFile& file, Diagnostics& findings);
void check_missing_permissions(const LintedFile& file, Diagnostics& findings);
void check_persisted_credentials(const LintedFile& file, Diagnostics& findings);
void check_plain_credentials(const LintedFile& file, Diagnostics& findings);
void check_runner_label_conflicts(const LintedFile& file, Diagnostics& findings);
void check_runner_labels(const LintedFile& file, Diagnostics& findings);
void check_script_injection(const LintedFile& file, Diagnostics& findings);
void check_unneeded_id_tokens(const LintedFile& file, Diagnostics& findings);
void check_unpinned_actions(const LintedFile& file, Diagnostics& findings);
void check_untrusted_artifacts(const LintedFile& file, Diagnostics& findings);
void check_untrusted_checkouts(const LintedFile& file, Diagnostics& findings);
// The structure of workflows.
void check_anchors(const LintedFile& file, Diagnostics& findings);
void check_concurrency_deadlocks(const LintedFile& file, Diagnostics& findings);
void check_concurrency_of_matrices(const LintedFile& file, Diagnostics& findings);
void check_containers(const LintedFile& file, Diagnostics& findings);
void check_default_variables(const LintedFile& file, Diagnostics& findings);
void check_empty_values(const LintedFile& file, Diagnostics& findings);
void check_environment_urls(const LintedFile& file, Diagnostics& findings);
void check_events(const LintedFile& file, Diagnostics& findings);
void check_filter_patterns(const LintedFile& file, Diagnostics& findings);
void check_ignored_keys(const LintedFile& file, Diagnostics& findings);
void check_inputs(const LintedFile& file, Diagnostics& findings);
void check_matrices(const LintedFile& file, Diagnostics& findings);
void check_matrix_includes(const LintedFile& file, Diagnostics& findings);
void check_merge_keys(const LintedFile& file, Diagnostics& findings);
void check_misplaced_conditions(const LintedFile& file, Diagnostics& findings);
void check_needed_jobs(const LintedFile& file, Diagnostics& findings);
void check_negated_filters(const LintedFile& file, Diagnostics& findings);
void check_numbers(const LintedFile& file, Diagnostics& findings);
void check_schedules(const LintedFile& file, Diagnostics& findings);
void check_shells(const LintedFile& file, Diagnostics& findings);
void check_unreachable_jobs(const LintedFile& file, Diagnostics& findings);
void check_variable_names(const LintedFile& file, Diagnostics& findings);

}  // namespace workflow::lint
