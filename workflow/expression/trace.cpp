#include "workflow/expression/trace.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/expression/functions.h"
#include "workflow/expression/print.h"

namespace workflow::expression {

namespace {

using Extent = Knowledge::Extent;

void set_value(Trace& trace, Value value) {
  trace.truthy = value.truthy();
  trace.value = std::move(value);
}

NodePointer literal_node(const Value& value) {
  return std::make_unique<const Node>(Node{.kind = NodeKind::literal, .literal = value});
}

class Tracer {
 public:
  explicit Tracer(const PartialSurroundings& surroundings)
      : surroundings_(surroundings),
        known_{.named_value = surroundings.named_value,
               .status = {.success = answer(surroundings.success),
                          .failure = answer(surroundings.failure),
                          .cancelled =
                              [this] {
                                auto result = answer(surroundings_.cancelled)({});
                                return result.ok() && *result;
                              }},
               .memory_limit = surroundings.memory_limit} {}

  Trace trace_node(const Node& node) {
    Trace trace{.text = print(node), .literal = node.kind == NodeKind::literal, .offset = node.offset};
    switch (node.kind) {
      case NodeKind::literal:
        set_value(trace, node.literal);
        break;
      case NodeKind::name:
      case NodeKind::index:
      case NodeKind::wildcard:
        chain(node, trace);
        break;
      case NodeKind::negation:
        negation(node, trace);
        break;
      case NodeKind::binary:
        if (node.op == Operator::logical_or || node.op == Operator::logical_and) {
          logical(node, trace);
        } else {
          whole(node, trace);
        }
        break;
      case NodeKind::call:
        call(node, trace);
        break;
    }
    return trace;
  }

  /// What the evaluator says of the whole.
  void confirm(const Node& tree, Trace& trace) {
    const auto value = evaluate(tree, known_);
    if (value) return;
    trace.value.reset();
    trace.truthy.reset();
    trace.error = value.error().message;
  }

 private:
  // Only asked for where the trace has found the answer to be known.
  static std::function<base::Result<bool>(const std::vector<std::string>&)> answer(
      const PerhapsStatus& status) {
    return [&status](const std::vector<std::string>& ids) -> base::Result<bool> {
      if (!status) return base::invalid_input("status functions cannot be used here");
      TRY(const auto perhaps, status(ids));
      return perhaps.value_or(false);
    };
  }

  void evaluate_into(const Node& node, Trace& trace) {
    auto value = evaluate(node, known_);
    if (value) {
      set_value(trace, std::move(*value));
    } else {
      trace.error = value.error().message;
    }
  }

  // What a child that is unknown or wrong makes of its parent; true when the child has a value.
  static bool passes_on(const Trace& child, Trace& parent) {
    if (child.value) return true;
    if (!child.error.empty()) {
      parent.error = child.error;
    } else if (parent.why_unknown.empty()) {
      parent.why_unknown = child.why_unknown;
    }
    return false;
  }

  // Traces the keys that are expressions, and what the chain begins with; true while all of it is known.
  bool path_of(const Node& node, std::vector<std::string>& path, Trace& trace) {
    if (node.kind == NodeKind::name) {
      path.push_back(node.name);
      return true;
    }
    if (node.kind != NodeKind::index && node.kind != NodeKind::wildcard) {
      trace.children.push_back(trace_node(node));
      return passes_on(trace.children.back(), trace);
    }
    if (!path_of(*node.children[0], path, trace)) return false;
    if (node.kind == NodeKind::wildcard) {
      path.emplace_back();
      return true;
    }
    const auto& key = *node.children[1];
    if (key.kind == NodeKind::literal) {
      path.push_back(key.literal.to_text());
      return true;
    }
    trace.children.push_back(trace_node(key));
    if (!passes_on(trace.children.back(), trace)) return false;
    path.push_back(trace.children.back().value->to_text());
    return true;
  }

  static bool starts_with_name(const Node& node) {
    const Node* at = &node;
    while (at->kind == NodeKind::index || at->kind == NodeKind::wildcard) at = at->children[0].get();
    return at->kind == NodeKind::name;
  }

  void chain(const Node& node, Trace& trace) {
    std::vector<std::string> path;
    if (!path_of(node, path, trace)) return;
    if (surroundings_.knowledge && starts_with_name(node)) {
      // A wildcard, an empty name here, looks at all members: with one unknown, the result is.
      const auto star = std::find(path.begin(), path.end(), "");
      const bool filtered = star != path.end();
      path.erase(star, path.end());
      const auto knowledge = surroundings_.knowledge(path);
      if (knowledge.extent != Extent::known) {
        trace.why_unknown = knowledge.why;
        // An object is truthy whatever its members are.
        if (knowledge.extent == Extent::partly && !filtered) trace.truthy = true;
        return;
      }
    }
    evaluate_into(node, trace);
  }

  void negation(const Node& node, Trace& trace) {
    trace.children.push_back(trace_node(*node.children[0]));
    const auto& operand = trace.children.back();
    if (operand.truthy) {
      set_value(trace, Value(!*operand.truthy));
    } else {
      passes_on(operand, trace);
    }
  }

  // The operand that decides, or the last. After one that is unknown the truth may still be certain.
  void logical(const Node& node, Trace& trace) {
    const bool decides = node.op == Operator::logical_or;
    bool decided = false;
    bool certain = true;  // no operand so far was unknown
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const auto& child = *node.children[i];
      if (decided) {
        trace.children.push_back({.text = print(child),
                                  .literal = child.kind == NodeKind::literal,
                                  .needed = false,
                                  .offset = child.offset});
        continue;
      }
      const auto& operand = trace.children.emplace_back(trace_node(child));
      const bool last = i + 1 == node.children.size();
      if (operand.truthy && (*operand.truthy == decides || last)) {
        decided = true;
        if (certain) trace.value = operand.value;
        if (certain || *operand.truthy == decides) trace.truthy = operand.truthy;
      } else if (!operand.error.empty() && certain) {
        decided = true;
        trace.error = operand.error;
      } else if (!operand.truthy) {
        certain = false;
      }
      if (trace.why_unknown.empty() && !operand.value)
        trace.why_unknown = operand.error.empty() ? operand.why_unknown : "it may fail: " + operand.error;
    }
    if (trace.value) trace.why_unknown.clear();
  }

  // A node whose value needs the values of all its children.
  void whole(const Node& node, Trace& trace) {
    Node with_values{
        .kind = node.kind, .offset = node.offset, .name = node.name, .op = node.op, .height = node.height};
    bool known = true;
    for (const auto& child : node.children) {
      const auto& operand = trace.children.emplace_back(trace_node(*child));
      known = passes_on(operand, trace) && known;
      if (!trace.error.empty()) return;
      if (known) with_values.children.push_back(literal_node(*operand.value));
    }
    if (known) evaluate_into(with_values, trace);
  }

  void call(const Node& node, Trace& trace) {
    const auto* signature = find_function(node.name);
    const auto name = signature == nullptr ? std::string_view() : signature->name;
    if (name == "always") {
      set_value(trace, Value(true));
    } else if (is_status_function(name)) {
      status(name, node, trace);
    } else if (name == "case") {
      case_of(node, trace);
    } else if (name == "hashFiles") {
      for (const auto& child : node.children) trace.children.push_back(trace_node(*child));
      trace.why_unknown = "the files are hashed at run time";
    } else {
      whole(node, trace);
    }
  }

  void status(std::string_view name, const Node& node, Trace& trace) {
    const auto& ask = name == "success"   ? surroundings_.success
                      : name == "failure" ? surroundings_.failure
                                          : surroundings_.cancelled;
    std::vector<std::string> ids;
    for (const auto& child : node.children) {
      trace.children.push_back(trace_node(*child));
      if (!passes_on(trace.children.back(), trace)) return;
      ids.push_back(trace.children.back().value->to_text());
    }
    if (!ask) {
      trace.error = fmt::format("The function {}() cannot be used here", name);
      return;
    }
    const auto answer = ask(ids);
    if (!answer) {
      trace.error = answer.error().message;
    } else if (*answer) {
      set_value(trace, Value(**answer));
    } else {
      trace.why_unknown = surroundings_.when_status_is_known;
    }
  }

  void case_of(const Node& node, Trace& trace) {
    const auto count = node.children.size();
    const auto take = [&](const Node& branch) {
      const auto& result = trace.children.emplace_back(trace_node(branch));
      trace.value = result.value;
      trace.truthy = result.truthy;
      trace.why_unknown = result.why_unknown;
      trace.error = result.error;
    };
    for (std::size_t i = 0; i + 1 < count; i += 2) {
      const auto& predicate = trace.children.emplace_back(trace_node(*node.children[i]));
      if (!passes_on(predicate, trace)) return;
      if (predicate.value->kind() != Kind::boolean) {
        trace.error = "case predicate must evaluate to a boolean value";
        return;
      }
      if (predicate.value->boolean()) return take(*node.children[i + 1]);
    }
    take(*node.children[count - 1]);
  }

  const PartialSurroundings& surroundings_;
  Surroundings known_;
};

bool all_is_known(const Trace& trace) {
  if (!trace.needed) return true;
  return trace.value && std::all_of(trace.children.begin(), trace.children.end(), all_is_known);
}

void observe(const Trace& trace, std::vector<std::string>& seen) {
  if (!trace.needed || trace.literal) return;
  for (const auto& child : trace.children) observe(child, seen);
  const bool has_inner = std::any_of(trace.children.begin(), trace.children.end(),
                                     [](const Trace& child) { return !child.literal; });
  if (has_inner) return;
  // Operators on literals say nothing of the surroundings.
  const bool is_operation = !trace.children.empty() && trace.text.find('(') == std::string::npos;
  if (is_operation) return;
  std::string text;
  if (!trace.error.empty()) {
    text = fmt::format("{} cannot be evaluated: {}", trace.text, trace.error);
  } else if (trace.value) {
    text = fmt::format("{} is {}", trace.text, print(*trace.value));
  } else {
    text = fmt::format("{} is {}", trace.text, trace.why_unknown);
  }
  if (std::find(seen.begin(), seen.end(), text) == seen.end()) seen.push_back(std::move(text));
}

}  // namespace

Trace trace(const Node& tree, const PartialSurroundings& surroundings) {
  Tracer tracer(surroundings);
  auto traced = tracer.trace_node(tree);
  // Limits are those of the whole expression.
  if (all_is_known(traced)) tracer.confirm(tree, traced);
  return traced;
}

base::Result<Trace> trace_expression(std::string_view text, const PartialSurroundings& surroundings) {
  TRY(const auto tree, parse_expression(text, [&](std::string_view name) {
        return surroundings.named_value && surroundings.named_value(name) != nullptr;
      }));
  return trace(*tree, surroundings);
}

std::vector<std::string> observations(const Trace& trace) {
  std::vector<std::string> seen;
  observe(trace, seen);
  return seen;
}

base::Json to_json(const Trace& trace) {
  base::Json json = {{"expression", trace.text}};
  if (!trace.needed) {
    json["needed"] = false;
  } else if (!trace.error.empty()) {
    json["error"] = trace.error;
  } else if (trace.value) {
    json["value"] = to_json(*trace.value);
  } else {
    json["unknown"] = trace.why_unknown;
    if (trace.truthy) json["truthy"] = *trace.truthy;
  }
  if (!trace.children.empty()) {
    auto children = base::Json::array();
    for (const auto& child : trace.children) children.push_back(to_json(child));
    json["operands"] = std::move(children);
  }
  return json;
}

}  // namespace workflow::expression
