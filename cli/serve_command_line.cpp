#include "cli/serve_command_line.h"

#include <CLI/CLI.hpp>

namespace cli {

namespace {

constexpr const char* kServeExamples = R"TEXT(Examples:
  pipeline serve --config /etc/pipeline/serve.yml    take hooks, queue and run; docs/serve.md has every key
)TEXT";

}  // namespace

void add_serve(CLI::App& app, ServeFlags& flags) {
  auto* serve = app.add_subcommand("serve", "The build box: take webhooks, queue runs, answer questions");
  serve->footer(kServeExamples);
  serve->add_option("--config", flags.config, "The configuration file")->required();
}

}  // namespace cli
