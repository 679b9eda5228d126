#pragma once
// Evaluates an expression of which not all is known yet, and records the value of every node: what explains a
// condition before the run. What is unknown stays unknown, unless the rest decides: `false && x` is false.
// Known values are computed by the evaluator itself.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "workflow/expression/evaluator.h"
#include "workflow/expression/syntax.h"
#include "workflow/expression/value.h"

namespace workflow::expression {

/// How much is known of a named value, or of a member of one. `partly`: of some of its members it is not.
struct Knowledge {
  enum class Extent { known, partly, unknown } extent = Extent::known;
  std::string why;  ///< of what is unknown: when it will be known
};

/// Nothing: not known yet.
using PerhapsStatus = std::function<base::Result<std::optional<bool>>(const std::vector<std::string>& ids)>;

struct PartialSurroundings {
  /// What is known. A member that is not must still have its context here.
  std::function<const Value*(std::string_view name)> named_value;
  /// Of a path like {"needs", "build", "outputs", "tag"}; names as written, case does not matter. Absent: all
  /// is known.
  std::function<Knowledge(const std::vector<std::string>& path)> knowledge;
  PerhapsStatus success, failure, cancelled;
  std::string when_status_is_known;
  std::size_t memory_limit = 10U << 20;  ///< as Surroundings have it
};

/// One node with what is known of it. A literal, and a chain `a.b.c` of literal keys, has no children.
struct Trace {
  std::string text;             ///< the node as an expression
  bool literal = false;         ///< it says its value itself
  bool needed = true;           ///< false: an operand before it decided
  std::optional<Value> value;   ///< when it is known
  std::optional<bool> truthy;   ///< may be known although the value is not
  std::string why_unknown;      ///< when it will be known
  std::string error;            ///< why it cannot be evaluated; then nothing else is set
  std::size_t offset = 0;       ///< in the expression
  std::vector<Trace> children;  ///< operands, arguments, computed keys
};

Trace trace(const Node& tree, const PartialSurroundings& surroundings);
/// Parses and traces; a text that is no expression is an Error.
base::Result<Trace> trace_expression(std::string_view text, const PartialSurroundings& surroundings);

/// The values that the outcome rests on, each once: `github.ref is 'refs/heads/dev'`; of what is unknown,
/// when it will be known.
std::vector<std::string> observations(const Trace& trace);

base::Json to_json(const Trace& trace);

}  // namespace workflow::expression
