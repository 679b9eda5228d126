#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/check_workflow.h"
#include "workflow/cron.h"
#include "workflow/expression/template.h"
#include "workflow/expression/value.h"
#include "workflow/schema.h"

namespace workflow {

namespace {

class TriggerChecker {
 public:
  TriggerChecker(const std::string& file, Diagnostics& diagnostics)
      : file_(file), diagnostics_(diagnostics) {}

  void check(const Trigger& trigger) {
    const auto& known = trigger_rule().keys;
    const bool exists =
        std::any_of(known.begin(), known.end(), [&](const KeyRule& key) { return key.key == trigger.event; });
    if (!exists) {
      std::vector<std::string_view> names;
      for (const auto& key : known) names.push_back(key.key);
      const auto near = base::similar_name(trigger.event, names);
      Diagnostic problem{{file_, trigger.line, trigger.column},
                         fmt::format("Unexpected value '{}'; there is no such event", trigger.event)};
      if (near) problem.hint = fmt::format("did you mean '{}'?", *near);
      diagnostics_.push_back(std::move(problem));
    }
    for (const std::string_view name : {"branches", "tags", "paths"}) exclusive(trigger.config, name);
    for (const auto& item : trigger.config.items) schedule(item["cron"]);
    const auto& inputs = trigger.config["inputs"];
    for (const auto& [name, input] : inputs.members) {
      if (trigger.event == "workflow_dispatch") choice(name, input);
      default_value(name, input);
    }
  }

 private:
  void exclusive(const Node& config, std::string_view name) {
    const auto& wanted = config[name];
    const auto& ignored = config[fmt::format("{}-ignore", name)];
    if (!wanted.present() || !ignored.present()) return;
    report(ignored.line > wanted.line ? ignored : wanted,
           fmt::format("you may only define one of `{}` and `{}-ignore` for a single event", name, name));
  }

  void schedule(const Node& cron) {
    if (!cron.present()) return;
    if (const auto problem = problem_of_cron(cron.text); !problem.empty())
      report(cron, fmt::format("Invalid cron expression '{}': {}", cron.text, problem));
  }

  void choice(const Node& name, const Node& input) {
    if (input["type"].text != "choice") return;
    const auto& options = input["options"].items;
    if (options.empty()) {
      report(name, fmt::format("Missing 'options' for choice input '{}'", name.text));
      return;
    }
    const auto& value = input["default"];
    if (!value.present() || value.kind == NodeKind::null) return;
    const bool listed = std::any_of(options.begin(), options.end(),
                                    [&](const Node& option) { return option.text == value.text; });
    if (!listed) report(value, fmt::format("The default '{}' is none of the options", value.text));
  }

  void default_value(const Node& name, const Node& input) {
    const auto& value = input["default"];
    const auto& type = input["type"].text;
    if (!value.present() || value.kind == NodeKind::null || expression::has_expression(value.text)) return;
    const auto lower = base::to_lower(value.text);
    const bool wrong = (type == "boolean" && lower != "true" && lower != "false") ||
                       (type == "number" && std::isnan(expression::Value(value.text).to_number()));
    if (wrong)
      report(value,
             fmt::format("Unexpected value '{}'; the input '{}' is a {}", value.text, name.text, type));
  }

  void report(const Node& node, std::string message) {
    diagnostics_.push_back({{file_, node.line, node.column}, std::move(message)});
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_trigger(const std::string& file, const Trigger& trigger, Diagnostics& diagnostics) {
  TriggerChecker(file, diagnostics).check(trigger);
}

}  // namespace workflow
