#include <fmt/format.h>

#include <algorithm>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/expression/functions.h"
#include "workflow/expression/syntax.h"
#include "workflow/expression/template.h"
#include "workflow/schema.h"

namespace workflow {

namespace {

unsigned bit_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return kNull;
    case NodeKind::boolean:
      return kBoolean;
    case NodeKind::number:
      return kNumber;
    case NodeKind::string:
      return kString;
    case NodeKind::sequence:
      return kSequence;
    case NodeKind::mapping:
      return kMapping;
    case NodeKind::absent:
      break;
  }
  return 0;
}

// At most so many bytes, and no half of a character.
std::string cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return std::string(text.substr(0, bytes)) + "…";
}

bool lists(std::string_view contexts, std::string_view name) {
  while (!contexts.empty()) {
    const auto end = contexts.find(' ');
    if (base::equals_ignoring_case(contexts.substr(0, end), name)) return true;
    contexts.remove_prefix(end == std::string_view::npos ? contexts.size() : end + 1);
  }
  return false;
}

std::string expected_kinds(unsigned kinds) {
  std::vector<std::string> names;
  if ((kinds & kString) != 0) names.emplace_back("string");
  if ((kinds & kNumber) != 0) names.emplace_back("number");
  if ((kinds & kBoolean) != 0) names.emplace_back("boolean");
  if ((kinds & kSequence) != 0) names.emplace_back("sequence");
  if ((kinds & kMapping) != 0) names.emplace_back("mapping");
  return base::join(names, " or ");
}

constexpr std::string_view kNotEmbedded =
    "The directive 'insert' is not allowed in this context. Directives are not supported for expressions "
    "that "
    "are embedded within a string. Directives are only supported when the entire value is an expression.";

class Checker {
 public:
  Checker(const std::string& file, Diagnostics& diagnostics, std::size_t most_problems)
      : file_(file), diagnostics_(diagnostics), most_problems_(most_problems) {}

  void mapping(const Node& node, const MappingRule& rule, std::string_view contexts) {
    unsigned variants = all_variants(rule);
    bool computed_keys = false;
    for (const auto& [key, value] : node.members) {
      if (expression::has_expression(key.text)) {
        computed_keys = true;
        computed_key(key, contexts);
        static const ValueRule kAnything{kText | kSequence | kMapping};
        ValueRule anything = rule.other != nullptr ? *rule.other : kAnything;
        anything.contexts = contexts;
        this->value(value, anything);
        continue;
      }
      const auto* known = find(rule, key.text);
      if (known != nullptr && known->variants != 0 && (known->variants & variants) == 0) known = nullptr;
      if (known != nullptr) {
        if (known->variants != 0) variants &= known->variants;
        this->value(value, known->value);
      } else if (rule.other != nullptr && !key.text.empty()) {
        this->value(value, *rule.other);
      } else {
        report(key, fmt::format("Unexpected value '{}'", key.text),
               hint_of_key(node, rule, variants, key.text));
      }
    }
    if (!computed_keys) required(node, rule, variants);
  }

 private:
  // Why the key is wrong here, or which one was meant.
  static std::string hint_of_key(const Node& node, const MappingRule& rule, unsigned variants,
                                 std::string_view key) {
    if (find(rule, key) != nullptr) {
      for (const auto& [other, value] : node.members) {
        const auto* telling = find(rule, other.text);
        if (telling != nullptr && telling->variants != 0 &&
            (telling->variants & find(rule, key)->variants) == 0)
          return fmt::format("'{}' and '{}' exclude each other", other.text, key);
      }
    }
    std::vector<std::string> names;
    for (const auto& candidate : rule.keys) {
      const bool fits = candidate.variants == 0 || (candidate.variants & variants) != 0;
      if (fits && !node[candidate.key].present()) names.emplace_back(candidate.key);
    }
    return hint_of(key, names);
  }

  // Which of the names was meant; all of them when there are few.
  static std::string hint_of(std::string_view name, const std::vector<std::string>& names) {
    constexpr std::size_t kFew = 12;
    if (const auto near = base::similar_name(name, names)) return fmt::format("did you mean '{}'?", *near);
    if (names.empty() || names.size() > kFew) return "";
    return fmt::format("expected {}: {}", names.size() == 1 ? "only" : "one of", base::join(names, ", "));
  }

  static const KeyRule* find(const MappingRule& rule, std::string_view key) {
    const auto found = std::find_if(rule.keys.begin(), rule.keys.end(),
                                    [&](const KeyRule& candidate) { return candidate.key == key; });
    return found == rule.keys.end() ? nullptr : &*found;
  }

  static unsigned all_variants(const MappingRule& rule) {
    unsigned variants = 0;
    for (const auto& key : rule.keys) variants |= key.variants;
    return variants;
  }

  void required(const Node& node, const MappingRule& rule, unsigned variants) {
    if ((variants & (variants - 1)) != 0) {
      std::vector<std::string> telling;
      for (const auto& key : rule.keys) {
        const bool of_one = key.variants != 0 && (key.variants & (key.variants - 1)) == 0;
        if (of_one && (key.variants & variants) != 0) telling.emplace_back(key.key);
      }
      std::sort(telling.begin(), telling.end());
      report(node, "There's not enough info to determine what you meant. Add one of these properties: " +
                       base::join(telling, ", "));
      return;
    }
    for (const auto& key : rule.keys) {
      const bool applies = key.variants == 0 || (key.variants & variants) != 0;
      if (key.required && applies && !node[key.key].present())
        report(node, fmt::format("Required property is missing: {}", key.key));
    }
  }

  void value(const Node& node, const ValueRule& rule) {
    if (rule.condition && node.is_scalar()) {
      condition(node, rule);
      return;
    }
    const bool computed =
        node.kind == NodeKind::string && !rule.contexts.empty() && is_one_expression(node.text);
    bool fits = (rule.kinds & bit_of(node.kind)) != 0;
    if (node.kind == NodeKind::string && node.text.empty()) fits = fits && (rule.kinds & kEmpty) != 0;
    if (!fits && !computed) {
      report(node, unexpected(node, rule));
      return;
    }
    if (node.kind == NodeKind::string) {
      expressions(node, rule.contexts);
      allowed(node, rule.allowed);
    }
    if (node.is_mapping() && rule.mapping != nullptr) mapping(node, *rule.mapping, rule.contexts);
    if (node.is_sequence() && rule.item != nullptr) {
      for (const auto& item : node.items) value(item, *rule.item);
    }
    if ((node.is_mapping() && rule.mapping == nullptr) || (node.is_sequence() && rule.item == nullptr))
      anything(node, rule.contexts);
  }

  // No rule but for the expressions in it.
  void anything(const Node& node, std::string_view contexts) {
    if (node.kind == NodeKind::string) expressions(node, contexts);
    for (const auto& item : node.items) anything(item, contexts);
    for (const auto& [key, member] : node.members) {
      if (expression::has_expression(key.text)) computed_key(key, contexts);
      anything(member, contexts);
    }
  }

  static std::string unexpected(const Node& node, const ValueRule& rule) {
    const auto expected = expected_kinds(rule.kinds);
    if (node.is_sequence()) return fmt::format("A sequence was not expected; expected a {}", expected);
    if (node.is_mapping()) return fmt::format("A mapping was not expected; expected a {}", expected);
    if (node.text.empty()) return fmt::format("Unexpected value ''; expected a {}, found nothing", expected);
    return fmt::format("Unexpected value '{}'; expected a {}, found a {}", shown(node), expected,
                       name_of(node.kind));
  }

  void allowed(const Node& node, std::string_view texts) {
    if (texts.empty() || expression::has_expression(node.text)) return;
    const auto list = base::split(texts, ' ');
    if (std::find(list.begin(), list.end(), node.text) != list.end()) return;
    report(node,
           fmt::format("Unexpected value '{}'; expected one of: {}", shown(node), base::join(list, ", ")),
           hint_of_value(node.text, list));
  }

  static std::string hint_of_value(std::string_view text, const std::vector<std::string>& list) {
    const auto near = base::similar_name(text, list);
    return near ? fmt::format("did you mean '{}'?", *near) : "";
  }

  static std::string shown(const Node& node) {
    constexpr std::size_t kLongest = 60;
    return cut(node.text, kLongest);
  }

  static bool is_one_expression(std::string_view text) {
    const auto parts = expression::split_template(base::trim(text));
    return parts && parts->size() == 1 && parts->front().is_expression;
  }

  void computed_key(const Node& key, std::string_view contexts) {
    const auto parts = expression::split_template(key.text);
    const bool insert = parts && parts->size() == 1 && parts->front().text == "insert";
    if (contexts.empty() || !insert) expressions(key, contexts);
  }

  void expressions(const Node& node, std::string_view contexts) {
    if (!expression::has_expression(node.text)) return;
    if (contexts.empty()) {
      report(node, fmt::format("A template expression is not allowed in this context: '{}'", shown(node)));
      return;
    }
    const auto parts = expression::split_template(node.text);
    if (!parts) {
      report(node, parts.error().message);
      return;
    }
    for (const auto& part : *parts) {
      if (!part.is_expression) continue;
      if (part.text == "insert") {
        report(node, kNotEmbedded);
        return;
      }
      expression_text(node, part.text, contexts);
    }
  }

  void condition(const Node& node, const ValueRule& rule) {
    const auto expression = expression::unwrapped_condition(node.text);
    if (!expression) {
      report(node, expression.error().message);
      return;
    }
    expression_text(node, *expression, rule.contexts);
  }

  void expression_text(const Node& node, std::string_view text, std::string_view contexts) {
    const auto tree =
        expression::parse_expression(text, [&](std::string_view name) { return is_context(contexts, name); });
    if (!tree) {
      auto message = tree.error().message;
      if (message.starts_with("Unrecognized named-value"))
        message += fmt::format(". Available here: {}", named_values(contexts));
      report(node, message);
      return;
    }
    expression::visit_nodes(**tree, [&](const expression::Node& part) {
      if (part.kind != expression::NodeKind::call) return;
      const auto problem = problem_of_call(part, contexts);
      if (problem.empty()) return;
      report(node, fmt::format("{}: '{}'. Located at position {} within expression: {}", problem, part.name,
                               part.offset + 1, text));
    });
  }

  static std::string_view problem_of_call(const expression::Node& call, std::string_view contexts) {
    if (base::equals_ignoring_case(call.name, "hashFiles") && !lists(contexts, "hashFiles"))
      return "Unrecognized function";
    if (!expression::is_status_function(call.name) || lists(contexts, "job-status")) return "";
    if (!lists(contexts, "status")) return "Unrecognized function";
    return call.children.empty() ? "" : "Too many parameters supplied";
  }

  // The lists also hold what functions there are.
  static bool is_context(std::string_view contexts, std::string_view name) {
    return lists(contexts, name) && !lists("status job-status hashFiles", name);
  }

  static std::string named_values(std::string_view contexts) {
    std::vector<std::string> names;
    for (auto& name : base::split(contexts, ' ')) {
      if (is_context(contexts, name)) names.push_back(std::move(name));
    }
    return base::join(names, ", ");
  }

  void report(const Node& node, std::string_view message, std::string hint = {}) {
    constexpr std::size_t kLongest = 500;
    if (diagnostics_.size() >= most_problems_) return;
    Diagnostic diagnostic{{file_, node.line, node.column}, cut(message, kLongest)};
    diagnostic.hint = std::move(hint);
    diagnostics_.push_back(std::move(diagnostic));
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
  std::size_t most_problems_;
};

}  // namespace

void check_schema(const std::string& file, const Node& node, const MappingRule& rule,
                  Diagnostics& diagnostics, std::size_t most_problems) {
  Checker(file, diagnostics, most_problems).mapping(node, rule, "");
}

}  // namespace workflow
