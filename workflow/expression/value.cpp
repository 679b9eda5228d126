#include "workflow/expression/value.h"

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/expression/characters.h"

namespace workflow::expression {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Digits of base 16 or 8 after their prefix, as a 32-bit two's complement number (.NET's Convert.ToInt32).
double parse_radix(std::string_view digits, int radix) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, radix);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return kNaN;
  return static_cast<double>(static_cast<std::int32_t>(value));
}

double parse_number(std::string_view text) {
  text = trim_white_space(text);
  if (text.empty()) return 0;
  if (text.starts_with("0x")) return parse_radix(text.substr(2), 16);
  if (text.starts_with("0o")) return parse_radix(text.substr(2), 8);
  if (text == "Infinity" || text == "+Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return kNaN;
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with('+')) return kNaN;
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  return end == copy.c_str() + copy.size() ? value : kNaN;
}

void write_json(const Value& value, int depth, std::size_t most, std::string& out) {
  if (out.size() > most) return;
  const auto newline = [&](int levels) {
    out += '\n' + std::string(static_cast<std::size_t>(levels) * 2, ' ');
  };
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case Kind::number:
      out += number_to_text(value.number());
      return;
    case Kind::string:
      out += base::to_text(base::Json(value.string()));
      return;
    case Kind::array: {
      if (value.array().empty()) {
        out += "[]";
        return;
      }
      out += '[';
      bool first = true;
      for (const auto& element : value.array()) {
        if (out.size() > most) return;
        if (!first) out += ',';
        first = false;
        newline(depth + 1);
        write_json(element, depth + 1, most, out);
      }
      newline(depth);
      out += ']';
      return;
    }
    case Kind::object: {
      if (value.object().empty()) {
        out += "{}";
        return;
      }
      out += '{';
      bool first = true;
      for (const auto& [key, member] : value.object().members()) {
        if (out.size() > most) return;
        if (!first) out += ',';
        first = false;
        newline(depth + 1);
        out += base::to_text(base::Json(key)) + ": ";
        write_json(member, depth + 1, most, out);
      }
      newline(depth);
      out += '}';
      return;
    }
  }
}

int ordinal_ignoring_case(const std::string& a, const std::string& b) {
  return to_upper_ordinal(a).compare(to_upper_ordinal(b));
}

}  // namespace

// Looking at every key is quick in a small object; in a large one it would take quadratic time to build it.
constexpr std::size_t kLargeObject = 64;

Object::Object(NameCase names) : names_(names) {}

std::string Object::index_key(std::string_view key) const {
  return names_ == NameCase::counts ? std::string(key) : base::to_lower(key);
}

std::size_t Object::position_of(std::string_view key) const {
  if (!index_.empty()) {
    const auto found = index_.find(index_key(key));
    return found == index_.end() ? members_.size() : found->second;
  }
  std::size_t at = 0;
  if (names_ == NameCase::counts) {
    while (at < members_.size() && members_[at].first != key) ++at;
  } else {
    while (at < members_.size() && !base::equals_ignoring_case(members_[at].first, key)) ++at;
  }
  return at;
}

const Value* Object::find(std::string_view key) const {
  const auto at = position_of(key);
  return at < members_.size() ? &members_[at].second : nullptr;
}

void Object::set(std::string_view key, Value value) {
  member(key) = std::move(value);
}

Value& Object::member(std::string_view key) {
  const auto at = position_of(key);
  if (at < members_.size()) return members_[at].second;
  members_.emplace_back(key, Value());
  if (members_.size() >= kLargeObject) {
    for (auto i = index_.empty() ? 0 : at; i < members_.size(); ++i)
      index_.emplace(index_key(members_[i].first), i);
  }
  return members_.back().second;
}

Value::Value(std::string text) : data_(std::make_shared<const std::string>(std::move(text))) {}
Value::Value(Array array) : data_(std::make_shared<const Array>(std::move(array))) {}
Value::Value(Object object) : data_(std::make_shared<Object>(std::move(object))) {}

Object& Value::own_object() {
  auto& held = std::get<std::shared_ptr<const Object>>(data_);
  if (held.use_count() > 1) held = std::make_shared<Object>(*held);
  // A holder in another thread that has just let go was done reading.
  std::atomic_thread_fence(std::memory_order_acquire);
  // Every object is made without const, and now nobody else sees it.
  return const_cast<Object&>(*held);
}

Value Value::get(std::string_view key) const {
  if (!is_object()) return {};
  const auto* member = object().find(key);
  return member == nullptr ? Value() : *member;
}

bool Value::truthy() const {
  switch (kind()) {
    case Kind::null:
      return false;
    case Kind::boolean:
      return boolean();
    case Kind::number:
      return number() != 0 && !std::isnan(number());
    case Kind::string:
      return !string().empty();
    default:
      return true;
  }
}

double Value::to_number() const {
  switch (kind()) {
    case Kind::null:
      return 0;
    case Kind::boolean:
      return boolean() ? 1 : 0;
    case Kind::number:
      return number();
    case Kind::string:
      return parse_number(string());
    default:
      return kNaN;
  }
}

std::string Value::to_text() const {
  switch (kind()) {
    case Kind::null:
      return "";
    case Kind::boolean:
      return boolean() ? "true" : "false";
    case Kind::number:
      return number_to_text(number());
    case Kind::string:
      return string();
    case Kind::array:
      return "Array";
    case Kind::object:
      return "Object";
  }
  return "";
}

bool Value::same_reference(const Value& other) const {
  if (is_array() && other.is_array()) return &array() == &other.array();
  if (is_object() && other.is_object()) return &object() == &other.object();
  return false;
}

bool loosely_equal(const Value& a, const Value& b) {
  if (a.kind() == b.kind()) {
    switch (a.kind()) {
      case Kind::null:
        return true;
      case Kind::boolean:
        return a.boolean() == b.boolean();
      case Kind::number:
        return a.number() == b.number();
      case Kind::string:
        return ordinal_ignoring_case(a.string(), b.string()) == 0;
      default:
        return a.same_reference(b);
    }
  }
  return a.to_number() == b.to_number();
}

std::optional<int> compare(const Value& a, const Value& b) {
  if (a.is_string() && b.is_string()) {
    const int order = ordinal_ignoring_case(a.string(), b.string());
    return order < 0 ? -1 : (order > 0 ? 1 : 0);
  }
  const double x = a.to_number();
  const double y = b.to_number();
  if (std::isnan(x) || std::isnan(y)) return std::nullopt;
  return x < y ? -1 : (x > y ? 1 : 0);
}

std::string number_to_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  if (number == 0) return "0";
  return fmt::format("{:.15G}", number);
}

Value from_json(const base::Json& json) {
  switch (json.type()) {
    case base::Json::value_t::boolean:
      return json.get<bool>();
    case base::Json::value_t::number_integer:
    case base::Json::value_t::number_unsigned:
    case base::Json::value_t::number_float:
      return json.get<double>();
    case base::Json::value_t::string:
      return json.get<std::string>();
    case base::Json::value_t::array: {
      Array array;
      for (const auto& element : json) array.push_back(from_json(element));
      return array;
    }
    case base::Json::value_t::object: {
      Object object;
      for (const auto& [key, member] : json.items()) object.set(key, from_json(member));
      return object;
    }
    default:
      return {};
  }
}

base::Json to_json(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return value.boolean();
    case Kind::number: {
      const double number = value.number();
      if (std::floor(number) == number && std::fabs(number) < 9.0e15)
        return static_cast<std::int64_t>(number);
      return number;
    }
    case Kind::string:
      return value.string();
    case Kind::array: {
      base::Json json = base::Json::array();
      for (const auto& element : value.array()) json.push_back(to_json(element));
      return json;
    }
    case Kind::object: {
      base::Json json = base::Json::object();
      for (const auto& [key, member] : value.object().members()) json[key] = to_json(member);
      return json;
    }
  }
  return nullptr;
}

std::string to_json_text(const Value& value, std::size_t most) {
  std::string text;
  write_json(value, 0, most, text);
  return text;
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "Null";
    case Kind::boolean:
      return "Boolean";
    case Kind::number:
      return "Number";
    case Kind::string:
      return "String";
    case Kind::array:
      return "Array";
    case Kind::object:
      return "Object";
  }
  return "Null";
}

}  // namespace workflow::expression
