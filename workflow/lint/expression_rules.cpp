#include "workflow/lint/expression_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "workflow/expression/evaluator.h"
#include "workflow/expression/functions.h"
#include "workflow/expression/template.h"
#include "workflow/lint/expression_types.h"
#include "workflow/lint/place_types.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/scalar_places.h"
#include "workflow/lint/scope_types.h"

namespace workflow::lint {

namespace {

bool is_pure(const expression::Node& tree) {
  bool pure = true;
  expression::visit_nodes(tree, [&](const expression::Node& part) {
    if (part.kind == expression::NodeKind::name) pure = false;
    if (part.kind != expression::NodeKind::call) return;
    const auto* function = expression::find_function(part.name);
    const bool asks = function == nullptr || function->name == "hashFiles" ||
                      expression::is_status_function(function->name);
    pure = pure && !asks;
  });
  return pure;
}

class Checker {
 public:
  Checker(const std::string& path, std::string_view text, const Node& root, const ProjectFiles& files,
          const LintConfig& config)
      : path_(path), text_(text), project_(files), scopes_(root, config, project_) {}

  void check(const ExpressionPlace& place) {
    if (findings_.size() >= kMost) return;
    types_ = &scopes_.at(place);
    if (place.rule.condition && !place.is_key) {
      condition(place);
    } else {
      text(place);
    }
  }

  Diagnostics take() { return std::move(findings_); }

 private:
  void condition(const ExpressionPlace& place) {
    const Node& node = place.node;
    if (!expression::has_expression(node.text)) {
      const auto inside = node.text.find_first_not_of(" \t\r\n");
      if (inside == std::string::npos) return;
      const std::string expression(base::trim(node.text));
      if (type_of(place, {expression, inside}) != nullptr) constant(place, expression);
      return;
    }
    const auto embedded = embedded_expressions(node.text);
    if (embedded.empty()) return;
    if (is_alone(node.text)) {
      if (type_of(place, embedded.front()) != nullptr) constant(place, embedded.front().text);
      return;
    }
    add(node, 0, kConditionInText, always_true(node.text));
    for (const auto& expression : embedded) type_in_text(place, expression);
  }

  static std::string always_true(std::string_view text) {
    const auto trimmed = base::trim(text);
    const bool only_blanks = is_alone(trimmed);
    return fmt::format(
        "this condition is always true: with {} around ${{{{ }}}} it is a text, and a text that "
        "is not empty is true; {}",
        only_blanks ? "white space" : "other characters",
        only_blanks ? "remove it (write `if: ${{ … }}` on one line)" : "put all of it into one ${{ }}");
  }

  static bool is_alone(std::string_view text) {
    const auto parts = expression::split_template(text);
    return parts && parts->size() == 1 && parts->front().is_expression;
  }

  void constant(const ExpressionPlace& place, const std::string& text) {
    const auto tree = expression::parse_expression(text);
    if (!tree || !is_pure(**tree)) return;
    const auto value = expression::evaluate(**tree, {});
    if (!value) return;
    add(place.node, 0, kConstantCondition,
        fmt::format("this condition is always {}: {}", value->truthy() ? "true" : "false",
                    value->truthy() ? "remove it" : "what it guards never runs"));
  }

  void text(const ExpressionPlace& place) {
    const auto embedded = embedded_expressions(place.node.text);
    if (embedded.empty()) return;
    const bool alone = is_alone(place.node.text);
    if (alone && embedded.front().text == "insert") return;
    if (!alone || place.is_key) {
      for (const auto& expression : embedded) type_in_text(place, expression);
      return;
    }
    const auto& expression = embedded.front();
    const auto type = type_of(place, expression);
    if (type == nullptr) return;
    auto problem = problem_of_place(place, *type);
    if (problem.empty()) problem = problem_of_input(place, *type, project_);
    if (!problem.empty()) add(place.node, expression.offset, kExpressionType, std::move(problem));
  }

  void type_in_text(const ExpressionPlace& place, const EmbeddedExpression& expression) {
    const auto type = type_of(place, expression);
    if (type == nullptr || type->is_scalar() || type->is(TypeKind::any)) return;
    const auto advice = type->is(TypeKind::null) ? "" : "; toJSON() or join() makes a text of it";
    add(place.node, expression.offset, kExpressionType,
        fmt::format("{} means nothing inside of a text{}", describe(*type), advice));
  }

  // Nothing for what GitHub cannot read: that is said already.
  TypePointer type_of(const ExpressionPlace& place, const EmbeddedExpression& expression) {
    if (findings_.size() >= kMost) return nullptr;
    const auto tree = expression::parse_expression(expression.text);
    if (!tree) return nullptr;
    std::vector<TypeProblem> problems;
    const TypeScope scope{
        [&](std::string_view name) { return is_available(place, name) ? types_->find(name) : nullptr; },
        [&](std::string_view context, std::string_view name) { return scopes_.why_missing(context, name); }};
    const auto type = type_of_expression(**tree, scope, problems);
    for (auto& problem : problems)
      add(place.node, expression.offset + problem.offset, problem.rule, std::move(problem.message));
    return problems.empty() ? type : any_type();
  }

  static bool is_available(const ExpressionPlace& place, std::string_view name) {
    for (auto left = place.contexts; !left.empty();) {
      const auto end = std::min(left.find(' '), left.size());
      if (base::equals_ignoring_case(left.substr(0, end), name)) return true;
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    return false;
  }

  void add(const Node& node, std::size_t offset, std::string_view rule, std::string message) {
    Place place{node.line, node.column};
    if (offset > 0) {
      if (lines_.empty()) lines_ = base::lines_of(text_);
      if (scalar_ != &node) scalar_places_.emplace(lines_, place, node.text);
      scalar_ = &node;
      place = scalar_places_->at(offset);
    }
    Diagnostic finding{{path_, place.line, place.column}, std::move(message), rule};
    if (std::find(findings_.begin(), findings_.end(), finding) == findings_.end())
      findings_.push_back(std::move(finding));
  }

  static constexpr std::size_t kMost = 1000;

  const std::string& path_;
  std::string_view text_;
  std::vector<std::string_view> lines_;
  const Node* scalar_ = nullptr;  // that the last finding was in
  std::optional<ScalarPlaces> scalar_places_;
  ProjectTypes project_;
  ScopeTypes scopes_;
  const ContextTypes* types_ = nullptr;
  Diagnostics findings_;
};

}  // namespace

Diagnostics check_expressions(const std::string& path, std::string_view text, const Node& root,
                              const ProjectFiles& files, const LintConfig& config) {
  if (!root.is_mapping()) return {};
  Checker checker(path, text, root, files, config);
  visit_expression_places(root, workflow_rule(), [&](const ExpressionPlace& place) { checker.check(place); });
  return checker.take();
}

Diagnostics check_action_expressions(const std::string& path, std::string_view text, const Node& root,
                                     const ProjectFiles& files, const LintConfig& config) {
  if (!root.is_mapping()) return {};
  Checker checker(path, text, root, files, config);
  visit_expression_places(root, action_rule(), [&](const ExpressionPlace& place) { checker.check(place); });
  return checker.take();
}

namespace {

void findings_of(std::string_view rule, const LintedFile& file, Diagnostics& findings) {
  for (const auto& finding : file.expression_findings) {
    if (finding.rule == rule) findings.push_back(finding);
  }
}

}  // namespace

void check_unknown_properties(const LintedFile& file, Diagnostics& findings) {
  findings_of(kUnknownProperty, file, findings);
}
void check_expression_types(const LintedFile& file, Diagnostics& findings) {
  findings_of(kExpressionType, file, findings);
}
void check_format_arguments(const LintedFile& file, Diagnostics& findings) {
  findings_of(kFormatArguments, file, findings);
}
void check_impossible_comparisons(const LintedFile& file, Diagnostics& findings) {
  findings_of(kImpossibleComparison, file, findings);
}
void check_json_texts(const LintedFile& file, Diagnostics& findings) {
  findings_of(kJsonText, file, findings);
}
void check_constant_conditions(const LintedFile& file, Diagnostics& findings) {
  findings_of(kConstantCondition, file, findings);
}
void check_conditions_in_text(const LintedFile& file, Diagnostics& findings) {
  findings_of(kConditionInText, file, findings);
}

}  // namespace workflow::lint
