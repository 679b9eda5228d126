#include "cli/workflow_files.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstdio>

#include "base/fd.h"

#include "base/files.h"

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

base::Result<std::string> read_called_workflow(const std::string& reference, const base::Path& repository) {
  if (!reference.starts_with("./")) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("{} is of another repository; only workflows of this one can be called yet", reference));
  }
  TRY(const auto root, base::open_directory(repository));
  TRY(const auto file, base::open_beneath(root.get(), reference.substr(2), O_RDONLY | O_CLOEXEC));
  return base::read_all(file.get(), kMostBytes);
}

}  // namespace

base::Result<workflow::LoadedWorkflow> load_workflow_file(const std::string& path,
                                                          const base::Path& repository) {
  TRY(const auto text, base::read_file(path));
  const workflow::LoadOptions options{.called_workflow = [&](const std::string& reference) {
    return read_called_workflow(reference, repository);
  }};
  return workflow::load_workflow(path, text, options);
}

void print_diagnostics(const workflow::Diagnostics& diagnostics) {
  for (const auto& diagnostic : diagnostics) fmt::print(stderr, "{}\n", workflow::to_string(diagnostic));
}

}  // namespace cli
