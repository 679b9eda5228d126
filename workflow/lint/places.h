#pragma once
// Where rules look and how they speak: the nodes at a path of the document, and findings that do not repeat
// what GitHub says itself. Not for what is wrong (the rules).

#include <functional>
#include <string>
#include <string_view>

#include "workflow/lint/lint.h"

namespace workflow::lint {

/// Called with the key (of an item: its sequence's) and the value.
using VisitPlace = std::function<void(const Node& key, const Node& value)>;

/// Every node at a path such as `jobs/*/steps/[]/env`: `*` is any member, `[]` any item.
void for_each_at(const Node& root, std::string_view path, const VisitPlace& visit);

/// A text as a node, for its place.
Node place_of(const Text& text);

/// Whether an expression stands in it or below it.
bool holds_expression(const Node& node);

/// Adds a finding, unless GitHub's own error stands at the same place already.
void report(const LintedFile& file, Diagnostics& findings, const Node& at, std::string message);

}  // namespace workflow::lint
