#pragma once
// What an expression reads, as a dotted path: github.event.commits.*.message. Not for evaluating it.

#include <functional>
#include <string>
#include <string_view>

#include "workflow/expression/syntax.h"

namespace workflow::lint {

/// In lower case, however it is written (`a.b`, `a['b']`); `*` stands for `.*` and for an index that has to
/// be computed. Empty when the node is no name or what hangs on one.
std::string access_path(const expression::Node& node);

/// Calls the function with the tree of every expression of the text. What cannot be parsed is left out.
void every_expression(std::string_view text, const std::function<void(const expression::Node& tree)>& visit);

/// Calls the function with each path that expressions of the text read: the longest ones, not their parts.
void every_access_path(std::string_view text, const std::function<void(const std::string& path)>& visit);

}  // namespace workflow::lint
