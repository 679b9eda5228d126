#include "cli/forge_workflow.h"

#include <fmt/format.h>

#include <memory>

#include "base/json.h"
#include "base/strings.h"
#include "cli/workflow_files.h"
#include "server/gitea_encoding.h"
#include "server/gitea_words.h"
#include "workflow/load_workflow.h"

namespace cli {

namespace {

/// The forge names the file, not the folder that it is in.
std::string workflow_path(const server::ForgeTask& task) {
  const auto name = context_text(task, "workflow");
  return ".gitea/workflows/" + (name.empty() ? "workflow.yml" : name);
}

base::Error error_of_reading(const workflow::Diagnostics& diagnostics) {
  std::vector<std::string> lines;
  for (const auto& diagnostic : diagnostics) lines.push_back(workflow::to_string(diagnostic));
  return base::invalid_input(base::join(lines, "\n"));
}

std::vector<std::string> labels_of(const workflow::Node& runs_on) {
  std::vector<std::string> labels;
  if (runs_on.is_scalar()) labels.push_back(workflow::text_of(runs_on));
  for (const auto& item : runs_on.items) labels.push_back(workflow::text_of(item));
  return labels;
}

/// Jobs whose label stands for an image run in it, unless they name one of their own.
void put_into_images(workflow::Node& root, const std::vector<server::RunnerLabel>& labels) {
  for (auto& part : root.members) {
    if (part.key.text != "jobs") continue;
    for (auto& member : part.value.members) {
      workflow::Node& job = member.value;
      const auto image = server::image_for(labels, labels_of(job["runs-on"]));
      if (image.empty() || job["container"].present() || job["uses"].present()) continue;
      const auto text = [&job](const std::string& written) {
        return workflow::Node{
            .kind = workflow::NodeKind::string, .line = job.line, .column = job.column, .text = written};
      };
      job.members.push_back({text("container"), text(image)});
    }
  }
}

/// A job that ran elsewhere: only what it came to is known.
workflow::Job needed_job(const std::string& id, const std::string& file) {
  workflow::Job job;
  job.id = id;
  job.file = file;
  return job;
}

/// Of the forge and of others; `./` is the repository of the task at its commit.
class CalledReader {
 public:
  CalledReader(const server::ForgeTask& task, const ForgeJobs& jobs, const AddressReader& addresses)
      : task_(task), jobs_(jobs), addresses_(addresses) {}

  base::Result<std::string> operator()(const std::string& reference) const {
    auto options = forge_repositories(task_, jobs_, *http_);
    options.servers = addresses_.servers();
    runner::ActionStore store(std::move(options));
    const auto whole = reference.starts_with("./")
                           ? fmt::format("{}/{}@{}", context_text(task_, "repository"), reference.substr(2),
                                         context_text(task_, "sha"))
                           : reference;
    TRY(const auto text, read_called_workflow(whole, workflow_path(task_), {.others = &store}));
    return server::with_github_context(text);
  }

 private:
  const server::ForgeTask& task_;
  const ForgeJobs& jobs_;
  const AddressReader& addresses_;
  std::shared_ptr<base::HttpClient> http_ = base::make_curl_http_client();
};

}  // namespace

std::string context_text(const server::ForgeTask& task, std::string_view name) {
  return base::json_string(task.context, name);
}

std::string token_of(const server::ForgeTask& task) {
  const auto found = task.secrets.find("GITHUB_TOKEN");
  return found != task.secrets.end() ? found->second : context_text(task, "token");
}

runner::ActionStoreOptions forge_repositories(const server::ForgeTask& task, const ForgeJobs& jobs,
                                              base::HttpClient& http) {
  return {.folder = base::Path(jobs.common.state_folder) / "actions",
          .server = jobs.instance,
          .token = token_of(task),
          .token_server = jobs.instance,
          .http = &http};
}

base::Result<TaskWorkflow> read_task_workflow(const server::ForgeTask& task, const ForgeJobs& jobs) {
  AddressReader addresses(actions_server(task, jobs.instance), jobs.instance);
  base::Result<void> read;
  const workflow::LoadOptions options{.called_workflow = CalledReader(task, jobs, addresses),
                                      .amend = [&](workflow::Node& root) {
                                        server::undo_gitea_encoding(root);
                                        put_into_images(root, jobs.labels);
                                        if (read) read = addresses.read(root);
                                      }};
  auto loaded =
      workflow::load_workflow(workflow_path(task), server::with_github_context(task.workflow), options);
  TRY(std::move(read));
  if (!loaded.workflow) return error_of_reading(loaded.diagnostics);
  auto& workflow = *loaded.workflow;
  if (workflow.jobs.size() != 1) {
    return base::invalid_input(
        fmt::format("expected a workflow of one job for a task, found {} jobs", workflow.jobs.size()));
  }
  auto& job = workflow.jobs.front();
  job.needs.clear();
  for (const auto& [id, need] : task.needs) job.needs.push_back({.text = id});
  // Who runs when is for the forge to say.
  workflow.concurrency = {};
  job.concurrency = {};
  for (const auto& [id, need] : task.needs) workflow.jobs.push_back(needed_job(id, workflow.path));
  return TaskWorkflow{std::move(workflow), addresses.servers()};
}

}  // namespace cli
