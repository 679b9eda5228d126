// actions/checkout: the user's working tree as it is now, local edits included, or a clone when another ref
// or repository is asked for.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/git.h"
#include "base/git_submodules.h"
#include "base/strings.h"
#include "steps/builtin/checkout_credentials.h"
#include "steps/builtin_actions.h"
#include "steps/job_files.h"
#include "steps/tree_copy.h"

namespace steps::builtin {
namespace {

constexpr std::size_t kMaximumGitConfig = 1U << 20;

/// What to put into the workspace.
struct Request {
  std::string repository;    ///< owner/name
  bool is_of_run = true;     ///< it is the repository that the run is of
  bool own = true;           ///< … and that is on this machine
  std::string ref;           ///< empty: the working tree
  std::string reached_from;  ///< of a commit: the ref to fetch when no branch has it (refs/pull/7/head)
  std::string url;           ///< that others are fetched from, and later steps push to
  base::Path target;         ///< relative to the workspace
  bool clean = true;
  bool submodules = false;
  bool submodules_in_submodules = false;
  std::string token;                   ///< that others are fetched with
  std::optional<CheckoutLogin> login;  ///< for git in later steps
};

base::Result<std::string> url_of(const std::string& repository, const ActionCall& call) {
  // Only remote ones: the runner may read repositories of this machine that the step may not.
  if (repository.starts_with("https://") || repository.starts_with("http://")) return repository;
  if (repository.find(':') != std::string::npos || repository.starts_with('/')) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("repository '{}': expected owner/name or an https:// URL", repository));
  }
  const std::string server = call.variable("GITHUB_SERVER_URL");
  return fmt::format("{}/{}", server.empty() ? "https://github.com" : server, repository);
}

base::Result<Request> read_request(const ActionCall& call, const RunningJob& job) {
  Request request;
  const std::string current = call.variable("GITHUB_REPOSITORY");
  request.repository = call.input("repository", current);
  request.is_of_run = base::equals_ignoring_case(request.repository, current);
  // A job that a forge handed out has the repository there, not here.
  request.own = request.is_of_run && !job.services->repository.empty();
  request.ref = call.input("ref");
  const bool is_current = request.ref == call.variable("GITHUB_SHA") ||
                          request.ref == call.variable("GITHUB_REF") ||
                          request.ref == call.variable("GITHUB_REF_NAME");
  if (request.own && is_current) request.ref.clear();
  if (request.is_of_run && !request.own && (request.ref.empty() || is_current)) {
    request.ref = call.variable("GITHUB_SHA");
    request.reached_from = call.variable("GITHUB_REF");
  }
  request.clean = is_true(call.input("clean", "true"));
  const std::string submodules = base::to_lower(call.input("submodules", "false"));
  request.submodules_in_submodules = submodules == "recursive";
  request.submodules = submodules == "true" || request.submodules_in_submodules;

  base::Path path = call.input("path", ".");
  const base::Path workspace = job.folders.workspace.inside;
  if (path.is_absolute()) path = path.lexically_normal().lexically_relative(workspace.lexically_normal());
  path = path.lexically_normal();
  if (path.empty() || *path.begin() == "..") {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("path '{}' is not under the workspace '{}'; give a path relative to it",
                    call.input("path"), workspace.string()));
  }
  request.target = path;
  TRY(request.url, url_of(request.repository, call));
  request.token =
      call.input("token", request.is_of_run ? job.contexts.get("github").get("token").to_text() : "");
  if (is_true(call.input("persist-credentials", "true")))
    request.login = login_of_checkout(request.url, request.token);
  return request;
}

/// The settings that are about the repository itself. The rest (credentials, proxies, aliases, remotes with a
/// token in them) is the user's and no step's business.
std::string git_config(std::string_view original, const std::optional<std::string>& origin,
                       std::string_view branch) {
  std::string config;
  bool kept = false;
  bool has_core = false;
  for (std::string_view line : base::lines_of(original)) {
    std::string_view text = base::trim(line);
    if (text.starts_with('[')) {
      const std::string section = base::to_lower(text);
      kept = section == "[core]" || section == "[extensions]";
      has_core = has_core || section == "[core]";
      if (kept) config += fmt::format("{}\n", section);
    } else if (kept) {
      const std::string key = base::to_lower(base::trim(text.substr(0, text.find('='))));
      const bool harmless = key == "repositoryformatversion" || key == "filemode" || key == "ignorecase" ||
                            key == "symlinks" || key == "objectformat" || key == "autocrlf" || key == "eol";
      if (harmless) config += fmt::format("\t{}\n", text);
    }
  }
  if (!has_core) config = "[core]\n\trepositoryformatversion = 0\n" + config;
  config += "[core]\n\tbare = false\n\tlogallrefupdates = true\n";
  if (!origin || origin->find_first_of("\n\"\\") != std::string::npos) return config;
  std::string url = *origin;
  const std::size_t scheme = url.find("://");
  const std::size_t at = url.find('@');
  if (scheme != std::string::npos && at != std::string::npos && at < url.find('/', scheme + 3)) {
    url.erase(scheme + 3, at + 1 - (scheme + 3));
  }
  config +=
      fmt::format("[remote \"origin\"]\n\turl = {}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n", url);
  if (!branch.empty() && branch.find_first_of("\n\"\\]") == std::string_view::npos) {
    config += fmt::format("[branch \"{0}\"]\n\tremote = origin\n\tmerge = refs/heads/{0}\n", branch);
  }
  return config;
}

bool is_kept_git_file(const std::string& relative) {
  return relative != "config" && relative != "config.worktree" && relative != "hooks" &&
         relative != "worktrees" && relative != "modules" && relative != "FETCH_HEAD" &&
         !relative.ends_with(".lock") && !relative.starts_with("fsmonitor");
}

/// What was cloned just now has modules that are its own.
bool is_kept_of_clone(const std::string& relative) {
  return relative == "modules" || is_kept_git_file(relative);
}

/// A git repository as it is, and what its configuration has besides.
struct CopiedRepository {
  base::Path git_folder;
  const base::RepositoryState& state;
  std::string more_config;
  bool (*keeps)(const std::string& relative) = is_kept_git_file;
};

/// Copies a repository's .git folder without hooks and without the user's settings.
base::Result<void> copy_git_folder(const CopiedRepository& copied, int target, std::uint32_t owner) {
  const auto& [git_folder, state, more_config, keeps] = copied;
  TRY(auto files, list_tree(git_folder, keeps));
  TRY(auto folder, make_folder_for_steps(target, ".git", owner));
  TRY(copy_files_for_steps(git_folder, files, folder.get(), owner));
  std::string original;
  if (auto text = base::read_file(git_folder / "config", kMaximumGitConfig)) original = std::move(*text);
  return create_file_for_steps(folder.get(), "config",
                               git_config(original, state.origin_url, state.branch) + more_config, 0644,
                               owner);
}

/// Whether .git can be copied file by file: a linked work tree's is elsewhere, borrowed objects are too.
bool has_own_git_folder(const base::Path& work_tree) {
  return base::is_directory(work_tree / ".git") &&
         !base::exists(work_tree / ".git/objects/info/alternates") &&
         !base::exists(work_tree / ".git/commondir");
}

std::string more_config_of(const Request& request, const RunningJob& job) {
  return request.login ? config_that_includes(*request.login, job, request.target) : "";
}

struct Checkout {
  std::string commit;
  std::string ref;
  std::size_t files = 0;
};

/// Those of the run's own repository are brought as they are in it.
void warn_of_submodule(const std::string& path, RunningJob& job) {
  job.log->annotation({LineKind::warning,
                       fmt::format("The submodule '{}' is not checked out in {}, so it is empty here; `git "
                                   "submodule update --init --recursive` there fetches it",
                                   path, job.services->repository.string()),
                       "", ""});
}

base::Result<Checkout> copy_work_tree(const Request& request, RunningJob& job, int target) {
  const std::uint32_t owner = job.services->host_uid;
  TRY(auto state, base::read_repository(job.services->repository));
  TRY(auto files, base::list_work_tree_files(state.work_tree));
  if (request.submodules) {
    std::vector<std::string> below;
    for (const std::string& path : files) {
      if (!base::is_directory(state.work_tree / path)) continue;
      if (!base::exists(state.work_tree / path / ".git")) {
        warn_of_submodule(path, job);
        continue;
      }
      TRY(auto inner,
          base::list_work_tree_files(state.work_tree / path).while_doing("reading submodule " + path));
      for (const std::string& file : inner) below.push_back((base::Path(path) / file).string());
    }
    files.insert(files.end(), below.begin(), below.end());
  }
  TRY(copy_files_for_steps(state.work_tree, files, target, owner));
  if (has_own_git_folder(state.work_tree)) {
    TRY(copy_git_folder({state.work_tree / ".git", state, more_config_of(request, job)}, target, owner));
  } else if (!state.head_commit.empty()) {
    TRY(auto scratch, base::TempDir::create_in(job.folders.scratch, "checkout"));
    TRY(base::clone_repository({state.work_tree.string(), state.head_commit, scratch.path() / "clone", ""}));
    TRY(copy_git_folder({scratch.path() / "clone/.git", state, more_config_of(request, job)}, target, owner));
  }
  return Checkout{state.head_commit, state.branch.empty() ? state.head_commit : "refs/heads/" + state.branch,
                  files.size()};
}

base::Result<Checkout> clone_into(const Request& request, RunningJob& job, int target) {
  TRY(auto scratch, base::TempDir::create_in(job.folders.scratch, "checkout"));
  base::CloneOptions options;
  options.destination = scratch.path() / "clone";
  options.ref = request.ref;
  if (request.own) {
    options.url = job.services->repository.string();
  } else {
    options.url = request.url;
    options.token = request.token;
    options.reached_from = request.reached_from;
    options.head = request.reached_from;
  }
  TRY(const std::string commit, base::clone_repository(options).while_doing(
                                    fmt::format("cloning {} at '{}'", request.repository, request.ref)));
  if (request.submodules && !request.own) {
    TRY(base::update_submodules(options.destination, {.server = server_of(request.url),
                                                      .token = request.token,
                                                      .recursive = request.submodules_in_submodules}));
  }
  TRY(auto state, base::read_repository(options.destination));
  if (request.own) {
    TRY(auto original, base::read_repository(job.services->repository));
    state.origin_url = original.origin_url;
  }
  TRY(auto files,
      list_tree(options.destination, [](const std::string& relative) { return relative != ".git"; }));
  TRY(copy_files_for_steps(options.destination, files, target, job.services->host_uid));
  TRY(copy_git_folder({options.destination / ".git", state, more_config_of(request, job), is_kept_of_clone},
                      target, job.services->host_uid));
  return Checkout{commit, request.ref.empty() ? state.branch : request.ref, files.size()};
}

/// A folder that is no git repository is copied whole.
base::Result<Checkout> copy_plain_folder(RunningJob& job, int target) {
  const base::Path& source = job.services->repository;
  TRY(auto files, list_tree(source, [](const std::string&) { return true; }));
  TRY(copy_files_for_steps(source, files, target, job.services->host_uid));
  job.log->annotation({LineKind::warning,
                       fmt::format("{} is no git repository: all its files were copied", source.string()), "",
                       ""});
  return Checkout{"", "", files.size()};
}

void warn_of_ignored_inputs(const ActionCall& call, RunningJob& job) {
  for (const char* name : {"sparse-checkout", "lfs", "ssh-key", "filter"}) {
    const std::string value = call.input(name);
    if (value.empty() || base::equals_ignoring_case(value, "false")) continue;
    job.log->annotation(
        {LineKind::warning, fmt::format("The input '{}' of {} has no effect here", name, call.uses), "", ""});
  }
}

}  // namespace

base::Result<ActionOutcome> checkout(const ActionCall& call, RunningJob& job) {
  TRY(const Request request, read_request(call, job));
  warn_of_ignored_inputs(call, job);
  TRY(auto workspace, base::open_directory(job.folders.workspace.host));
  TRY(auto target, make_folder_for_steps(workspace.get(), request.target, job.services->host_uid));
  if (request.clean) TRY(remove_contents(target.get()).while_doing("cleaning the workspace"));

  const bool clone = !request.own || !request.ref.empty();
  base::Result<Checkout> done =
      clone ? clone_into(request, job, target.get()) : copy_work_tree(request, job, target.get());
  if (!done && !clone && done.error().kind == base::ErrorKind::not_found &&
      !base::exists(job.services->repository / ".git")) {
    done = copy_plain_folder(job, target.get());
  }
  if (!done) return std::move(done).error();
  job.log->line(LineKind::output,
                fmt::format("Checked out {} files of {}{}{}", done->files, request.repository,
                            done->commit.empty() ? "" : " at " + done->commit.substr(0, 12),
                            clone ? "" : ", the working tree as it is now"));
  ActionOutcome outcome;
  if (request.login) {
    TRY(outcome.post, persist(*request.login, call, job));
  }
  outcome.outputs["ref"] = done->ref;
  outcome.outputs["commit"] = done->commit;
  return outcome;
}

}  // namespace steps::builtin
