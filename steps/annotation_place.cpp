#include "steps/annotation_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/strings.h"

namespace steps {
namespace {

constexpr std::size_t kMaximumGitConfig = 1U << 20;
constexpr std::size_t kLongestPath = 4096;

bool is_regular_file(const RunningJob& job, const std::string& path) {
  const auto location = to_host(job.folders, path);
  if (!location) return false;
  const auto root = base::open_directory(location->folder);
  if (!root) return false;
  const auto file = base::open_beneath(root->get(), location->relative, O_PATH | O_CLOEXEC);
  struct stat found {};
  return file && fstat(file->get(), &found) == 0 && S_ISREG(found.st_mode);
}

/// Whether a .git/config is that of the workflow's repository. One without any remote is: of a repository
/// that is on this machine only.
bool is_of_this_repository(const RunningJob& job, std::string_view config) {
  const auto github = job.contexts.get("github");
  const std::string server = github.get("server_url").to_text();
  const std::string repository = github.get("repository").to_text();
  const std::size_t scheme = server.find("://");
  const std::string host = scheme == std::string::npos ? server : server.substr(scheme + 3);
  bool has_remote = false;
  for (const std::string_view line : base::lines_of(config)) {
    std::string_view text = base::trim(line);
    if (!text.starts_with("url = ")) continue;
    has_remote = true;
    if (text.ends_with(".git")) text.remove_suffix(4);
    if (base::equals_ignoring_case(text, fmt::format("url = {}/{}", server, repository)) ||
        base::equals_ignoring_case(text, fmt::format("url = git@{}:{}", host, repository)))
      return true;
  }
  return !has_remote;
}

/// The nearest folder above the file that is a checkout, within the workspace; "" when it is another
/// repository's.
std::string repository_of(const RunningJob& job, const base::Path& file) {
  const base::Path workspace = job.folders.workspace.inside;
  for (base::Path folder = file.parent_path();; folder = folder.parent_path()) {
    const base::Path relative = folder.lexically_relative(workspace);
    if (relative.empty() || *relative.begin() == "..") return "";
    if (const auto config = read_job_file(job.folders, (folder / ".git/config").string(), kMaximumGitConfig))
      return is_of_this_repository(job, *config) ? folder.string() : "";
  }
}

}  // namespace

std::string path_in_workspace(const RunningJob& job, const std::string& file) {
  const std::string prefix = job.folders.workspace.inside + "/";
  return file.starts_with(prefix) ? file.substr(prefix.size()) : file;
}

std::string path_in_repository(const RunningJob& job, const std::string& file, const std::string& from_path) {
  if (base::trim(file).empty() || file.size() + from_path.size() > kLongestPath) return "";
  base::Path path = file;
  if (path.is_relative() && !base::trim(from_path).empty()) path = base::Path(from_path).parent_path() / path;
  if (path.is_relative()) path = job.folders.workspace.inside / path;
  path = path.lexically_normal();
  if (!is_regular_file(job, path.string())) return "";
  const std::string repository = repository_of(job, path);
  return repository.empty() ? "" : path.lexically_relative(repository).string();
}

}  // namespace steps
