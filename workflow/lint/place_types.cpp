#include "workflow/lint/place_types.h"

#include <fmt/format.h>

#include <algorithm>

namespace workflow::lint {

namespace {

const KeyRule* find_key(const MappingRule& rule, std::string_view key) {
  const auto found = std::find_if(rule.keys.begin(), rule.keys.end(),
                                  [&](const KeyRule& candidate) { return candidate.key == key; });
  return found == rule.keys.end() ? nullptr : &*found;
}

// Members that the place does not know would be refused. What they hold is judged by whoever made them.
bool fits_mapping(const Type& type, const MappingRule& rule) {
  return rule.other != nullptr ||
         std::all_of(type.members.begin(), type.members.end(),
                     [&](const auto& member) { return find_key(rule, member.second.name) != nullptr; });
}

// What is evaluated becomes a string where one is asked for, and nothing else becomes what it is not.
bool fits(const Type& type, const ValueRule& rule) {
  switch (type.kind) {
    case TypeKind::any:
    case TypeKind::null:
      return true;
    case TypeKind::boolean:
      return (rule.kinds & (kBoolean | kString)) != 0;
    case TypeKind::number:
      return (rule.kinds & (kNumber | kString)) != 0;
    case TypeKind::string:
      return (rule.kinds & kString) != 0;
    case TypeKind::array:
      return (rule.kinds & kSequence) != 0 && (rule.item == nullptr || fits(*type.element, *rule.item));
    case TypeKind::object:
      return (rule.kinds & kMapping) != 0 && (rule.mapping == nullptr || fits_mapping(type, *rule.mapping));
  }
  return true;
}

std::string expected(const ValueRule& rule) {
  std::vector<std::string> names;
  if ((rule.kinds & kString) != 0) names.emplace_back("a string");
  if ((rule.kinds & kNumber) != 0 && (rule.kinds & kString) == 0) names.emplace_back("a number");
  if ((rule.kinds & kBoolean) != 0 && (rule.kinds & kString) == 0) names.emplace_back("a boolean");
  if ((rule.kinds & kSequence) != 0) names.emplace_back("an array");
  if ((rule.kinds & kMapping) != 0) {
    const bool listed_keys = rule.mapping != nullptr && rule.mapping->other == nullptr;
    std::vector<std::string> keys;
    if (listed_keys) {
      for (const auto& key : rule.mapping->keys) keys.emplace_back(key.key);
    }
    names.push_back(keys.empty() ? "an object" : "an object with " + listed(keys));
  }
  return base::join(names, " or ");
}

std::string name_of_place(const Path& path) {
  for (auto segment = path.rbegin(); segment != path.rend(); ++segment) {
    if (!segment->key.empty()) return fmt::format("'{}'", segment->key);
  }
  return "this place";
}

bool becomes(const Type& type, const Type& declared) {
  if (type.is(TypeKind::any) || type.is(TypeKind::null) || declared.is(TypeKind::any)) return true;
  if (declared.is(TypeKind::string)) return type.is_scalar();
  return type.kind == declared.kind;
}

}  // namespace

std::string problem_of_place(const ExpressionPlace& place, const Type& type) {
  if (fits(type, place.rule)) return "";
  const bool number_or_boolean = (place.rule.kinds & (kString | kSequence | kMapping)) == 0;
  const auto advice =
      type.is(TypeKind::string) && number_or_boolean ? "; fromJSON() reads it from a string" : "";
  return fmt::format("{} must be {}, but this is {}{}", name_of_place(place.path), expected(place.rule),
                     describe(type), advice);
}

std::string problem_of_input(const ExpressionPlace& place, const Type& type, ProjectTypes& project) {
  const Path& path = place.path;
  TypePointer declared;
  std::string_view name;
  if (path.size() == 5 && path[0].key == "on" && path[2].key == "inputs" && path[4].key == "default") {
    name = path[3].key;
    declared = type_of_input(*path[3].node);
  } else if (path.size() == 4 && path[0].key == "jobs" && path[2].key == "with") {
    name = path[3].key;
    const auto inputs = project.inputs_of_workflow((*path[1].node)["uses"].text);
    if (inputs != nullptr) declared = inputs->member(name);
  }
  if (declared == nullptr || becomes(type, *declared)) return "";
  return fmt::format("the input '{}' is declared as {}, but this is {}{}", name, describe(*declared),
                     describe(type), type.is(TypeKind::string) ? "; fromJSON() reads it from a string" : "");
}

}  // namespace workflow::lint
