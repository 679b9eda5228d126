#pragma once
// The grammar of workflow files and action metadata as one table: which keys a mapping has, what a value may
// be, which contexts and functions an expression there may use. Adding a key is a line in schema.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "workflow/diagnostic.h"
#include "workflow/node.h"

namespace workflow {

/// Bits: the kinds of node a value may be.
enum Accepts : unsigned {
  kNull = 1U << 0,
  kBoolean = 1U << 1,
  kNumber = 1U << 2,
  kString = 1U << 3,
  kSequence = 1U << 4,
  kMapping = 1U << 5,
  kScalar = kBoolean | kNumber | kString,
};

struct MappingRule;

/// What a value may be. `contexts` lists, space separated, what an expression may use: context names,
/// `status` for the status functions, `hashFiles`; empty means no expression at all. `condition` texts are
/// expressions without braces.
struct ValueRule {
  unsigned kinds = kString;
  std::string_view contexts;
  const MappingRule* mapping = nullptr;  ///< of a mapping; null: any keys, scalar values
  const ValueRule* item = nullptr;       ///< of a sequence's items; null: scalars
  bool condition = false;
};

struct KeyRule {
  std::string_view key;
  ValueRule value;
  bool required = false;
};

struct MappingRule {
  std::string_view name;  ///< for messages: "workflow", "job", "step"
  std::vector<KeyRule> keys;
  const ValueRule* other = nullptr;  ///< of keys that are not listed; null: they are an error
};

const MappingRule& workflow_rule();
const MappingRule& action_rule();

/// Holds the node against the rule; every problem is added with its place, at most ten.
void check_schema(const std::string& file, const Node& node, const MappingRule& rule,
                  Diagnostics& diagnostics);

inline constexpr std::size_t kMaxDiagnostics = 10;

}  // namespace workflow
