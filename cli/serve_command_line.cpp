#include "cli/serve_command_line.h"

#include <CLI/CLI.hpp>

namespace cli {

namespace {

constexpr const char* kServeExamples = R"TEXT(Examples:
  pipeline serve --config /etc/pipeline/serve.yml    take hooks, queue and run; docs/serve.md has every key
)TEXT";

constexpr const char* kDispatchExamples = R"TEXT(Examples:
  pipeline dispatch deploy.yml --repository acme/shop --input stage=blue
                                                     PIPELINE_SERVER and PIPELINE_TOKEN say where and who
)TEXT";

}  // namespace

void add_serve(CLI::App& app, ServeFlags& flags) {
  auto* serve = app.add_subcommand("serve", "The build box: take webhooks, queue runs, answer questions");
  serve->footer(kServeExamples);
  serve->add_option("--config", flags.config, "The configuration file")->required();
  // What the daemon starts itself, and what its tests put in the place of the machine's.
  serve->add_option("--attempt", flags.attempt)->group("");
  serve->add_option("--fence", flags.fence)->group("");
  serve->add_option("--rollback", flags.rollback)->group("");
  serve->add_option("--boot-id-file", flags.boot_id_file)->group("");
}

void add_dispatch(CLI::App& app, DispatchFlags& flags) {
  auto* dispatch = app.add_subcommand("dispatch", "Start a workflow on a build box, by workflow_dispatch");
  dispatch->footer(kDispatchExamples);
  dispatch->add_option("workflow", flags.workflow, "The workflow's file")->required();
  dispatch->add_option("--repository", flags.repository, "owner/name, as the box knows it")->required();
  dispatch->add_option("--ref", flags.ref, "Branch or tag; default: the default branch");
  dispatch->add_option("--input", flags.inputs, "An input: NAME=VALUE")->take_all();
  dispatch->add_option("--server", flags.server, "Where the box is; default: PIPELINE_SERVER");
}

}  // namespace cli
