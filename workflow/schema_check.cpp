#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/similar_name.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "workflow/expression/characters.h"
#include "workflow/expression/template.h"
#include "workflow/expression/template_scalar.h"
#include "workflow/schema.h"

namespace workflow {

namespace {

using expression::ScalarKind;

// What a token weighs besides its text (TemplateMemory).
constexpr std::size_t kObjectSize = 24;
constexpr std::size_t kTextSize = 26;

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

std::string expected_kinds(const ValueRule& rule, std::string_view found = {}) {
  if (!rule.allowed.empty()) {
    const auto list = base::split(rule.allowed, ' ');
    if (const auto near = base::similar_name(found, list)) return fmt::format("did you mean '{}'?", *near);
    return "expected one of: " + base::join(list, ", ");
  }
  std::vector<std::string> names;
  if ((rule.kinds & kString) != 0)
    names.emplace_back((rule.kinds & kEmpty) != 0 ? "text" : "text that is not empty");
  if ((rule.kinds & kNumber) != 0) names.emplace_back("number");
  if ((rule.kinds & kBoolean) != 0) names.emplace_back("boolean");
  if ((rule.kinds & kSequence) != 0) names.emplace_back("sequence");
  if ((rule.kinds & kMapping) != 0) names.emplace_back("mapping");
  if ((rule.kinds & kNull) != 0) names.emplace_back("nothing");
  return "expected a " + base::join(names, " or ");
}

unsigned all_variants(const MappingRule& rule) {
  unsigned variants = 0;
  for (const auto& key : rule.keys) variants |= key.variants;
  return variants;
}

// The key, if a mapping of one of the variants that are left can have it.
const KeyRule* find_key(const MappingRule& rule, std::string_view key, unsigned variants) {
  for (const auto& candidate : rule.keys) {
    if (candidate.key == key)
      return candidate.variants == 0 || (candidate.variants & variants) != 0 ? &candidate : nullptr;
  }
  return nullptr;
}

// The keys of one mapping, without case; most have few.
class SeenKeys {
 public:
  bool add(std::string_view key) { return keys_.insert(base::to_lower(key)).second; }
  [[nodiscard]] bool contains(std::string_view key) const { return keys_.contains(base::to_lower(key)); }

 private:
  std::set<std::string> keys_;
};

class Checker {
 public:
  Checker(const std::string& file, SchemaReading& reading, Diagnostics& diagnostics)
      : file_(file), reading_(reading), diagnostics_(diagnostics) {}

  void mapping(Node& node, const MappingRule& rule, std::string_view contexts) {
    take(kObjectSize);
    unsigned variants = all_variants(rule);
    bool computed_keys = false;
    SeenKeys seen;
    std::vector<Member> kept;
    kept.reserve(node.members.size());
    for (auto& member : node.members) {
      if (stopped_) return;
      if (scalar(member.key, contexts) != ScalarKind::literal) {
        computed_keys = true;
        computed(member, rule, contexts);
      } else if (const auto text = text_of(member.key); !seen.add(text)) {
        report(member.key, fmt::format("'{}' is already defined", text));
        continue;
      } else {
        literal(member, rule, variants, contexts, seen);
      }
      kept.push_back(std::move(member));
    }
    node.members = std::move(kept);
    required(node, rule, variants, computed_keys ? nullptr : &seen);
  }

 private:
  void computed(Member& member, const MappingRule& rule, std::string_view contexts) {
    if (contexts.empty()) {
      report(member.key, "A template expression is not allowed in this context");
      return;
    }
    take(kObjectSize + weight_of_text(member.key.text));
    const bool known_keys = !rule.keys.empty() || rule.other == nullptr;
    value(member.value, known_keys ? kAny : *rule.other, contexts);
  }

  void literal(Member& member, const MappingRule& rule, unsigned& variants, std::string_view contexts,
               const SeenKeys& seen) {
    auto& key = member.key;
    key.text = text_of(key);
    key.kind = NodeKind::string;
    const auto* known = find_key(rule, key.text, variants);
    if (known == nullptr && (rule.other == nullptr || key.text.empty())) {
      report(key, unexpected(key), hint_of_key(rule, variants, key.text, seen));
      if (rule.other == nullptr) return;
    }
    take(kObjectSize + weight_of_text(key.text));
    if (known != nullptr && known->variants != 0) variants &= known->variants;
    value(member.value, known != nullptr ? known->value : *rule.other, contexts);
  }

  // Why the key is wrong here, or which one was meant.
  static std::string hint_of_key(const MappingRule& rule, unsigned variants, std::string_view key,
                                 const SeenKeys& seen) {
    if (rule.other != nullptr) return "expected a name";
    const auto* elsewhere = find_key(rule, key, all_variants(rule));
    std::vector<std::string> names;
    for (const auto& candidate : rule.keys) {
      const bool present = seen.contains(candidate.key);
      if (elsewhere != nullptr && present && candidate.variants != 0 &&
          (candidate.variants & elsewhere->variants) == 0)
        return fmt::format("'{}' and '{}' exclude each other", candidate.key, key);
      const bool fits = candidate.variants == 0 || (candidate.variants & variants) != 0;
      if (fits && !present) names.emplace_back(candidate.key);
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

  // `seen` is null when a key is computed: then nobody knows which there will be.
  void required(const Node& node, const MappingRule& rule, unsigned variants, const SeenKeys* seen) {
    if (stopped_) return;
    if ((variants & (variants - 1)) != 0) {
      report(node, "There's not enough info to determine what you meant. Add one of these properties: " +
                       base::join(telling_keys(rule, variants), ", "));
      return;
    }
    if (seen == nullptr) return;
    for (const auto& key : rule.keys) {
      const bool applies = key.variants == 0 || (key.variants & variants) != 0;
      if (key.required && applies && !seen->contains(key.key))
        report(node, fmt::format("Required property is missing: {}", key.key));
    }
  }

  // Those that only one of the variants has.
  static std::vector<std::string> telling_keys(const MappingRule& rule, unsigned variants) {
    std::vector<std::string> telling;
    for (const auto& key : rule.keys) {
      const unsigned of = key.variants & variants;
      if (of != 0 && (of & (of - 1)) == 0) telling.emplace_back(key.key);
    }
    std::sort(telling.begin(), telling.end());
    return telling;
  }

  void value(Node& node, const ValueRule& rule, std::string_view outer) {
    if (stopped_) return;
    const auto contexts = rule.contexts.empty() ? outer : rule.contexts;
    if (node.is_mapping()) {
      if ((rule.kinds & kMapping) == 0) {
        take(kObjectSize);
        report(node, "A mapping was not expected", expected_kinds(rule));
        return;
      }
      static const MappingRule kAnything{"mapping", {}, &kAny};
      mapping(node, rule.mapping != nullptr ? *rule.mapping : kAnything, contexts);
    } else if (node.is_sequence()) {
      sequence(node, rule, contexts);
    } else {
      scalar_value(node, rule, contexts);
    }
  }

  void sequence(Node& node, const ValueRule& rule, std::string_view contexts) {
    take(kObjectSize);
    if ((rule.kinds & kSequence) == 0) {
      report(node, "A sequence was not expected", expected_kinds(rule));
      return;
    }
    for (auto& item : node.items) value(item, rule.item != nullptr ? *rule.item : kAny, contexts);
  }

  void scalar_value(Node& node, const ValueRule& rule, std::string_view contexts) {
    const auto kind = scalar(node, contexts);
    if (kind == ScalarKind::insert) {
      report(node, "Unexpected value '${{ insert }}'", "a directive can only be a key");
      return;
    }
    if (kind == ScalarKind::expression) {
      if (contexts.empty()) report(node, "A template expression is not allowed in this context");
      return;
    }
    const bool as_it_is = node.kind != NodeKind::string && (rule.kinds & bit_of(node.kind)) != 0;
    if (!as_it_is) {
      node.text = text_of(node);
      if (node.kind != NodeKind::string) node.written_as = node.kind;
      node.kind = NodeKind::string;
      if (!fits(node.text, rule)) report(node, unexpected(node), expected_kinds(rule, node.text));
    }
    take(kObjectSize + (as_it_is ? 0 : weight_of_text(node.text)));
    if (rule.condition) condition(node, contexts);
  }

  // A condition without braces.
  void condition(const Node& node, std::string_view contexts) {
    if (expression::trim_white_space(node.text).empty()) return;
    if (const auto fine = check_expression(node.text, contexts); !fine)
      report_to(reading_.conditions, node, fine.error().message,
                hint_of_expression(fine.error().message, contexts));
  }

  static bool fits(std::string_view text, const ValueRule& rule) {
    if ((rule.kinds & kString) == 0) return false;
    if (text.empty()) return (rule.kinds & kEmpty) != 0;
    if (rule.allowed.empty()) return true;
    const auto list = base::split(rule.allowed, ' ');
    return std::find(list.begin(), list.end(), text) != list.end();
  }

  // What a scalar is. The text of one with expressions stays as it is written, but for a quoted string alone.
  ScalarKind scalar(Node& node, std::string_view contexts) {
    if (node.kind != NodeKind::string || !expression::has_expression(node.text)) return ScalarKind::literal;
    auto read = expression::read_template_scalar(
        node.text, [&](std::string_view text) { return check_expression(text, contexts); });
    if (!read) {
      report(node, read.error().message, hint_of_expression(read.error().message, contexts));
      return ScalarKind::literal;
    }
    // What would be taken for an expression once more stays in its quotes.
    if (read->kind == ScalarKind::literal && !expression::has_expression(read->text))
      node.text = std::move(read->text);
    if (read->kind == ScalarKind::expression) take(kObjectSize + weight_of_text(read->text));
    return read->kind;
  }

  static std::string unexpected(const Node& node) { return fmt::format("Unexpected value '{}'", node.text); }

  void take(std::size_t bytes) {
    if (stopped_) return;
    if (bytes <= reading_.bytes_left) {
      reading_.bytes_left -= bytes;
      return;
    }
    stopped_ = true;
    if (diagnostics_.size() < reading_.most_problems)
      diagnostics_.push_back({{file_, 0, 0}, "Maximum object size exceeded"});
  }

  void report(const Node& node, std::string message, std::string hint = "") {
    if (!stopped_) report_to(diagnostics_, node, std::move(message), std::move(hint));
  }

  void report_to(Diagnostics& diagnostics, const Node& node, std::string message, std::string hint) const {
    if (diagnostics.size() >= reading_.most_problems) return;
    diagnostics.push_back({.location = {file_, node.line, node.column},
                           .message = cut_message(std::move(message)),
                           .hint = std::move(hint)});
  }

  const std::string& file_;
  SchemaReading& reading_;
  Diagnostics& diagnostics_;
  bool stopped_ = false;
};

}  // namespace

std::size_t weight_of_text(std::string_view text) {
  return kTextSize + 2 * base::utf16_length(text);
}

void check_schema(const std::string& file, Node& node, const MappingRule& rule, SchemaReading& reading,
                  Diagnostics& diagnostics) {
  Checker(file, reading, diagnostics).mapping(node, rule, "");
}

}  // namespace workflow
