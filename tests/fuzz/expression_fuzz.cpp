// Any text as an expression and as a text with expressions: parsed and evaluated with contexts that hold
// every kind of value.

#include "base/json.h"
#include "tests/fuzz/promise.h"
#include "workflow/expression/evaluator.h"
#include "workflow/expression/template.h"

namespace {

using fuzz::promise;
using workflow::expression::Value;

constexpr const char* kContexts = R"({
  "github": {"ref": "refs/heads/main", "sha": "0123abcd", "event": {"commits": [{"id": 1}, {"id": 2, "x": null}]}},
  "env": {"EMPTY": "", "NUMBER": "0x1F", "LONG": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
  "needs": {"build": {"result": "success", "outputs": {"list": "[[1,2],{\"a\":[true,null]}]"}}},
  "matrix": {"n": 1e300, "m": -0.0, "list": [1, "1", true, null, [1], {"a": 1}], "\u00e4\u20ac": "\u00df"},
  "steps": {}, "nothing": null
})";

const Value& contexts() {
  static const Value values = [] {
    const auto json = base::parse_json(kContexts);
    promise(json.ok(), "the contexts are JSON");
    return workflow::expression::from_json(*json);
  }();
  return values;
}

workflow::expression::Surroundings surroundings() {
  return {.named_value = [](std::string_view name) { return contexts().object().find(name); },
          .status = {.success = [](const auto& ids) { return ids.empty(); },
                     .failure = [](const auto& ids) { return !ids.empty(); },
                     .cancelled = [] { return false; }},
          .hash_files = [](const auto& patterns) -> base::Result<std::string> {
            if (patterns.empty()) return base::invalid_input("no pattern");
            return patterns.front();
          }};
}

void use(const Value& value) {
  const auto text = value.to_text();
  promise(text.size() <= workflow::expression::kMaxText, "no text is larger than the limit");
  static_cast<void>(value.to_number());
  const auto order = workflow::expression::compare(value, Value(1));
  const auto reverse = workflow::expression::compare(Value(1), value);
  promise(order.has_value() == reverse.has_value() && (!order || *order == -*reverse),
          "an order turned round is the opposite one");
  promise(workflow::expression::loosely_equal(value, Value("a")) ==
              workflow::expression::loosely_equal(Value("a"), value),
          "equality does not depend on the sides");
  promise(!workflow::expression::to_json_text(value).empty(), "every value has a JSON text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto text = fuzz::text_of(bytes, size);
  const auto around = surroundings();
  const auto tree = workflow::expression::parse_expression(text);
  if (tree) promise((*tree)->height <= workflow::expression::kMaxExpressionDepth, "trees have a depth limit");
  if (!tree) promise(!tree.error().message.empty(), "each problem says something");
  if (const auto value = workflow::expression::evaluate_expression(text, around); value) {
    promise(tree.ok(), "what is evaluated can be parsed");
    use(*value);
  }
  if (const auto value = workflow::expression::evaluate_template(text, around); value) use(*value);
  if (const auto condition = workflow::expression::condition_expression(text); condition)
    promise(workflow::expression::parse_expression(*condition).ok() || condition->size() > text.size(),
            "what a condition stands for can be parsed");
  return 0;
}
