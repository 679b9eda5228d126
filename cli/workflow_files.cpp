#include "cli/workflow_files.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/files.h"

namespace cli {

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

base::Result<workflow::LoadedWorkflow> load_workflow_file(const std::string& path) {
  TRY(const auto text, base::read_file(path));
  return workflow::load_workflow(path, text);
}

void print_diagnostics(const workflow::Diagnostics& diagnostics) {
  for (const auto& diagnostic : diagnostics) fmt::print(stderr, "{}\n", workflow::to_string(diagnostic));
}

}  // namespace cli
