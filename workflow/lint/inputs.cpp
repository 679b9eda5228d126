#include <fmt/format.h>

#include <set>

#include "base/strings.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

// docs.github.com events-that-trigger-workflows "Providing inputs"; 10 until December 2025.
constexpr std::size_t kMostDispatchInputs = 25;

bool is_true(const Node& node) {
  return node.kind == NodeKind::boolean && base::to_lower(node.text) == "true";
}

void check_dispatch_input(const LintedFile& file, const Node& name, const Node& input,
                          Diagnostics& findings) {
  const auto& type = input["type"].text;
  const auto& options = input["options"];
  if (options.present() && type != "choice") {
    report(file, findings, name,
           fmt::format("the input '{}' has options and is no choice: write `type: choice`, or leave them out",
                       name.text));
    return;
  }
  std::set<std::string> seen;
  for (const auto& option : options.items) {
    if (option.is_scalar() && !seen.insert(option.text).second)
      report(file, findings, option, fmt::format("the option '{}' is listed twice", option.text));
  }
}

}  // namespace

void check_inputs(const LintedFile& file, Diagnostics& findings) {
  const Node& root = file.draft.root;
  for_each_at(root, "on/workflow_dispatch", [&](const Node& event, const Node& config) {
    const auto count = config["inputs"].members.size();
    if (count > kMostDispatchInputs) {
      report(file, findings, event,
             fmt::format("'workflow_dispatch' takes at most {} inputs; there are {}", kMostDispatchInputs,
                         count));
    }
  });
  for_each_at(root, "on/workflow_dispatch/inputs/*", [&](const Node& name, const Node& input) {
    check_dispatch_input(file, name, input, findings);
  });
  for_each_at(root, "on/workflow_call/inputs/*", [&](const Node& name, const Node& input) {
    const auto& value = input["default"];
    if (!value.present() || !is_true(input["required"])) return;
    report(file, findings, value,
           fmt::format("the input '{}' is required: its default is never used. Leave out one of both",
                       name.text));
  });
}

}  // namespace workflow::lint
