#pragma once
// The graph of a workflow's jobs, laid out in layers: each job stands one layer behind the last one that it
// needs. Pure; drawn as text, Mermaid and SVG. Steps are no part of it.

#include <optional>
#include <string>
#include <vector>

#include "workflow/workflow.h"

namespace workflow {

struct GraphNode {
  std::string id;    ///< of the job
  std::string name;  ///< as displayed, of its legs what is the same
  bool has_matrix = false;
  std::optional<std::size_t> legs;  ///< when they are known without a run
  bool conditional = false;         ///< has an `if`
  bool calls_workflow = false;
  std::size_t layer = 0;

  /// The name, and how many legs it stands for.
  [[nodiscard]] std::string label() const;
};

/// An edge leads from a job to one that needs it.
struct GraphEdge {
  std::size_t from = 0;
  std::size_t to = 0;
};

/// A place in a layer: of a job, or of an edge that passes through.
struct GraphSlot {
  std::optional<std::size_t> node;
  std::vector<std::size_t> next;  ///< places in the next layer, by position
};

struct JobGraph {
  std::string title;
  std::vector<GraphNode> nodes;  ///< in the order of the file
  std::vector<GraphEdge> edges;
  /// In each layer from top to bottom, ordered for few crossings. Empty when the graph is too large to draw.
  std::vector<std::vector<GraphSlot>> layers;
};

JobGraph make_graph(const Workflow& workflow);

/// Boxless names from left to right, joined by lines; who needs whom as a list where lines cross, or where
/// the graph is too large.
std::string graph_text(const JobGraph& graph);
/// A Mermaid flowchart.
std::string graph_mermaid(const JobGraph& graph);
/// A drawing that follows the reader's light or dark colours.
std::string graph_svg(const JobGraph& graph);

}  // namespace workflow
