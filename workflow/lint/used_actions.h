#pragma once
// The actions that a workflow uses, and what is known of them. For rules.

#include <functional>
#include <optional>

#include "workflow/lint/known_actions.h"
#include "workflow/lint/lint.h"

namespace workflow::lint {

/// Calls the function for every step with `uses`.
void every_used_action(const LintedFile& file,
                       const std::function<void(const Job& job, const Step& step)>& visit);

/// find_known_action, but a commit with its version in the comment behind it (`@8df1… # v4.2.1`) is that
/// version.
std::optional<KnownAction> known_action_of(const LintedFile& file, const Text& uses);

/// Whether a ref is the 40 (or 64) hexadecimal digits of a commit.
bool is_commit(std::string_view ref);

/// Whether the text names this action, whatever the ref: `owner/repository[/path]`.
bool uses_action(const Step& step, std::string_view name);

/// The value of an input, or an absent node.
const Node& input_of(const Step& step, std::string_view name);

}  // namespace workflow::lint
