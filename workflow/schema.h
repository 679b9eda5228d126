#pragma once
// The grammar of workflow files and action metadata as one table: which keys a mapping has, what a value may
// be, which contexts and functions an expression there may use. Adding a key is a line in schema.cpp,
// trigger_schema.cpp (on) or action_schema.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/diagnostic.h"
#include "workflow/node.h"

namespace workflow {

/// Bits: the kinds of node a value may be. A string must not be empty unless kEmpty says so. A scalar of a
/// kind that is not listed becomes a string where strings may stand: 1.50 is "1.5", null is "".
enum Accepts : unsigned {
  kNull = 1U << 0,
  kBoolean = 1U << 1,
  kNumber = 1U << 2,
  kString = 1U << 3,
  kSequence = 1U << 4,
  kMapping = 1U << 5,
  kEmpty = 1U << 6,
  kText = kString | kEmpty,
  kScalar = kNull | kBoolean | kNumber | kText,
};

struct MappingRule;

/// What a value may be. `contexts` lists, space separated, what an expression in it and below may use:
/// context names, `status` for the status functions, `job-status` for those with job ids, `hashFiles`; empty
/// means what the value around it may use, at the top nothing. `condition` texts are expressions without
/// braces. `allowed` lists the only texts there are.
struct ValueRule {
  unsigned kinds = kString;
  std::string_view contexts;
  const MappingRule* mapping = nullptr;  ///< of a mapping; null: anything
  const ValueRule* item = nullptr;       ///< of a sequence; null: anything
  bool condition = false;
  std::string_view allowed;
};

/// Contexts of the value around it.
inline constexpr std::string_view kNone;
inline constexpr ValueRule kItem{kString, kNone};
inline constexpr ValueRule kAny{kScalar | kSequence | kMapping, kNone};

/// `variants` is a set of bits: the kinds of this mapping that have the key; 0 is all of them. A mapping is
/// of the kinds that all its keys leave.
struct KeyRule {
  std::string_view key;
  ValueRule value;
  bool required = false;
  unsigned variants = 0;
};

struct MappingRule {
  std::string_view name;  ///< for messages: "workflow", "job", "step"
  std::vector<KeyRule> keys;
  const ValueRule* other = nullptr;  ///< of keys that are not listed; null: they are an error
};

const MappingRule& workflow_rule();
const MappingRule& action_rule();
/// What stands under `on` when it is a mapping.
const MappingRule& trigger_rule();

/// GitHub shows so many problems of a file and no more.
inline constexpr std::size_t kMaxDiagnostics = 10;

/// What the reading of a workflow and all that it calls may still use, and how many problems are kept.
struct SchemaReading {
  std::size_t most_problems = kMaxDiagnostics;
  std::size_t bytes_left = 10U << 20;  ///< of what the files become, as TemplateMemory counts it
  Diagnostics conditions{};  ///< what is wrong with conditions without braces: GitHub looks at them last
};

/// What a text weighs (TemplateMemory.CalculateBytes): two bytes for each UTF-16 unit, and what holds it.
std::size_t weight_of_text(std::string_view text);

/// Holds the node against the rule, and makes its scalars and keys what the rule says they are. Problems are
/// added with their places in the order of the reading (TemplateReader).
void check_schema(const std::string& file, Node& node, const MappingRule& rule, SchemaReading& reading,
                  Diagnostics& diagnostics);

/// Whether an expression may stand where these contexts are; the Error names the token and its position.
base::Result<void> check_expression(std::string_view expression, std::string_view contexts);
/// What helps with what check_expression found: the name that was meant, or those that can be used here; ""
/// for other problems.
std::string hint_of_expression(std::string_view problem, std::string_view contexts);

}  // namespace workflow
