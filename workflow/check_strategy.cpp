#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/check_workflow.h"
#include "workflow/contexts.h"
#include "workflow/matrix.h"

namespace workflow {

namespace {

// What WorkflowTemplateConverter.ConvertToStrategy and MatrixBuilder find before anything runs.
class StrategyChecker {
 public:
  StrategyChecker(const std::string& file, Diagnostics& diagnostics)
      : file_(file), diagnostics_(diagnostics) {}

  void check(const Strategy& strategy) {
    const auto& matrix = strategy.matrix;
    if (!matrix.is_mapping()) return;
    const auto before = diagnostics_.size();
    vectors(matrix);
    const bool computed =
        is_computed(matrix) || is_computed(strategy.fail_fast) || is_computed(strategy.max_parallel);
    if (computed) return;
    filters(matrix);
    if (diagnostics_.size() == before && vectors_are_sequences(matrix)) combinations(matrix);
  }

 private:
  void vectors(const Node& matrix) {
    bool any = false;
    for (const auto& [key, value] : matrix.members) {
      if (key.text == "exclude") continue;
      any = any || key.text != "include" || is_computed(value) || !value.items.empty();
      if (key.text == "include" || is_computed(key) || !value.is_sequence() || !value.items.empty()) continue;
      report(value, fmt::format("Matrix vector '{}' does not contain any values", key.text));
    }
    if (!any) report(matrix, "Matrix must define at least one vector");
  }

  // What is none has been reported by the schema.
  static bool vectors_are_sequences(const Node& matrix) {
    return std::all_of(matrix.members.begin(), matrix.members.end(),
                       [](const Member& member) { return member.value.is_sequence(); });
  }

  void filters(const Node& matrix) {
    for (const auto& item : matrix["include"].items) {
      if (item.members.empty()) report(item, "Matrix include mapping does not contain any values");
    }
    for (const auto& filter : matrix["exclude"].items) {
      if (filter.members.empty()) report(filter, "Matrix exclude filter must not be empty");
      for (const auto& [key, value] : filter.members) {
        if (!is_vector(matrix, key.text))
          report(key,
                 fmt::format("Matrix exclude key '{}' does not match any key within the matrix", key.text));
      }
    }
  }

  static bool is_vector(const Node& matrix, std::string_view name) {
    return std::any_of(matrix.members.begin(), matrix.members.end(), [&](const Member& member) {
      return base::equals_ignoring_case(member.key.text, name) && member.key.text != "include" &&
             member.key.text != "exclude";
    });
  }

  void combinations(const Node& matrix) {
    const auto value = evaluate_node(matrix, Scope{Contexts()});
    if (!value) return;
    if (const auto combinations = expand_matrix(*value); !combinations)
      report(matrix, combinations.error().message);
  }

  void report(const Node& node, std::string message) {
    diagnostics_.push_back({{file_, node.line, node.column}, std::move(message)});
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_strategy(const std::string& file, const Strategy& strategy, Diagnostics& diagnostics) {
  StrategyChecker(file, diagnostics).check(strategy);
}

}  // namespace workflow
