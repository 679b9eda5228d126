#include "cli/action_options.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/strings.h"
#include "cli/project.h"
#include "runner/git_access.h"

namespace cli {

namespace {

constexpr const char* kDefaultServer = "https://github.com";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

base::Result<std::string> checked_server(const std::string& server, const std::string& where) {
  for (const std::string_view scheme : {"https://", "http://", "file:///"}) {
    if (!server.starts_with(scheme) || server.size() == scheme.size()) continue;
    if (scheme != "file:///" && server.find('@') != std::string::npos) {
      return base::invalid_input(fmt::format(
          "the action server of {} holds a login; give a token by --secret GITHUB_TOKEN instead", where));
    }
    return server;
  }
  return base::invalid_input(
      fmt::format("expected an action server like {} or file:///srv/git, found '{}' in {}", kDefaultServer,
                  server, where));
}

base::Result<std::string> server_of(const ActionFlags& flags, const base::Path& work_tree) {
  if (!flags.server.empty()) return checked_server(flags.server, "--action-server");
  TRY(const auto project, Project::open(work_tree));
  if (!project->config().action_server.empty())
    return checked_server(project->config().action_server, project->config_file());
  const auto of_environment = variable("GITHUB_SERVER_URL");
  return of_environment.empty() ? kDefaultServer : checked_server(of_environment, "GITHUB_SERVER_URL");
}

base::Result<runner::ActionReplacement> replacement_of(const std::string& text) {
  const auto equals = text.find('=');
  const auto name = text.substr(0, equals);
  const bool any_ref = name.find('@') == std::string::npos;
  const auto reference = workflow::parse_repository_reference(any_ref ? name + "@any" : name);
  if (equals == std::string::npos || !reference || !reference->path.empty() || equals + 1 == text.size()) {
    return base::invalid_input(fmt::format("expected --replace owner/repo[@ref]=folder, found '{}'", text));
  }
  runner::ActionReplacement replacement{.repository = reference->repository};
  if (!any_ref) replacement.ref = reference->ref;
  replacement.folder = std::filesystem::absolute(text.substr(equals + 1)).lexically_normal();
  if (base::is_directory(replacement.folder)) return replacement;
  return base::invalid_input(
      fmt::format("--replace {}: there is no folder {}", text, replacement.folder.string()));
}

base::Result<std::optional<workflow::ActionsLock>> lock_of(const base::Path& work_tree) {
  TRY(const auto project, Project::open(work_tree));
  const auto text = project->read(workflow::kActionsLockFile);
  if (!text) return std::optional<workflow::ActionsLock>();
  TRY(auto lock, workflow::read_actions_lock(path_from_here(work_tree / workflow::kActionsLockFile), *text));
  return std::optional(std::move(lock));
}

base::Result<std::string> token_of(const std::vector<std::string>& secrets) {
  constexpr std::string_view kName = "GITHUB_TOKEN";
  for (const auto& secret : secrets) {
    const auto equals = secret.find('=');
    if (secret.substr(0, equals) != kName)
      return base::invalid_input(fmt::format("--secret: only {} is of use here", kName));
    if (equals != std::string::npos) return secret.substr(equals + 1);
    const char* value = std::getenv(std::string(kName).c_str());
    if (value != nullptr) return std::string(value);
    return base::invalid_input(fmt::format("--secret {}: there is no such environment variable", kName));
  }
  return std::string();
}

}  // namespace

base::Result<runner::ActionStoreOptions> action_store_options(const ActionFlags& flags,
                                                              const runner::RunOptions& options) {
  runner::ActionStoreOptions store{.folder = options.state_folder / "actions"};
  TRY(store.server, server_of(flags, options.repository.work_tree));
  const auto token = options.secrets.find("GITHUB_TOKEN");
  if (token != options.secrets.end()) store.token = token->second;
  store.find_login = runner::find_git_login;
  store.offline = flags.offline;
  for (const auto& text : flags.replacements) {
    TRY(auto replacement, replacement_of(text));
    // One with a ref is about less, so it wins.
    store.replacements.insert(replacement.ref ? store.replacements.begin() : store.replacements.end(),
                              std::move(replacement));
  }
  // `$/path` in a workflow of the user's is of their work tree, pushed or not.
  store.replacements.push_back({.repository = options.repository_name,
                                .ref = options.event.sha,
                                .folder = options.repository.work_tree,
                                .tracked_files_only = true});
  TRY(store.lock, lock_of(options.repository.work_tree));
  store.archives = variable("ACTIONS_RUNNER_ACTION_ARCHIVE_CACHE");
  const auto unpacked = base::to_lower(variable("ACTIONS_RUNNER_SYMLINK_CACHED_ACTIONS"));
  store.archives_unpacked = unpacked == "true" || unpacked == "1" || unpacked == "$true";
  if (!variable("_GITHUB_ACTION_DOWNLOAD_NO_BACKOFF").empty())
    store.shortest_pause = store.longest_pause = std::chrono::milliseconds(0);
  store.http = options.http;
  return store;
}

base::Result<runner::ActionStoreOptions> action_store_options(const CommonFlags& common,
                                                              const ActionFlags& flags,
                                                              const base::Path& root,
                                                              base::HttpClient& http) {
  runner::RunOptions options;
  options.state_folder = common.state_folder;
  options.repository.work_tree = root;
  options.http = &http;
  TRY(options.secrets["GITHUB_TOKEN"], token_of(flags.secrets));
  return action_store_options(flags, options);
}

}  // namespace cli
