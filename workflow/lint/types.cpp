#include "workflow/lint/types.h"

#include <fmt/format.h>

#include <algorithm>

namespace workflow::lint {

namespace {

// Types of literals and of merged matrices nest no deeper; a reader of messages needs less still.
constexpr int kDeepest = 20;

TypePointer scalar(TypeKind kind) {
  return std::make_shared<const Type>(Type{.kind = kind});
}

// More values say no more than that it is a string.
constexpr std::size_t kMostValues = 100;

TypePointer merged(const TypePointer& a, const TypePointer& b, int depth);

TypePointer merged_strings(const Type& a, const Type& b) {
  if (a.values.empty() || b.values.empty()) return string_type();
  auto values = a.values;
  for (const auto& value : b.values) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values.size() > kMostValues ? string_type() : string_of(std::move(values));
}

void merge_into(Type& object, const Type& other, int depth) {
  if (object.other == nullptr) {
    object.other = other.other;
  } else if (other.other != nullptr) {
    object.other = merged(object.other, other.other, depth + 1);
  }
  for (const auto& [key, member] : other.members) {
    const auto [found, is_new] = object.members.emplace(key, member);
    if (!is_new) found->second.type = merged(found->second.type, member.type, depth + 1);
  }
}

TypePointer merged(const TypePointer& a, const TypePointer& b, int depth) {
  if (a == b) return a;
  if (depth > kDeepest || a->kind != b->kind) return any_type();
  if (a->is(TypeKind::string)) return merged_strings(*a, *b);
  if (a->is(TypeKind::array)) {
    auto element = merged(a->element, b->element, depth + 1);
    return a->filtered && b->filtered ? filtered_array_of(element) : array_of(element);
  }
  if (!a->is(TypeKind::object)) return a;
  Type object = *a;
  merge_into(object, *b, depth);
  return make_type(std::move(object));
}

TypePointer type_of_value(const expression::Value& value, int depth) {
  if (depth > kDeepest) return any_type();
  switch (value.kind()) {
    case expression::Kind::null:
      return null_type();
    case expression::Kind::boolean:
      return boolean_type();
    case expression::Kind::number:
      return number_type();
    case expression::Kind::string:
      return string_type();
    case expression::Kind::array: {
      MergedTypes elements;
      for (const auto& item : value.array()) elements.add(type_of_value(item, depth + 1));
      return array_of(elements.take());
    }
    case expression::Kind::object: {
      Type object{.kind = TypeKind::object};
      for (const auto& [name, member] : value.object().members())
        object.set(name, type_of_value(member, depth + 1));
      return make_type(std::move(object));
    }
  }
  return any_type();
}

std::string bare_object(const Type& type) {
  if (type.members.empty()) return type.other == nullptr ? "empty object" : "object";
  return "object with " + listed(member_names(type));
}

std::string bare(const Type& type) {
  switch (type.kind) {
    case TypeKind::any:
      return "any";
    case TypeKind::null:
      return "null";
    case TypeKind::boolean:
      return "boolean";
    case TypeKind::number:
      return "number";
    case TypeKind::string:
      return "string";
    case TypeKind::array:
      return type.element->is(TypeKind::any) ? "array" : "array of " + bare(*type.element);
    case TypeKind::object:
      return bare_object(type);
  }
  return "any";
}

}  // namespace

bool Type::is_scalar() const {
  return kind == TypeKind::boolean || kind == TypeKind::number || kind == TypeKind::string;
}

TypePointer Type::member(std::string_view name) const {
  const auto found = members.find(name);
  return found == members.end() ? other : found->second.type;
}

void Type::set(std::string name, TypePointer type) {
  auto key = name;
  members[std::move(key)] = {std::move(name), std::move(type)};
}

const TypePointer& any_type() {
  static const TypePointer type = scalar(TypeKind::any);
  return type;
}
const TypePointer& null_type() {
  static const TypePointer type = scalar(TypeKind::null);
  return type;
}
const TypePointer& boolean_type() {
  static const TypePointer type = scalar(TypeKind::boolean);
  return type;
}
const TypePointer& number_type() {
  static const TypePointer type = scalar(TypeKind::number);
  return type;
}
const TypePointer& string_type() {
  static const TypePointer type = scalar(TypeKind::string);
  return type;
}

TypePointer string_of(std::vector<std::string> values) {
  return make_type({.kind = TypeKind::string, .values = std::move(values)});
}

TypePointer array_of(TypePointer element) {
  return make_type({.kind = TypeKind::array, .element = std::move(element)});
}

TypePointer filtered_array_of(TypePointer element) {
  return make_type({.kind = TypeKind::array, .element = std::move(element), .filtered = true});
}

TypePointer map_of(TypePointer other) {
  return make_type({.kind = TypeKind::object, .other = std::move(other)});
}

TypePointer strict_object(const std::vector<std::string_view>& names, const TypePointer& type) {
  Type object{.kind = TypeKind::object};
  for (const auto name : names) object.set(std::string(name), type);
  return make_type(std::move(object));
}

TypePointer make_type(Type type) {
  return std::make_shared<const Type>(std::move(type));
}

TypePointer merged(const TypePointer& a, const TypePointer& b) {
  return merged(a, b, 0);
}

void MergedTypes::add(const TypePointer& type) {
  const bool objects = type->is(TypeKind::object) && all_ != nullptr && all_->is(TypeKind::object);
  if (all_ == nullptr) {
    all_ = type;
  } else if (objects) {
    if (!object_) object_ = *all_;
    merge_into(*object_, *type, 0);
  } else {
    all_ = merged(all_, type);
    object_.reset();
  }
}

TypePointer MergedTypes::take() {
  if (object_) return make_type(*std::move(object_));
  return all_ == nullptr ? any_type() : all_;
}

TypePointer type_of_value(const expression::Value& value) {
  return type_of_value(value, 0);
}

std::string describe(const Type& type) {
  if (type.is(TypeKind::any)) return "any value";
  if (type.is(TypeKind::null)) return "null";
  const auto name = bare(type);
  const bool vowel = name.front() == 'a' || name.front() == 'o' || name.front() == 'e';
  return (vowel ? "an " : "a ") + name;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) {
    const bool last = i > 0 && i + 1 == names.size();
    if (i > 0) text += last ? " and " : ", ";
    text += names[i].empty() ? "''" : names[i];
  }
  if (names.size() > kMost) text += fmt::format(" and {} more", names.size() - kMost);
  return text;
}

std::vector<std::string> member_names(const Type& type) {
  std::vector<std::string> names;
  for (const auto& [key, member] : type.members) names.push_back(member.name);
  return names;
}

}  // namespace workflow::lint
