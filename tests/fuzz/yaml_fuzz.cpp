// Any text → the YAML reader: a tree within its limits with places in the text, or a problem that says why.

#include <algorithm>

#include "tests/fuzz/promise.h"
#include "workflow/yaml_reader.h"

namespace {

using fuzz::promise;

struct Size {
  std::size_t nodes = 0;
  std::size_t bytes = 0;
};

void measure(const workflow::Node& node, int depth, int lines, const workflow::YamlLimits& limits,
             Size& size) {
  // A scalar in the innermost collection stands one deeper than it.
  promise(depth <= limits.depth + 1, "the tree is no deeper than the limit");
  promise(node.line >= 1 && node.line <= lines + 1 && node.column >= 1, "each node has a place in the text");
  promise(node.present(), "each node of a tree is there");
  promise(node.members.empty() || node.is_mapping(), "only mappings have members");
  promise(node.items.empty() || node.is_sequence(), "only sequences have items");
  ++size.nodes;
  size.bytes += node.text.size();
  for (const auto& item : node.items) measure(item, depth + 1, lines, limits, size);
  for (const auto& [key, value] : node.members) {
    promise(key.is_scalar(), "each key is a scalar");
    measure(key, depth + 1, lines, limits, size);
    measure(value, depth + 1, lines, limits, size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto text = fuzz::text_of(bytes, size);
  const int lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
  const workflow::YamlLimits limits;
  workflow::Diagnostics problems;
  const auto root = workflow::read_yaml("fuzz.yml", text, problems, limits);
  for (const auto& problem : problems) {
    promise(!problem.message.empty(), "each problem says something");
    promise(problem.location.line >= 0 && problem.location.line <= lines + 1,
            "each problem has a place in the text");
  }
  if (!root.present()) return 0;
  Size found;
  measure(root, 1, lines, limits, found);
  promise(found.nodes <= limits.events, "the tree has no more nodes than the limit");
  promise(found.bytes <= limits.expanded_bytes, "the tree is no larger than the limit");
  return 0;
}
