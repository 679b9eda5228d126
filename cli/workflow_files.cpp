#include "cli/workflow_files.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstdio>

#include "base/fd.h"
#include "base/files.h"
#include "cli/interrupts.h"
#include "runner/action_store.h"
#include "workflow/repository_reference.h"
#include "workflow/reusable_workflows.h"

namespace cli {

// Four bytes for each character that a workflow may have.
constexpr std::size_t kMostBytes = 4U << 20;

base::Result<std::vector<std::string>> list_workflow_files(const std::string& root) {
  const auto folder = base::Path(root) / ".github/workflows";
  const auto none = [&](std::string_view why) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("no workflows found: {} {}; name a workflow file, or run this in a "
                                        "repository that has some",
                                        folder.string(), why));
  };
  const auto names = base::list_directory(folder);
  if (!names) return none("does not exist");
  std::vector<std::string> files;
  for (const auto& name : *names) {
    const auto extension = base::Path(name).extension();
    if (extension == ".yml" || extension == ".yaml")
      files.push_back((folder / name).lexically_normal().string());
  }
  if (files.empty()) return none("holds no .yml or .yaml file");
  return files;
}

namespace {

base::Result<std::string> read_below(const base::Path& folder, const std::string& path) {
  TRY(const auto root, base::open_directory(folder));
  TRY(const auto file, base::open_beneath(root.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  return base::read_all(file.get(), kMostBytes);
}

}  // namespace

base::Result<std::string> read_called_workflow(const std::string& reference, const std::string& caller,
                                               const CalledWorkflows& called) {
  if (const auto problem = workflow::problem_of_call(reference); !problem.empty())
    return base::invalid_input(problem);
  if (reference.starts_with("./")) return read_below(called.repository, reference.substr(2));
  const auto parsed = workflow::parse_repository_reference(reference);
  if (!parsed) {
    return base::invalid_input(fmt::format(
        "'{}' names no workflow: expected {{owner}}/{{repository}}/.github/workflows/{{file}}@{{ref}}",
        reference));
  }
  if (called.others == nullptr) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("{} is of another repository, and only those of this one are read here", reference));
  }
  TRY(const auto repository,
      called.others->find(*parsed, caller, {.stop = interrupt_token(), .say = [](const std::string& line) {
                                              fmt::print(stderr, "pipeline: {}\n", line);
                                            }}));
  auto text = read_below(repository.folder, parsed->path);
  if (text || text.error().kind != base::ErrorKind::not_found) return text;
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("workflow was not found: {} has no {} at {}", parsed->repository,
                                      parsed->path, parsed->ref));
}

base::Result<workflow::LoadedWorkflow> load_workflow_file(const std::string& path,
                                                          const CalledWorkflows& called) {
  TRY(const auto text, base::read_file(path));
  const workflow::LoadOptions options{.called_workflow = [&](const std::string& reference) {
    return read_called_workflow(reference, runner::path_in_repository(path, called.repository), called);
  }};
  return workflow::load_workflow(path, text, options);
}

void print_diagnostics(const workflow::Diagnostics& diagnostics) {
  for (const auto& diagnostic : diagnostics) fmt::print(stderr, "{}\n", workflow::to_string(diagnostic));
}

}  // namespace cli
