#include "workflow/lint/used_actions.h"

#include <algorithm>
#include <cctype>

#include "base/strings.h"
#include "workflow/lint/every_step.h"

namespace workflow::lint {

namespace {

// The first word of the line's comment.
std::string_view comment_word(std::string_view line) {
  const auto mark = line.find(" #");
  if (mark == std::string_view::npos) return {};
  auto comment = base::trim(line.substr(mark + 2));
  constexpr std::string_view kTag = "tag=";
  if (comment.starts_with(kTag)) comment.remove_prefix(kTag.size());
  return comment.substr(0, comment.find_first_of(" \t"));
}

}  // namespace

void every_used_action(const LintedFile& file,
                       const std::function<void(const Job& job, const Step& step)>& visit) {
  for (const auto& job : file.draft.workflow.jobs) {
    every_step(job.steps, [&](const Step& step) {
      if (step.uses) visit(job, step);
    });
  }
}

std::optional<KnownAction> known_action_of(const LintedFile& file, const Text& uses) {
  auto action = find_known_action(uses.text);
  if (!action || action->major) return action;
  const auto reference = split_action_reference(uses.text);
  if (!is_commit(reference->ref)) return action;
  const auto version = comment_word(file.lines.line(uses.line));
  if (!major_version_of(version)) return action;
  return find_known_action(std::string(reference->name) + "@" + std::string(version));
}

bool is_commit(std::string_view ref) {
  return (ref.size() == 40 || ref.size() == 64) && std::all_of(ref.begin(), ref.end(), [](char c) {
           return std::isxdigit(static_cast<unsigned char>(c)) != 0;
         });
}

bool uses_action(const Step& step, std::string_view name) {
  if (!step.uses) return false;
  const auto reference = split_action_reference(step.uses->text);
  return reference && base::equals_ignoring_case(reference->name, name);
}

const Node& input_of(const Step& step, std::string_view name) {
  static const Node kAbsent;
  for (const auto& [key, value] : step.with.members) {
    if (base::equals_ignoring_case(key.text, name)) return value;
  }
  return kAbsent;
}

}  // namespace workflow::lint
