#pragma once
// What is known of a value before anything runs: the types that expressions of a workflow may have. Not for
// values themselves (expression/value) nor for which context has which type (context_types).

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "workflow/expression/value.h"

namespace workflow::lint {

enum class TypeKind { any, null, boolean, number, string, array, object };

struct Type;
using TypePointer = std::shared_ptr<const Type>;

struct TypeMember {
  std::string name;  ///< as written
  TypePointer type;
};

/// `any` says nothing, and nothing is found wrong with it. Names of members are without case.
struct Type {
  TypeKind kind = TypeKind::any;
  TypePointer element;    ///< of an array
  bool filtered = false;  ///< an array that `.*` made: a name behind it is looked up in each element
  std::map<std::string, TypeMember, base::LessIgnoringCase> members;
  TypePointer other;                ///< of members that are not listed; none: there are no others
  std::vector<std::string> values;  ///< of a string: all that it may be, besides ""; empty: anything

  [[nodiscard]] bool is(TypeKind which) const { return kind == which; }
  [[nodiscard]] bool is_scalar() const;
  /// The member's type, or nothing when there is none of that name. Only of an object.
  [[nodiscard]] TypePointer member(std::string_view name) const;
  void set(std::string name, TypePointer type);
};

const TypePointer& any_type();
const TypePointer& null_type();
const TypePointer& boolean_type();
const TypePointer& number_type();
const TypePointer& string_type();
/// A string that is one of these, or "".
TypePointer string_of(std::vector<std::string> values);
TypePointer array_of(TypePointer element);
TypePointer filtered_array_of(TypePointer element);
/// An object with any names, all of one type.
TypePointer map_of(TypePointer other);
/// An object with these members and no others, all of one type.
TypePointer strict_object(const std::vector<std::string_view>& names, const TypePointer& type);
TypePointer make_type(Type type);

/// What both are: the same where they agree, `any` where they do not.
TypePointer merged(const TypePointer& a, const TypePointer& b);
/// Of many types what all of them are, without a new object for each.
class MergedTypes {
 public:
  void add(const TypePointer& type);
  /// `any` of none.
  [[nodiscard]] TypePointer take();

 private:
  TypePointer all_;
  std::optional<Type> object_;  ///< instead of it, once two objects were merged
};

/// The type of a value that is known already; deeper than some levels it is any.
TypePointer type_of_value(const expression::Value& value);

/// For messages: "a string", "an array of number", "an object with os and version".
std::string describe(const Type& type);
/// "a, b and c"; of many names the first few and how many more there are.
std::string listed(const std::vector<std::string>& names);
std::vector<std::string> member_names(const Type& type);

}  // namespace workflow::lint
