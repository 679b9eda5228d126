#include <fmt/format.h>

#include "workflow/graph.h"

namespace workflow {

namespace {

// mermaid "Entity codes to escape characters": what could end a quoted label or be taken for markup.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '"':
        result += "#quot;";
        break;
      case '#':
        result += "#35;";
        break;
      case '<':
        result += "#lt;";
        break;
      case '>':
        result += "#gt;";
        break;
      case '&':
        result += "#amp;";
        break;
      case '`':
        result += "#96;";
        break;
      case '\\':
        result += "#92;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

}  // namespace

std::string graph_mermaid(const JobGraph& graph) {
  // Numbers as ids: a job may be called `end`, which Mermaid takes for a word of its own.
  std::string text = "flowchart LR\n";
  std::string conditional;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& node = graph.nodes[i];
    const auto label = escaped(node.label());
    text += node.calls_workflow ? fmt::format("  job{}[[\"{}\"]]\n", i, label)
                                : fmt::format("  job{}[\"{}\"]\n", i, label);
    if (node.conditional) conditional += fmt::format("{}job{}", conditional.empty() ? "" : ",", i);
  }
  for (const auto& edge : graph.edges) text += fmt::format("  job{} --> job{}\n", edge.from, edge.to);
  if (!conditional.empty()) {
    text += "  classDef conditional stroke-dasharray: 5 3\n";
    text += fmt::format("  class {} conditional\n", conditional);
  }
  return text;
}

}  // namespace workflow
