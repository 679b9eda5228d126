#pragma once
// The values of GitHub's expression language and their coercions. Immutable once shared: copies are cheap.
// Not for how text becomes a value (parser) nor for named values (contexts).

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/json_fwd.h"

namespace workflow::expression {

enum class Kind { null, boolean, number, string, array, object };

class Value;
using Array = std::vector<Value>;

/// The longest text that an expression may make, in bytes.
inline constexpr std::size_t kMaxText = 10U << 20;

/// Whether `A` finds `a` in an object: everywhere, but in the environment of a machine that knows case
/// (actions/runner CaseSensitiveDictionaryContextData.cs).
enum class NameCase { ignored, counts };

/// Keys keep their order and are found without regard to case, as GitHub's dictionaries do.
class Object {
 public:
  Object() = default;
  explicit Object(NameCase names);
  using Member = std::pair<std::string, Value>;
  /// The member, or nullptr.
  [[nodiscard]] const Value* find(std::string_view key) const;
  /// Replaces or appends.
  void set(std::string_view key, Value value);
  /// The member, null when it was missing; valid until another one is added.
  Value& member(std::string_view key);
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  [[nodiscard]] bool empty() const;

 private:
  [[nodiscard]] std::size_t position_of(std::string_view key) const;
  [[nodiscard]] std::string index_key(std::string_view key) const;

  NameCase names_ = NameCase::ignored;
  std::vector<Member> members_;
  /// Of larger objects only: the key, in lower case where case is ignored → position.
  std::unordered_map<std::string, std::size_t> index_;
};

class Value {
 public:
  Value() = default;
  Value(bool boolean) : data_(boolean) {}                     // NOLINT(google-explicit-constructor)
  Value(double number) : data_(number) {}                     // NOLINT(google-explicit-constructor)
  Value(int number) : data_(static_cast<double>(number)) {}   // NOLINT(google-explicit-constructor)
  Value(std::string text);                                    // NOLINT(google-explicit-constructor)
  Value(std::string_view text) : Value(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  Value(const char* text) : Value(std::string(text)) {}       // NOLINT(google-explicit-constructor)
  Value(Array array);                                         // NOLINT(google-explicit-constructor)
  Value(Object object);                                       // NOLINT(google-explicit-constructor)

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(data_.index()); }
  [[nodiscard]] bool is_null() const { return kind() == Kind::null; }
  [[nodiscard]] bool is_string() const { return kind() == Kind::string; }
  [[nodiscard]] bool is_object() const { return kind() == Kind::object; }
  [[nodiscard]] bool is_array() const { return kind() == Kind::array; }
  /// Each of these only for its kind.
  [[nodiscard]] bool boolean() const { return std::get<bool>(data_); }
  [[nodiscard]] double number() const { return std::get<double>(data_); }
  [[nodiscard]] const std::string& string() const {
    return *std::get<std::shared_ptr<const std::string>>(data_);
  }
  [[nodiscard]] const Array& array() const { return *std::get<std::shared_ptr<const Array>>(data_); }
  [[nodiscard]] const Object& object() const { return *std::get<std::shared_ptr<const Object>>(data_); }

  /// For changes: nobody who holds this value sees them. Only of an object.
  [[nodiscard]] Object& own_object();

  /// The member or element chain; null where there is none. `get("a")` of a non-object is null.
  [[nodiscard]] Value get(std::string_view key) const;

  /// False are: null, false, 0, -0, NaN, "".
  [[nodiscard]] bool truthy() const;
  /// As GitHub: null 0, true 1, "" 0, decimal, 0x, 0o, exponents, trimmed; else NaN. Arrays and objects NaN.
  [[nodiscard]] double to_number() const;
  /// As in text around `${{ }}`: numbers with 15 digits, arrays and objects as "Array" and "Object".
  [[nodiscard]] std::string to_text() const;
  /// Whether both are the very same array or object.
  [[nodiscard]] bool same_reference(const Value& other) const;

 private:
  std::variant<std::monostate, bool, double, std::shared_ptr<const std::string>, std::shared_ptr<const Array>,
               std::shared_ptr<const Object>>
      data_;
};

inline bool Object::empty() const {
  return members_.empty();
}

/// `==` of the language: types differ → numbers; strings without case; NaN equals nothing.
bool loosely_equal(const Value& a, const Value& b);
/// -1, 0, 1, or nothing when they cannot be ordered.
std::optional<int> compare(const Value& a, const Value& b);

/// .NET's G15, as the runner prints numbers; -0 is "0".
std::string number_to_text(double number);

Value from_json(const base::Json& json);
base::Json to_json(const Value& value);
/// As toJSON prints it: two spaces, order of insertion, nothing escaped but what JSON needs.
/// Ends somewhere behind `most` bytes when it is longer.
std::string to_json_text(const Value& value, std::size_t most = std::string::npos);

std::string_view name_of(Kind kind);

}  // namespace workflow::expression
