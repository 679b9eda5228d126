#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/lint/every_step.h"
#include "workflow/lint/local_references.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/used_actions.h"

namespace workflow::lint {

namespace {

/// What an action takes, wherever that is known from.
struct TakenInputs {
  std::vector<ActionInput> inputs;
  bool is_docker = false;  ///< then `entrypoint` and `args` are GitHub's own
  bool all_known = true;
};

const ActionInput* find_input(const TakenInputs& taken, std::string_view name) {
  const auto found = std::find_if(taken.inputs.begin(), taken.inputs.end(), [&](const ActionInput& input) {
    return base::equals_ignoring_case(input.name, name);
  });
  return found == taken.inputs.end() ? nullptr : &*found;
}

TakenInputs inputs_of(const KnownAction& action) {
  TakenInputs taken{.is_docker = action.runtime == "docker", .all_known = action.all_inputs_known};
  for (const auto& [name, required, deprecated] : action.inputs) {
    taken.inputs.push_back({.name = std::string(name),
                            .required = required,
                            .deprecation_message = deprecated ? "the action calls it deprecated" : ""});
  }
  return taken;
}

// Nothing for an action that cannot be read: another rule says why.
std::optional<TakenInputs> inputs_of(const LocalAction& action) {
  if (!action.has_metadata || !action.draft.root.is_mapping()) return std::nullopt;
  return TakenInputs{action.draft.action.inputs, action.draft.action.kind == ActionKind::docker, true};
}

class InputCheck {
 public:
  InputCheck(const LintedFile& file, Diagnostics& findings) : file_(file), findings_(findings) {}

  void check(const Step& step, const TakenInputs& taken) {
    bool is_computed = false;
    for (const auto& [name, value] : step.with.members) {
      if (expression::has_expression(name.text)) {
        is_computed = true;
      } else if (taken.all_known) {
        check_name(step, taken, name);
      }
    }
    if (!is_computed) check_required(step, taken);
  }

 private:
  void check_name(const Step& step, const TakenInputs& taken, const Node& name) {
    if (find_input(taken, name.text) != nullptr) return;
    const bool is_of_docker = name.text == "entrypoint" || name.text == "args";
    if (is_of_docker && taken.is_docker) return;
    std::vector<std::string> names;
    for (const auto& input : taken.inputs) names.push_back(input.name);
    std::string advice;
    if (const auto meant = base::similar_name(name.text, names)) {
      advice = fmt::format("did you mean '{}'?", *meant);
    } else if (is_of_docker) {
      advice = "only actions that run in a container have it";
    } else {
      advice = names.empty() ? "it takes none" : fmt::format("it takes {}", base::join(names, ", "));
    }
    report(name.line, name.column,
           fmt::format("the action '{}' has no input '{}'; {}", step.uses->text, name.text, advice));
  }

  void check_required(const Step& step, const TakenInputs& taken) {
    for (const auto& input : taken.inputs) {
      if (!input.required || input.default_value) continue;
      const auto& members = step.with.members;
      const bool given = std::any_of(members.begin(), members.end(), [&](const Member& member) {
        return base::equals_ignoring_case(member.key.text, input.name);
      });
      if (given) continue;
      report(step.uses->line, step.uses->column,
             fmt::format("the action '{}' needs the input '{}', which `with:` does not have", step.uses->text,
                         input.name));
    }
  }

  void report(int line, int column, std::string message) {
    findings_.push_back({{file_.path, line, column}, std::move(message)});
  }

  const LintedFile& file_;
  Diagnostics& findings_;
};

void check_deprecated(const LintedFile& file, const Step& step, const TakenInputs& taken,
                      Diagnostics& findings) {
  for (const auto& [name, value] : step.with.members) {
    const auto* input = find_input(taken, name.text);
    if (input == nullptr || input->deprecation_message.empty()) continue;
    findings.push_back({{file.path, name.line, name.column},
                        fmt::format("the input '{}' of the action '{}' is deprecated: {}", name.text,
                                    step.uses->text, input->deprecation_message)});
  }
}

}  // namespace

void check_local_action_inputs(const LintedFile& file, Diagnostics& findings) {
  every_used_action(file, [&](const Job&, const Step& step) {
    const auto* action = file.local.find_action(step.uses->text);
    if (action == nullptr) return;
    if (const auto taken = inputs_of(*action)) InputCheck(file, findings).check(step, *taken);
  });
}

void check_known_action_inputs(const LintedFile& file, Diagnostics& findings) {
  every_used_action(file, [&](const Job&, const Step& step) {
    if (file.local.find_action(step.uses->text) != nullptr) return;  // its own words come first
    if (const auto action = known_action_of(file, *step.uses))
      InputCheck(file, findings).check(step, inputs_of(*action));
  });
}

void check_deprecated_inputs(const LintedFile& file, Diagnostics& findings) {
  every_used_action(file, [&](const Job&, const Step& step) {
    if (!step.with.is_mapping()) return;
    if (const auto* local = file.local.find_action(step.uses->text)) {
      if (const auto taken = inputs_of(*local)) check_deprecated(file, step, *taken, findings);
    } else if (const auto known = known_action_of(file, *step.uses)) {
      check_deprecated(file, step, inputs_of(*known), findings);
    }
  });
}

}  // namespace workflow::lint
