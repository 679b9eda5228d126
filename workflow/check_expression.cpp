#include <fmt/format.h>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/expression/functions.h"
#include "workflow/expression/syntax.h"
#include "workflow/schema.h"

namespace workflow {

namespace {

bool lists(std::string_view contexts, std::string_view name) {
  while (!contexts.empty()) {
    const auto end = contexts.find(' ');
    if (base::equals_ignoring_case(contexts.substr(0, end), name)) return true;
    contexts.remove_prefix(end == std::string_view::npos ? contexts.size() : end + 1);
  }
  return false;
}

// The lists also hold what functions there are.
bool is_context(std::string_view contexts, std::string_view name) {
  return lists(contexts, name) && !lists("status job-status hashFiles", name);
}

std::string_view problem_of_call(const expression::Node& call, std::string_view contexts) {
  if (base::equals_ignoring_case(call.name, "hashFiles") && !lists(contexts, "hashFiles"))
    return "Unrecognized function";
  if (!expression::is_status_function(call.name)) return "";
  if (!lists(contexts, "status") && !lists(contexts, "job-status")) return "Unrecognized function";
  const bool takes_job_ids =
      lists(contexts, "job-status") &&
      (base::equals_ignoring_case(call.name, "success") || base::equals_ignoring_case(call.name, "failure"));
  return call.children.empty() || takes_job_ids ? "" : "Too many parameters supplied";
}

}  // namespace

std::string hint_of_expression(std::string_view problem, std::string_view contexts) {
  const bool function = problem.starts_with("Unrecognized function: '");
  if (!function && !problem.starts_with("Unrecognized named-value: '")) return "";
  const auto begin = problem.find('\'') + 1;
  const auto used = problem.substr(begin, problem.find('\'', begin) - begin);
  std::vector<std::string> names;
  if (function) {
    const auto near = base::similar_name(used, expression::function_names());
    return near && !base::equals_ignoring_case(*near, used) ? fmt::format("did you mean '{}'?", *near) : "";
  }
  for (auto& name : base::split(contexts, ' ')) {
    if (is_context(contexts, name)) names.push_back(std::move(name));
  }
  if (const auto near = base::similar_name(used, names)) return fmt::format("did you mean '{}'?", *near);
  return names.empty() ? "no context is available here" : "available here: " + base::join(names, ", ");
}

base::Result<void> check_expression(std::string_view expression, std::string_view contexts) {
  TRY(const auto tree, expression::parse_expression(
                           expression, [&](std::string_view name) { return is_context(contexts, name); }));
  const expression::Node* wrong = nullptr;
  expression::visit_nodes(*tree, [&](const expression::Node& node) {
    if (node.kind != expression::NodeKind::call || problem_of_call(node, contexts).empty()) return;
    if (wrong == nullptr || node.offset < wrong->offset) wrong = &node;
  });
  if (wrong == nullptr) return {};
  return base::invalid_input(fmt::format("{}: '{}'. Located at position {} within expression: {}",
                                         problem_of_call(*wrong, contexts), wrong->name, wrong->offset + 1,
                                         expression));
}

}  // namespace workflow
