#include "workflow/json_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/strings.h"

namespace workflow {

namespace {

using base::Json;

constexpr const char* kHasExpression = "\\$\\{\\{";
// One expression and nothing around it: it may become a value of any kind.
constexpr const char* kIsExpression = "^\\s*\\$\\{\\{[\\s\\S]*\\}\\}\\s*$";

enum class ComputedKeys { no, yes };

class SchemaWriter {
 public:
  Json run(const MappingRule& root, std::string_view title) {
    auto reference = mapping(root, ComputedKeys::no);
    Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", std::string(title)}};
    schema["allOf"] = Json::array({std::move(reference)});
    schema["definitions"] = std::move(definitions_);
    return schema;
  }

 private:
  /// A reference: mappings may hold themselves (steps in parallel).
  Json mapping(const MappingRule& rule, ComputedKeys computed) {
    const auto [known, fresh] = names_.try_emplace({&rule, computed});
    if (fresh) {
      known->second = fresh_name(rule.name);
      const auto name = known->second;
      definitions_[name] = nullptr;  // its place, in the order of the file
      auto written = variants(rule, computed);
      definitions_[name] = std::move(written);
      return {{"$ref", "#/definitions/" + name}};
    }
    return {{"$ref", "#/definitions/" + known->second}};
  }

  std::string fresh_name(std::string_view name) {
    const int number = ++used_names_[std::string(name)];
    return number == 1 ? std::string(name) : fmt::format("{}-{}", name, number);
  }

  Json variants(const MappingRule& rule, ComputedKeys computed) {
    unsigned all = 0;
    for (const auto& key : rule.keys) all |= key.variants;
    if (all == 0) return members(rule, 0, computed);
    Json kinds = Json::array();
    bool each_has_its_key = rule.other == nullptr && computed == ComputedKeys::no;
    for (unsigned bit = 1; bit != 0 && bit <= all; bit <<= 1U) {
      if ((all & bit) == 0) continue;
      each_has_its_key = each_has_its_key &&
                         std::any_of(rule.keys.begin(), rule.keys.end(),
                                     [&](const KeyRule& key) { return key.required && key.variants == bit; });
      kinds.push_back(members(rule, bit, computed));
    }
    return {{each_has_its_key ? "oneOf" : "anyOf", std::move(kinds)}};
  }

  Json members(const MappingRule& rule, unsigned variant, ComputedKeys computed) {
    Json schema{{"type", "object"}};
    Json required = Json::array();
    for (const auto& key : rule.keys) {
      if (key.variants != 0 && (key.variants & variant) == 0 && variant != 0) continue;
      schema["properties"][std::string(key.key)] = value(key.value);
      if (key.required) required.push_back(std::string(key.key));
    }
    if (computed == ComputedKeys::yes) schema["patternProperties"] = {{kHasExpression, true}};
    if (rule.other == nullptr) {
      schema["additionalProperties"] = false;
    } else {
      schema["additionalProperties"] = value(*rule.other);
    }
    if (required.empty()) return schema;
    if (computed == ComputedKeys::no) {
      schema["required"] = std::move(required);
    } else {
      // An expression among the keys may bring what is required.
      schema["if"] = {{"propertyNames", {{"not", {{"pattern", kHasExpression}}}}}};
      schema["then"] = {{"required", std::move(required)}};
    }
    return schema;
  }

  Json value(const ValueRule& rule) {
    if (rule.condition) return {{"type", Json::array({"null", "boolean", "number", "string"})}};
    Json choices = Json::array();
    const auto plain = plain_types(rule.kinds);
    if (plain.size() == 1) choices.push_back({{"type", plain[0]}});
    if (plain.size() > 1) choices.push_back({{"type", plain}});
    const bool computed = !rule.contexts.empty();
    if ((rule.kinds & kString) != 0) choices.push_back(text(rule));
    if (computed && ((rule.kinds & kString) == 0 || !rule.allowed.empty()))
      choices.push_back({{"type", "string"}, {"pattern", kIsExpression}});
    if ((rule.kinds & kSequence) != 0) {
      Json sequence{{"type", "array"}};
      if (rule.mapping != nullptr && rule.mapping == &trigger_rule()) {
        sequence["items"] = event_names();
      } else if (rule.item != nullptr) {
        sequence["items"] = value(*rule.item);
      }
      choices.push_back(std::move(sequence));
    }
    if ((rule.kinds & kMapping) != 0) {
      choices.push_back(rule.mapping == nullptr
                            ? Json{{"type", "object"}}
                            : mapping(*rule.mapping, computed ? ComputedKeys::yes : ComputedKeys::no));
    }
    if (choices.size() == 1) return choices[0];
    return {{"anyOf", std::move(choices)}};
  }

  static Json plain_types(unsigned kinds) {
    Json types = Json::array();
    if ((kinds & kNull) != 0) types.push_back("null");
    if ((kinds & kBoolean) != 0) types.push_back("boolean");
    if ((kinds & kNumber) != 0) types.push_back("number");
    return types;
  }

  static Json text(const ValueRule& rule) {
    if (rule.mapping != nullptr && rule.mapping == &trigger_rule()) return event_names();
    if (!rule.allowed.empty()) return {{"enum", base::split(rule.allowed, ' ')}};
    Json schema{{"type", "string"}};
    if ((rule.kinds & kEmpty) == 0) schema["minLength"] = 1;
    if (rule.contexts.empty()) schema["not"] = {{"pattern", kHasExpression}};
    return schema;
  }

  /// `on` as a text or a list names what it has as keys when it is a mapping.
  static Json event_names() {
    Json names = Json::array();
    for (const auto& key : trigger_rule().keys) names.push_back(std::string(key.key));
    return {{"enum", std::move(names)}};
  }

  std::map<std::pair<const MappingRule*, ComputedKeys>, std::string> names_;
  std::map<std::string, int> used_names_;
  Json definitions_ = Json::object();
};

}  // namespace

Json json_schema(const MappingRule& root, std::string_view title) {
  return SchemaWriter().run(root, title);
}

}  // namespace workflow
