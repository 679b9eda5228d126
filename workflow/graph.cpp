#include "workflow/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/plan.h"

namespace workflow {

namespace {

// More places than this nobody looks at, and a line of needs can make very many of them.
constexpr std::size_t kMostSlots = 5'000;
constexpr int kSweeps = 8;

// On one line.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : base::trim(text)) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return line;
}

GraphNode node_of(const Workflow& workflow, const Job& job) {
  GraphNode node{.id = job.id,
                 .name = job.id,
                 .has_matrix = job.strategy.matrix.present(),
                 .conditional = job.condition.has_value(),
                 .calls_workflow = job.uses.has_value()};
  if (job.name && !expression::has_expression(job.name->text)) node.name = one_line(job.name->text);
  if (!node.has_matrix) return node;
  // What needs a context is known in a run only.
  if (const auto legs = expand_job(workflow, job, Contexts()); legs) node.legs = legs->size();
  return node;
}

// Longest path from a job that needs nothing. Without recursion: a line may be as long as the file.
void set_layers(JobGraph& graph) {
  std::vector<std::vector<std::size_t>> next(graph.nodes.size());
  std::vector<std::size_t> waits(graph.nodes.size());
  for (const auto& edge : graph.edges) {
    next[edge.from].push_back(edge.to);
    ++waits[edge.to];
  }
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (waits[i] == 0) ready.push_back(i);
  }
  for (std::size_t done = 0; done < ready.size(); ++done) {
    const auto from = ready[done];
    for (const auto to : next[from]) {
      graph.nodes[to].layer = std::max(graph.nodes[to].layer, graph.nodes[from].layer + 1);
      if (--waits[to] == 0) ready.push_back(to);
    }
  }
}

std::size_t slots_needed(const JobGraph& graph) {
  std::size_t count = graph.nodes.size();
  for (const auto& edge : graph.edges) count += graph.nodes[edge.to].layer - graph.nodes[edge.from].layer - 1;
  return count;
}

void make_slots(JobGraph& graph) {
  std::vector<std::size_t> position(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto layer = graph.nodes[i].layer;
    if (graph.layers.size() <= layer) graph.layers.resize(layer + 1);
    position[i] = graph.layers[layer].size();
    graph.layers[layer].push_back({.node = i});
  }
  for (const auto& edge : graph.edges) {
    auto layer = graph.nodes[edge.from].layer;
    auto from = position[edge.from];
    for (; layer + 1 < graph.nodes[edge.to].layer; ++layer) {
      graph.layers[layer][from].next.push_back(graph.layers[layer + 1].size());
      from = graph.layers[layer + 1].size();
      graph.layers[layer + 1].emplace_back();
    }
    graph.layers[layer][from].next.push_back(position[edge.to]);
  }
}

// Puts the layer's places in the order of their keys and tells the layer before.
void reorder(std::vector<std::vector<GraphSlot>>& layers, std::size_t at, const std::vector<double>& keys) {
  auto& layer = layers[at];
  std::vector<std::size_t> order(layer.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  std::vector<std::size_t> new_position(layer.size());
  std::vector<GraphSlot> sorted;
  for (std::size_t i = 0; i < order.size(); ++i) {
    new_position[order[i]] = i;
    sorted.push_back(std::move(layer[order[i]]));
  }
  layer = std::move(sorted);
  if (at == 0) return;
  for (auto& slot : layers[at - 1]) {
    for (auto& next : slot.next) next = new_position[next];
  }
}

// The mean position of its neighbours; who has none stays where it is.
std::vector<double> barycentres_from_before(const std::vector<std::vector<GraphSlot>>& layers,
                                            std::size_t at) {
  std::vector<double> sum(layers[at].size());
  std::vector<double> count(layers[at].size());
  for (std::size_t i = 0; i < layers[at - 1].size(); ++i) {
    for (const auto next : layers[at - 1][i].next) {
      sum[next] += static_cast<double>(i);
      count[next] += 1;
    }
  }
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] = count[i] > 0 ? sum[i] / count[i] : static_cast<double>(i);
  return sum;
}

std::vector<double> barycentres_from_behind(const std::vector<GraphSlot>& layer) {
  std::vector<double> keys;
  for (std::size_t i = 0; i < layer.size(); ++i) {
    const auto& next = layer[i].next;
    keys.push_back(next.empty()
                       ? static_cast<double>(i)
                       : static_cast<double>(std::accumulate(next.begin(), next.end(), std::size_t{0})) /
                             static_cast<double>(next.size()));
  }
  return keys;
}

void order_layers(std::vector<std::vector<GraphSlot>>& layers) {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (std::size_t at = 1; at < layers.size(); ++at)
      reorder(layers, at, barycentres_from_before(layers, at));
    // The last sweep goes forward, so that what follows a job stands beside it.
    if (sweep + 1 == kSweeps) break;
    for (std::size_t at = layers.size() - 1; at-- > 0;)
      reorder(layers, at, barycentres_from_behind(layers[at]));
  }
  for (auto& layer : layers) {
    for (auto& slot : layer) std::sort(slot.next.begin(), slot.next.end());
  }
}

}  // namespace

std::string GraphNode::label() const {
  if (!has_matrix) return name;
  return legs ? fmt::format("{} ×{}", name, *legs) : name + " ×?";
}

JobGraph make_graph(const Workflow& workflow) {
  JobGraph graph{.title = one_line(workflow.name.value_or(workflow.path))};
  std::unordered_map<std::string, std::size_t> index;
  for (const auto& job : workflow.jobs) {
    index.emplace(base::to_lower(job.id), graph.nodes.size());
    graph.nodes.push_back(node_of(workflow, job));
  }
  for (std::size_t to = 0; to < workflow.jobs.size(); ++to) {
    std::vector<std::size_t> known;
    for (const auto& need : workflow.jobs[to].needs) {
      const auto from = index.find(base::to_lower(need.text));
      if (from == index.end() || std::count(known.begin(), known.end(), from->second) > 0) continue;
      known.push_back(from->second);
      graph.edges.push_back({from->second, to});
    }
  }
  set_layers(graph);
  if (graph.nodes.empty() || slots_needed(graph) > kMostSlots) return graph;
  make_slots(graph);
  order_layers(graph.layers);
  return graph;
}

}  // namespace workflow
