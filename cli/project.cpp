#include "cli/project.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "workflow/action_metadata.h"
#include "workflow/lint/config.h"
#include "workflow/load_workflow.h"

namespace cli {

namespace {

// Beyond what the language reads (1 MiB of characters), so that the reader says what is wrong.
constexpr std::size_t kLargestFile = 8U << 20;
constexpr std::size_t kMostActions = 1000;
constexpr int kDeepestActionFolder = 8;

std::optional<std::string> content_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::string text;
  char buffer[64 * 1024];
  while (true) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kLargestFile) return std::nullopt;
  }
}

bool is_workflow_name(const base::Path& path) {
  return path.extension() == ".yml" || path.extension() == ".yaml";
}

/// The folder that a local reference names, relative to the root; nothing for all others.
std::optional<std::string> local_folder(const std::optional<workflow::Text>& uses) {
  if (!uses || !(uses->text.starts_with("./") || uses->text.starts_with("$/"))) return std::nullopt;
  const auto folder = base::Path(uses->text.substr(2)).lexically_normal();
  if (is_workflow_name(folder)) return std::nullopt;
  return folder == "." ? std::string() : folder.string();
}

void add_folders(const std::vector<workflow::Step>& steps, std::vector<std::string>& folders) {
  for (const auto& step : steps) {
    if (auto folder = local_folder(step.uses); folder) folders.push_back(*std::move(folder));
  }
}

void add_folders_below(const base::Path& folder, const base::Path& relative, int depth,
                       std::vector<std::string>& found) {
  if (depth > kDeepestActionFolder || found.size() > kMostActions) return;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.is_symlink(error) || !entry.is_directory(error)) continue;
    const auto name = entry.path().filename();
    if (name == "node_modules" || name == ".git") continue;
    found.push_back((relative / name).string());
    add_folders_below(entry.path(), relative / name, depth + 1, found);
  }
}

}  // namespace

base::Path Project::root_of(const base::Path& path) {
  const auto absolute = std::filesystem::absolute(path).lexically_normal();
  for (auto folder = absolute.parent_path(); folder != folder.root_path(); folder = folder.parent_path()) {
    if (base::exists(folder / ".git") || base::is_directory(folder / ".github")) return folder;
  }
  std::error_code error;
  const auto here = std::filesystem::current_path(error);
  const auto relative = absolute.lexically_relative(here).string();
  return relative.empty() || relative.starts_with("..") ? absolute.parent_path() : here;
}

base::Result<std::shared_ptr<Project>> Project::open(const base::Path& root) {
  TRY(auto directory, base::open_directory(root));
  std::shared_ptr<Project> project(new Project(root, std::move(directory)));
  project->read_config();
  return project;
}

void Project::read_config() {
  const auto text = read(workflow::lint::kConfigFile);
  if (text) config_ = workflow::lint::read_lint_config(config_file(), *text, config_problems_);
}

std::string Project::config_file() const {
  return path_from_here(root_ / workflow::lint::kConfigFile);
}

std::optional<std::string> Project::read(const std::string& path) const {
  const auto relative = base::Path(path).lexically_normal();
  if (relative.empty() || relative.is_absolute() || relative.begin()->string() == "..") return std::nullopt;
  const auto [known, fresh] = read_.try_emplace(relative.string());
  if (!fresh) return known->second;
  const auto file =
      base::open_beneath(directory_.get(), relative, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file) known->second = content_of(file->get());
  return known->second;
}

workflow::lint::ProjectFiles Project::files() const {
  return {.read = [this](const std::string& path) { return read(path); }};
}

std::vector<std::string> Project::workflows() const {
  std::vector<std::string> found;
  const auto names = base::list_directory(root_ / ".github/workflows");
  if (!names) return found;
  for (const auto& name : *names) {
    if (is_workflow_name(name)) found.push_back(".github/workflows/" + name);
  }
  return found;
}

std::vector<std::string> Project::actions(const std::vector<std::string>& workflow_texts) const {
  std::vector<std::string> folders{""};
  add_folders_below(root_ / ".github/actions", ".github/actions", 0, folders);
  for (const auto& text : workflow_texts) {
    const auto draft = workflow::read_workflow("", text);
    for (const auto& job : draft.workflow.jobs) add_folders(job.steps, folders);
  }
  std::set<std::string> found;
  std::set<std::string> looked_at;
  for (std::size_t i = 0; i < folders.size() && found.size() < kMostActions; ++i) {
    if (!looked_at.insert(folders[i]).second) continue;
    for (const char* name : {"action.yml", "action.yaml"}) {
      const auto path = (base::Path(folders[i]) / name).string();
      const auto text = read(path);
      if (!text) continue;
      found.insert(path);
      add_folders(workflow::read_action(path, *text).action.steps, folders);
      break;
    }
  }
  return {found.begin(), found.end()};
}

std::string path_from_here(const base::Path& path) {
  std::error_code error;
  const auto here = std::filesystem::current_path(error);
  const auto relative = path.lexically_relative(here);
  return relative.empty() ? path.string() : relative.string();
}

}  // namespace cli
