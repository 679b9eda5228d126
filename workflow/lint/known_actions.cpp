#include "workflow/lint/known_actions.h"

#include <algorithm>
#include <cctype>

#include "base/strings.h"
#include "workflow/lint/known_action_rows.h"

namespace workflow::lint {

namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// Calls the function for each word between spaces.
template <typename Visit>
void for_each_word(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const auto end = text.find(' ');
    visit(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

int number_of(std::string_view digits, int otherwise) {
  const auto number = base::parse_integer(digits);
  return number ? static_cast<int>(*number) : otherwise;
}

constexpr int kNoLimit = 1'000'000;

/// A word of a row: what it names, and the major versions that have it.
struct Word {
  std::string_view name;
  bool required = false;
  bool deprecated = false;
  bool of_all_versions = true;
  int first = 0;
  int last = kNoLimit;
};

Word read_word(std::string_view text) {
  Word word;
  word.required = text.starts_with('!');
  word.deprecated = text.starts_with('~');
  if (word.required || word.deprecated) text.remove_prefix(1);
  const auto colon = text.find(':');
  word.name = text.substr(0, colon);
  if (colon == std::string_view::npos) return word;
  word.of_all_versions = false;
  const auto range = text.substr(colon + 1);
  const auto dash = range.find('-');
  word.first = number_of(range.substr(0, dash), 0);
  word.last = dash == std::string_view::npos ? word.first : number_of(range.substr(dash + 1), kNoLimit);
  return word;
}

// "2:node12 4:node20" and 3 → node12.
std::string_view runtime_of(std::string_view runtimes, int major) {
  std::string_view found;
  for_each_word(runtimes, [&](std::string_view word) {
    const auto colon = word.find(':');
    if (number_of(word.substr(0, colon), 0) <= major) found = word.substr(colon + 1);
  });
  return found;
}

const KnownActionRow* find_row(std::string_view name) {
  for (const auto rows : {github_action_rows(), aws_and_docker_action_rows(), other_action_rows()}) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const KnownActionRow& row) {
      return base::equals_ignoring_case(row.name, name);
    });
    if (found != rows.end()) return &*found;
  }
  return nullptr;
}

// Of a ref that may be any version, an input is required only if all versions ask for it.
void add_input(KnownAction& action, const Word& word) {
  for (auto& input : action.inputs) {
    if (input.name != word.name) continue;
    input.required = false;
    input.deprecated = input.deprecated && word.deprecated;
    return;
  }
  const bool any_version = !action.major;
  action.inputs.push_back({word.name, word.required && (!any_version || word.of_all_versions),
                           word.deprecated && (!any_version || word.of_all_versions)});
}

}  // namespace

std::optional<ActionReference> split_action_reference(std::string_view uses) {
  const auto at = uses.find('@');
  if (at == std::string_view::npos || at + 1 == uses.size()) return std::nullopt;
  const auto name = uses.substr(0, at);
  const auto slash = name.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == name.size() || name[slash + 1] == '/')
    return std::nullopt;
  if (name.front() == '.' || name.front() == '$' || name.find(':') != std::string_view::npos)
    return std::nullopt;
  return ActionReference{name, uses.substr(at + 1)};
}

std::optional<int> major_version_of(std::string_view ref) {
  if (const auto slash = ref.rfind('/'); slash != std::string_view::npos) ref.remove_prefix(slash + 1);
  if (ref.starts_with('v') || ref.starts_with('V')) ref.remove_prefix(1);
  const auto end = std::find_if_not(ref.begin(), ref.end(), is_digit) - ref.begin();
  constexpr std::ptrdiff_t kMostDigits = 3;  // more is a date or a commit
  if (end == 0 || end > kMostDigits) return std::nullopt;
  const auto rest = ref.substr(static_cast<std::size_t>(end));
  const bool is_version =
      rest.empty() || rest.front() == '-' || (rest.front() == '.' && (rest.size() == 1 || is_digit(rest[1])));
  if (!is_version) return std::nullopt;
  return number_of(ref.substr(0, static_cast<std::size_t>(end)), 0);
}

std::optional<KnownAction> find_known_action(std::string_view uses) {
  const auto reference = split_action_reference(uses);
  if (!reference) return std::nullopt;
  const auto* row = find_row(reference->name);
  if (row == nullptr) return std::nullopt;
  KnownAction action{.name = row->name, .newest_major = row->newest_major};
  action.major = major_version_of(reference->ref);
  // Of 0.x every minor version may differ, and what is newer than the table may have anything.
  if (action.major && (*action.major == 0 || *action.major > row->newest_major)) {
    action.all_inputs_known = false;
    action.all_outputs_known = false;
  }
  // v3-node20: a variant of a version, perhaps with another runtime.
  const bool is_variant = reference->ref.find('-') != std::string_view::npos;
  if (action.major && !is_variant) action.runtime = runtime_of(row->runtimes, *action.major);
  if (is_variant) action.all_outputs_known = false;
  const int version = std::min(action.major.value_or(0), row->newest_major);
  const auto has = [&](const Word& word) {
    return !action.major || (word.first <= version && version <= word.last);
  };
  for_each_word(row->inputs, [&](std::string_view text) {
    if (const Word word = read_word(text); has(word)) add_input(action, word);
  });
  for_each_word(row->outputs, [&](std::string_view text) {
    const Word word = read_word(text);
    if (word.name == "*") action.all_outputs_known = false;
    if (word.name != "*" && has(word)) action.outputs.push_back(word.name);
  });
  return action;
}

std::optional<std::vector<std::string_view>> known_action_outputs(std::string_view uses) {
  auto action = find_known_action(uses);
  if (!action || !action->all_outputs_known) return std::nullopt;
  return std::move(action->outputs);
}

}  // namespace workflow::lint
