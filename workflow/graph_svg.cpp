#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/xml_text.h"
#include "workflow/graph.h"

namespace workflow {

namespace {

constexpr int kMargin = 24;
constexpr int kTitle = 32;
constexpr int kNodeHeight = 36;
constexpr int kRow = 56;
constexpr int kGap = 64;  // between layers
constexpr int kPadding = 14;
constexpr double kCharacter = 7.6;  // of 13 px text, rather too wide than too narrow
constexpr std::size_t kLongestLabel = 48;

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

// Characters of three bytes and more are mostly twice as wide.
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) {
    if (begins_character(c)) width += static_cast<unsigned char>(c) >= 0xE0U ? 2 : 1;
  }
  return width;
}

std::string cut(const std::string& text) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (begins_character(text[i]) && ++characters > kLongestLabel) return text.substr(0, i) + "…";
  }
  return text;
}

struct Point {
  int x = 0;
  int y = 0;
};

/// Where everything stands.
struct Layout {
  std::vector<int> left;   // of each layer
  std::vector<int> width;  // of each layer
  std::vector<int> top;    // of each layer's first place
  int total_width = 0;
  int total_height = 0;

  [[nodiscard]] Point entry(std::size_t layer, std::size_t slot) const {
    return {left[layer], top[layer] + static_cast<int>(slot) * kRow + kNodeHeight / 2};
  }
  [[nodiscard]] Point exit(std::size_t layer, std::size_t slot) const {
    const auto at = entry(layer, slot);
    return {at.x + width[layer], at.y};
  }
};

Layout layout_of(const JobGraph& graph) {
  Layout layout;
  int x = kMargin;
  std::size_t most = 1;
  for (const auto& layer : graph.layers) most = std::max(most, layer.size());
  const int height = static_cast<int>(most) * kRow;
  for (const auto& layer : graph.layers) {
    std::size_t widest = 4;
    for (const auto& slot : layer) {
      if (slot.node) widest = std::max(widest, width_of(cut(graph.nodes[*slot.node].label())));
    }
    const int width = static_cast<int>(static_cast<double>(widest) * kCharacter) + 2 * kPadding;
    layout.left.push_back(x);
    layout.width.push_back(width);
    layout.top.push_back(kMargin + kTitle + (height - static_cast<int>(layer.size()) * kRow) / 2);
    x += width + kGap;
  }
  layout.total_width = std::max(
      x - kGap + kMargin, static_cast<int>(static_cast<double>(width_of(graph.title)) * 9) + 2 * kMargin);
  layout.total_height = kMargin + kTitle + height + kMargin / 2;
  return layout;
}

constexpr std::string_view kStyle = R"(<style>
  .paper { fill: #ffffff; }
  .node { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.2; }
  .conditional { stroke-dasharray: 5 3; }
  .call { stroke-width: 2.4; }
  .edge { fill: none; stroke: #6e7781; stroke-width: 1.4; }
  .tip { fill: #6e7781; }
  text { fill: #1f2328; font: 13px ui-sans-serif, system-ui, 'DejaVu Sans', Arial, sans-serif; }
  .title { font-size: 16px; font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; }
    .node { fill: #161b22; stroke: #8b949e; }
    .edge { stroke: #8b949e; }
    .tip { fill: #8b949e; }
    text { fill: #e6edf3; }
  }
</style>
)";

std::string drawn_edges(const JobGraph& graph, const Layout& layout) {
  std::string svg;
  for (std::size_t at = 0; at < graph.layers.size(); ++at) {
    for (std::size_t i = 0; i < graph.layers[at].size(); ++i) {
      const auto& slot = graph.layers[at][i];
      // What passes through a layer goes straight on to its other side.
      const auto from = layout.exit(at, i);
      if (!slot.node) {
        const auto in = layout.entry(at, i);
        svg += fmt::format("<path class=\"edge\" d=\"M{} {}H{}\"/>\n", in.x, in.y, from.x);
      }
      for (const auto next : slot.next) {
        const auto to = layout.entry(at + 1, next);
        const int middle = (from.x + to.x) / 2;
        const bool ends = graph.layers[at + 1][next].node.has_value();
        svg += fmt::format("<path class=\"edge\" d=\"M{} {}C{} {} {} {} {} {}\"{}/>\n", from.x, from.y,
                           middle, from.y, middle, to.y, to.x - (ends ? 2 : 0), to.y,
                           ends ? " marker-end=\"url(#tip)\"" : "");
      }
    }
  }
  return svg;
}

std::string drawn_node(const GraphNode& node, Point at, int width) {
  const int top = at.y - kNodeHeight / 2;
  const auto classes =
      fmt::format("node{}{}", node.conditional ? " conditional" : "", node.calls_workflow ? " call" : "");
  const auto box = [&](int shift) {
    return fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n",
                       classes, at.x + shift, top - shift, width, kNodeHeight);
  };
  std::string svg = fmt::format("<g><title>{}</title>\n", base::xml_escaped(node.id));
  // The legs of a matrix as a pile of cards.
  if (node.has_matrix) svg += box(6) + box(3);
  svg += box(0);
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text></g>\n", at.x + width / 2,
                     at.y + 5, base::xml_escaped(cut(node.label())));
  return svg;
}

// Of a graph that is too large to be laid out.
std::string words_only(const JobGraph& graph) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"80\" viewBox=\"0 0 640 80\" "
      "role=\"img\">\n<title>{0}</title>\n{1}<rect class=\"paper\" width=\"640\" height=\"80\"/>\n"
      "<text x=\"24\" y=\"45\">{2} jobs and {3} needs are too many to draw</text>\n</svg>\n",
      base::xml_escaped(graph.title), kStyle, graph.nodes.size(), graph.edges.size());
}

}  // namespace

std::string graph_svg(const JobGraph& graph) {
  if (graph.layers.empty()) return words_only(graph);
  const auto layout = layout_of(graph);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "role=\"img\">\n<title>{2}</title>\n",
      layout.total_width, layout.total_height, base::xml_escaped(graph.title));
  svg += kStyle;
  svg +=
      "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" "
      "markerHeight=\"8\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n";
  svg += fmt::format("<rect class=\"paper\" width=\"{}\" height=\"{}\"/>\n", layout.total_width,
                     layout.total_height);
  svg += fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\">{}</text>\n", kMargin, kMargin + 10,
                     base::xml_escaped(graph.title));
  svg += drawn_edges(graph, layout);
  for (std::size_t at = 0; at < graph.layers.size(); ++at) {
    for (std::size_t i = 0; i < graph.layers[at].size(); ++i) {
      const auto& slot = graph.layers[at][i];
      if (slot.node) svg += drawn_node(graph.nodes[*slot.node], layout.entry(at, i), layout.width[at]);
    }
  }
  return svg + "</svg>\n";
}

}  // namespace workflow
