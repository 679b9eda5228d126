#pragma once
// Errors as values: Result<T> holds a T or an Error. Everything that can fail for a reason outside the
// program returns one. Not for bugs (assert) and not for a failed step (that is a steps::StepResult).

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace base {

/// Kinds exist only where somebody branches on them.
enum class ErrorKind {
  invalid_input,  ///< what the user gave is wrong; nothing was done
  not_found,      ///< the thing named does not exist
  denied,         ///< the machine or the remote side refused
  unavailable,    ///< a passing fault; the same call may go through later
  remote,         ///< a remote side answered with an error; Error::code holds its code
  cancelled,      ///< the user or a time limit ended it
  internal,       ///< the machine failed under us (I/O, memory, kernel)
};

/// A place in a file, 1-based; column 0 means the whole line, line 0 the whole file.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
  bool operator==(const Location&) const = default;
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;
  std::optional<Location> location;
  std::vector<std::string> trace;  ///< "while …", innermost first
  std::string code;                ///< the remote side's own code, e.g. AccessDenied

  /// Adds one line of context: `.while_doing("pushing layer sha256:…")`.
  Error while_doing(std::string what) &&;
  /// `file:line:col: message`, then one `while …` line for each trace entry.
  [[nodiscard]] std::string to_string() const;
};

Error make_error(ErrorKind kind, std::string message);
/// make_error(ErrorKind::invalid_input, …)
Error invalid_input(std::string message);
/// `what: strerror(error_number)`, with a kind that fits the number.
Error system_error(std::string_view what, int error_number);

template <typename T = void>
class Result;

/// A Result is no value of another one: its `operator bool` must not pass for a Result<bool>.
template <typename T>
inline constexpr bool is_result = false;
template <typename T>
inline constexpr bool is_result<Result<T>> = true;

template <typename T>
class [[nodiscard]] Result {
 public:
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  Result() requires std::is_void_v<T> : state_(std::in_place_index<0>) {}
  template <typename U = T>
  requires(!std::is_void_v<T> && std::is_constructible_v<Value, U&&> &&
           !std::is_same_v<std::remove_cvref_t<U>, Error> && !is_result<std::remove_cvref_t<U>>)
      Result(U&& value)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  Value& value() & { return *std::get_if<0>(&state_); }
  const Value& value() const& { return *std::get_if<0>(&state_); }
  Value&& value() && { return std::move(*std::get_if<0>(&state_)); }
  Value& operator*() & { return value(); }
  const Value& operator*() const& { return value(); }
  Value&& operator*() && { return std::move(*this).value(); }
  Value* operator->() { return &value(); }
  const Value* operator->() const { return &value(); }
  Value value_or(Value fallback) && { return ok() ? std::move(*this).value() : std::move(fallback); }

  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

  /// The same result; an error gets one more line of context.
  Result while_doing(std::string what) && {
    if (!ok()) return std::move(error()).while_doing(std::move(what));
    return std::move(*this);
  }

 private:
  std::variant<Value, Error> state_;
};

}  // namespace base

#define PIPELINE_CONCAT_(a, b) a##b
#define PIPELINE_CONCAT(a, b) PIPELINE_CONCAT_(a, b)
#define PIPELINE_TRY_2(result, declaration, expression) \
  auto result = (expression);                           \
  if (!result.ok()) return std::move(result).error();   \
  declaration = std::move(result).value()
#define PIPELINE_TRY_1(result, expression)                                          \
  do {                                                                              \
    if (auto result = (expression); !result.ok()) return std::move(result).error(); \
  } while (false)
#define PIPELINE_TRY_PICK(a, b, name, ...) name
/// `TRY(auto x, f());` binds the value or returns the error; `TRY(f());` only returns the error. Each use has
/// a name of its own, so that lambdas within may use it too. Commas of template arguments need parentheses.
#define TRY(...)                                                    \
  PIPELINE_TRY_PICK(__VA_ARGS__, PIPELINE_TRY_2, PIPELINE_TRY_1, 0) \
  (PIPELINE_CONCAT(try_result_, __COUNTER__), __VA_ARGS__)
