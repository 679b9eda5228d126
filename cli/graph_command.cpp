#include <fmt/format.h>

#include <cstdio>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/workflow_files.h"
#include "workflow/graph.h"

namespace cli {

namespace {

std::string drawn(const workflow::JobGraph& graph, GraphFormat format) {
  switch (format) {
    case GraphFormat::mermaid:
      return workflow::graph_mermaid(graph);
    case GraphFormat::svg:
      return workflow::graph_svg(graph);
    default:
      return workflow::graph_text(graph);
  }
}

base::Result<std::vector<std::string>> files_to_draw(const GraphFlags& flags) {
  if (!flags.workflow.empty()) return std::vector{flags.workflow};
  TRY(auto files, list_workflow_files("."));
  // A drawing is of one workflow; as text they may stand below each other.
  if (files.size() > 1 && flags.format != GraphFormat::text) {
    return base::invalid_input(
        fmt::format("there are {} workflows in .github/workflows: name the one to draw", files.size()));
  }
  return files;
}

}  // namespace

int graph_command(const GraphFlags& flags) {
  const auto files = files_to_draw(flags);
  if (!files) return complain(files.error());
  std::string text;
  for (const auto& file : *files) {
    const auto loaded = load_workflow_file(file);
    if (!loaded) return complain(loaded.error());
    print_diagnostics(loaded->diagnostics);
    if (!loaded->workflow) return kUsage;
    if (!text.empty()) text += "\n";
    text += drawn(workflow::make_graph(*loaded->workflow), flags.format);
  }
  if (flags.output.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kPassed;
  }
  if (auto written = base::write_file(flags.output, text); !written) return complain(written.error());
  return kPassed;
}

}  // namespace cli
