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
    bool exclusive = rule.other == nullptr && computed == ComputedKeys::no;
    for (unsigned bit = 1; bit != 0 && bit <= all; bit <<= 1U) {
      if ((all & bit) == 0) continue;
      auto kind = members(rule, bit, computed);
      auto telling = telling_keys(rule, bit);
      exclusive = exclusive && !telling.empty();
      if (computed == ComputedKeys::no && !telling.empty()) kind["anyOf"] = std::move(telling);
      kinds.push_back(std::move(kind));
    }
    return {{exclusive ? "oneOf" : "anyOf", std::move(kinds)}};
  }

  /// One of those that no other variant has must be there, or nobody knows which is meant.
  static Json telling_keys(const MappingRule& rule, unsigned variant) {
    Json keys = Json::array();
    for (const auto& key : rule.keys) {
      if (key.variants == variant) keys.push_back({{"required", Json::array({std::string(key.key)})}});
    }
    return keys;
  }

  Json members(const MappingRule& rule, unsigned variant, ComputedKeys computed) {
    Json schema{{"type", "object"}};
    Json required = Json::array();
    for (const auto& key : rule.keys) {
      if (key.variants != 0 && (key.variants & variant) == 0) continue;
      schema["properties"][std::string(key.key)] = value(key.value, computed);
      if (key.required) required.push_back(std::string(key.key));
    }
    if (computed == ComputedKeys::yes) schema["patternProperties"] = {{kHasExpression, true}};
    if (rule.other == nullptr) {
      schema["additionalProperties"] = false;
    } else {
      schema["additionalProperties"] = value(*rule.other, computed);
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

  /// `outer`: whether expressions may stand in what is around it, and so in it.
  Json value(const ValueRule& rule, ComputedKeys outer) {
    const auto computed = rule.contexts.empty() ? outer : ComputedKeys::yes;
    Json choices = Json::array();
    if (auto types = plain_types(rule); !types.empty()) choices.push_back({{"type", std::move(types)}});
    if ((rule.kinds & kString) != 0) choices.push_back(text(rule, computed));
    if (computed == ComputedKeys::yes && ((rule.kinds & kString) == 0 || !rule.allowed.empty()))
      choices.push_back({{"type", "string"}, {"pattern", kHasExpression}});
    if ((rule.kinds & kSequence) != 0) {
      Json sequence{{"type", "array"}};
      if (is_trigger(rule)) {
        sequence["items"] = event_names();
      } else if (rule.item != nullptr) {
        sequence["items"] = value(*rule.item, computed);
      }
      choices.push_back(std::move(sequence));
    }
    if ((rule.kinds & kMapping) != 0)
      choices.push_back(rule.mapping == nullptr ? Json{{"type", "object"}}
                                                : mapping(*rule.mapping, computed));
    if (choices.size() == 1) return choices[0];
    return {{"anyOf", std::move(choices)}};
  }

  /// Scalars that are no strings. Where a string may stand they become one.
  static Json plain_types(const ValueRule& rule) {
    const bool any_text = (rule.kinds & kString) != 0 && rule.allowed.empty() && !is_trigger(rule);
    Json types = Json::array();
    if ((rule.kinds & kNull) != 0 || (any_text && (rule.kinds & kEmpty) != 0)) types.push_back("null");
    if ((rule.kinds & kBoolean) != 0 || any_text) types.push_back("boolean");
    if ((rule.kinds & kNumber) != 0 || any_text) types.push_back("number");
    return types;
  }

  static Json text(const ValueRule& rule, ComputedKeys computed) {
    if (is_trigger(rule)) return event_names();
    if (!rule.allowed.empty()) return {{"enum", base::split(rule.allowed, ' ')}};
    Json schema{{"type", "string"}};
    if ((rule.kinds & kEmpty) == 0) schema["minLength"] = 1;
    if (computed == ComputedKeys::no) schema["not"] = {{"pattern", kHasExpression}};
    return schema;
  }

  static bool is_trigger(const ValueRule& rule) { return rule.mapping == &trigger_rule(); }

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
