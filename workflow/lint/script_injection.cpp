#include <fmt/format.h>

#include <array>
#include <optional>
#include <set>

#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/lint/access_path.h"
#include "workflow/lint/every_step.h"
#include "workflow/lint/known_actions.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/scalar_places.h"
#include "workflow/lint/untrusted_input.h"

namespace workflow::lint {

namespace {

/// Inputs of actions that are code.
struct ScriptInput {
  std::string_view action;
  std::string_view input;
};
constexpr std::array<ScriptInput, 8> kScriptInputs{{
    {"actions/github-script", "script"},
    {"azure/cli", "inlineScript"},
    {"azure/powershell", "inlineScript"},
    {"appleboy/ssh-action", "script"},
    {"nick-fields/retry", "command"},
    {"addnab/docker-run-action", "run"},
    {"reactivecircus/android-emulator-runner", "script"},
    {"jannekem/run-python-script-action", "script"},
}};

class InjectionCheck {
 public:
  InjectionCheck(const LintedFile& file, Diagnostics& findings) : file_(file), findings_(findings) {}

  void check() {
    for (const auto& job : file_.draft.workflow.jobs) {
      every_step(job.steps, [&](const Step& step) {
        environments_ = {&step.env, &job.env, &file_.draft.workflow.env};
        if (step.run) check_script(*step.run);
        if (step.uses) check_inputs(step);
      });
    }
  }

 private:
  void check_inputs(const Step& step) {
    const auto reference = split_action_reference(step.uses->text);
    if (!reference) return;
    for (const auto& [action, input] : kScriptInputs) {
      if (!base::equals_ignoring_case(action, reference->name)) continue;
      for (const auto& [name, value] : step.with.members) {
        if (base::equals_ignoring_case(name.text, input) && value.is_scalar())
          check_script({value.text, value.line, value.column});
      }
    }
  }

  void check_script(const Text& script) {
    places_.reset();
    if (!expression::has_expression(script.text)) return;
    const auto parts = expression::split_template(script.text);
    if (!parts) return;
    for (const auto& part : *parts) {
      if (!part.is_expression) continue;
      const auto tree = expression::parse_expression(part.text);
      if (!tree || !*tree) continue;
      std::set<std::string> said;
      for (const auto& path : untrusted_parts(**tree)) {
        if (said.insert(path).second) report(script, part.offset, fmt::format("'{}'", path));
      }
      every_flowing_path(**tree, [&](const std::string& path) {
        const auto source = source_of(path);
        if (!source.empty() && said.insert(path).second)
          report(script, part.offset, fmt::format("'{}', which is '{}',", path, source));
      });
    }
  }

  // The untrusted path that an environment variable was given, when the path is one of `env`.
  std::string source_of(const std::string& path) const {
    constexpr std::string_view kEnv = "env.";
    if (!path.starts_with(kEnv)) return "";
    const auto name = std::string_view(path).substr(kEnv.size());
    for (const Node* environment : environments_) {
      for (const auto& [key, value] : environment->members) {
        if (!base::equals_ignoring_case(key.text, name)) continue;
        std::string found;
        every_expression(value.text, [&](const expression::Node& tree) {
          if (const auto untrusted = untrusted_parts(tree); !untrusted.empty()) found = untrusted.front();
        });
        return found;
      }
    }
    return "";
  }

  // At the script's beginning, as GitHub places problems of expressions; the message says where inside.
  void report(const Text& script, std::size_t offset, const std::string& what) {
    if (lines_.empty()) lines_ = base::lines_of(file_.text);
    if (!places_) places_.emplace(lines_, Place{script.line, script.column}, script.text);
    const auto place = places_->at(offset);
    const auto where =
        place.line == script.line ? "" : fmt::format(" (line {}, column {})", place.line, place.column);
    findings_.push_back(
        {{file_.path, script.line, script.column},
         fmt::format(
             "{} may be written by anyone and becomes part of the script here{}: whoever writes it runs "
             "commands of their own; give it to an environment variable with `env:` and let the script "
             "read that",
             what, where)});
  }

  const LintedFile& file_;
  Diagnostics& findings_;
  std::array<const Node*, 3> environments_{};
  std::vector<std::string_view> lines_;
  std::optional<ScalarPlaces> places_;  ///< of the script at hand, once something is found in it
};

}  // namespace

void check_script_injection(const LintedFile& file, Diagnostics& findings) {
  InjectionCheck(file, findings).check();
}

}  // namespace workflow::lint
