#include "workflow/graph.h"

#include <gmock/gmock.h>

#include "conformance_data.h"
#include "golden.h"
#include "workflow/load_workflow.h"

namespace workflow {
namespace {

using testing::HasSubstr;
using testing::Not;

JobGraph graph_of(const std::string& jobs) {
  const auto loaded = load_workflow("ci.yml", "on: push\nname: CI\njobs:\n" + jobs);
  EXPECT_TRUE(loaded.workflow) << (loaded.diagnostics.empty() ? "" : to_string(loaded.diagnostics.at(0)));
  return loaded.workflow ? make_graph(*loaded.workflow) : JobGraph{};
}

std::string job(const std::string& id, const std::string& needs = "[]") {
  return "  " + id + ": {runs-on: x, needs: " + needs + ", steps: [{run: x}]}\n";
}

std::string drawing(const std::string& jobs) {
  return graph_text(graph_of(jobs)).substr(4);
}

TEST(Graph, PutsAJobOneLayerBehindTheLastThatItNeeds) {
  const auto graph = graph_of(job("d", "[a, c]") + job("a") + job("b", "[a]") + job("c", "[b]"));
  ASSERT_EQ(graph.nodes.size(), 4U);
  EXPECT_EQ(graph.nodes[0].layer, 3U);
  EXPECT_EQ(graph.nodes[3].layer, 2U);
  ASSERT_EQ(graph.layers.size(), 4U);
  EXPECT_EQ(graph.layers[1].size(), 2U) << "b, and the line from a to d";
}

TEST(Graph, IsDrawnAsLines) {
  EXPECT_EQ(drawing(job("a") + job("b", "[a]")), "a ────▶ b\n");
  EXPECT_EQ(
      drawing(job("build") + job("test", "[build]") + job("lint", "[build]") + job("ship", "[test, lint]")),
      "build ─┬──▶ test ─┬──▶ ship\n"
      "       └──▶ lint ─┘\n");
  EXPECT_EQ(drawing(job("a") + job("b")), "a\nb\n");
}

TEST(Graph, OrdersLayersSoThatLinesDoNotCross) {
  const auto text =
      drawing(job("a") + job("b") + job("c") + job("c2", "[c]") + job("b2", "[b]") + job("a2", "[a]"));
  EXPECT_EQ(text, "a ────▶ a2\nb ────▶ b2\nc ────▶ c2\n");
}

TEST(Graph, ListsTheNeedsWhereLinesCross) {
  const auto text = drawing(job("a") + job("b") + job("c", "[a, b]") + job("d", "[a, b]"));
  EXPECT_THAT(text, HasSubstr("c needs a, b\nd needs a, b\n"));
  EXPECT_THAT(drawing(job("a") + job("b", "[a]")), Not(HasSubstr("needs")));
}

TEST(Graph, FoldsTheLegsOfAMatrix) {
  const auto graph =
      graph_of(R"(  a: {runs-on: x, strategy: {matrix: {n: [1, 2, 3], m: [1, 2]}}, steps: [{run: x}]}
  b: {runs-on: x, strategy: {matrix: "${{ fromJSON(github.event.x) }}"}, steps: [{run: x}]}
)");
  EXPECT_EQ(graph.nodes[0].label(), "a ×6");
  EXPECT_EQ(graph.nodes[1].label(), "b ×?");
}

TEST(Graph, EscapesWhatLabelsHold) {
  const auto graph = graph_of(R"(  end: {runs-on: x, name: "\"<b>&#`\\ 日本\nx", steps: [{run: x}]})"
                              "\n");
  EXPECT_THAT(graph_mermaid(graph), HasSubstr("  job0[\"#quot;#lt;b#gt;#amp;#35;#96;#92; 日本 x\"]\n"));
  const auto svg = graph_svg(graph);
  EXPECT_THAT(svg, HasSubstr("&quot;&lt;b&gt;&amp;#`\\ 日本 x"));
  EXPECT_THAT(svg, Not(HasSubstr("<b>")));
}

TEST(Graph, MarksConditionsAndCallsInMermaid) {
  const auto text =
      graph_mermaid(graph_of("  a: {uses: ./.github/workflows/x.yml}\n  b: {runs-on: x, needs: a, if: "
                             "always(), steps: [{run: x}]}\n"));
  EXPECT_EQ(text,
            "flowchart LR\n  job0[[\"a\"]]\n  job1[\"b\"]\n  job0 --> job1\n"
            "  classDef conditional stroke-dasharray: 5 3\n  class job1 conditional\n");
}

TEST(Graph, IsListedWhenItIsTooLargeToDraw) {
  std::string jobs = job("j0");
  for (int i = 1; i < 300; ++i) jobs += job("j" + std::to_string(i), "[j0, j" + std::to_string(i - 1) + "]");
  const auto graph = graph_of(jobs);
  EXPECT_TRUE(graph.layers.empty());
  EXPECT_THAT(graph_text(graph), HasSubstr("j299 needs j0, j298\n"));
  EXPECT_THAT(graph_svg(graph), HasSubstr("300 jobs and 597 needs are too many to draw"));
}

TEST(Graph, IsDrawnAsTheGoldenFilesHaveIt) {
  for (const auto& file : files_below(golden_folder("graph"), {".yml"})) {
    const auto loaded = load_workflow(file.filename().string(), content_of(file));
    ASSERT_TRUE(loaded.workflow) << file;
    const auto graph = make_graph(*loaded.workflow);
    auto out = file;
    expect_golden(out.replace_extension(".txt"), graph_text(graph));
    expect_golden(out.replace_extension(".mmd"), graph_mermaid(graph));
    expect_golden(out.replace_extension(".svg"), graph_svg(graph));
  }
}

TEST(Graph, DrawsEveryStarterWorkflow) {
  SKIP_WITHOUT_CONFORMANCE_DATA("starter-workflows");
  for (const auto& file : files_below(conformance_folder("starter-workflows"), {".yml", ".yaml"})) {
    const auto loaded = load_workflow(file.string(), content_of(file));
    if (!loaded.workflow) continue;
    const auto graph = make_graph(*loaded.workflow);
    for (const auto& node : graph.nodes) EXPECT_THAT(graph_text(graph), HasSubstr(node.label())) << file;
  }
}

}  // namespace
}  // namespace workflow
