#include "base/git_submodules.h"

#include <fmt/format.h>

#include <vector>

#include "base/git_handles.h"
#include "base/strings.h"

namespace base {

namespace {

constexpr int kDeepestSubmodule = 16;

int collect_name(git_submodule*, const char* name, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

std::string host_of(std::string_view server) {
  const auto scheme = server.find("://");
  return scheme == std::string_view::npos ? "" : std::string(server.substr(scheme + 3));
}

Result<std::string> url_of(git_submodule* submodule, const SubmoduleOptions& options) {
  git_buf resolved = GIT_BUF_INIT;
  const int code =
      git_submodule_resolve_url(&resolved, git_submodule_owner(submodule),
                                git_submodule_url(submodule) ? git_submodule_url(submodule) : "");
  std::string url = code == 0 ? std::string(resolved.ptr, resolved.size) : "";
  git_buf_dispose(&resolved);
  if (const auto at_host = fmt::format("git@{}:", host_of(options.server)); url.starts_with(at_host))
    url = fmt::format("{}/{}", options.server, url.substr(at_host.size()));
  if (url.starts_with("https://") || url.starts_with("http://")) return url;
  return invalid_input(fmt::format("the submodule '{}' has the URL '{}': expected one of https:// or http://",
                                   git_submodule_name(submodule), url));
}

class Updater {
 public:
  explicit Updater(const SubmoduleOptions& options) : options_(options) {}

  Result<void> update_all(git_repository* repository, int depth) {
    std::vector<std::string> names;
    if (const int code = git_submodule_foreach(repository, collect_name, &names); code != 0)
      return git::error_of("cannot read .gitmodules", code);
    for (const auto& name : names) {
      git_submodule* raw = nullptr;
      if (const int code = git_submodule_lookup(&raw, repository, name.c_str()); code != 0)
        return git::error_of(fmt::format("cannot find the submodule '{}'", name), code);
      const git::Submodule submodule(raw);
      TRY(update(raw, depth));
    }
    return {};
  }

 private:
  Result<void> update(git_submodule* submodule, int depth) {
    const std::string name = git_submodule_name(submodule);
    TRY(const auto url, url_of(submodule, options_));
    git_config* config = nullptr;
    int code = git_repository_config(&config, git_submodule_owner(submodule));
    if (code == 0)
      code = git_config_set_string(config, fmt::format("submodule.{}.url", name).c_str(), url.c_str());
    git_config_free(config);
    git_submodule_update_options update = GIT_SUBMODULE_UPDATE_OPTIONS_INIT;
    update.fetch_opts.callbacks.credentials = git::give_token;
    std::string token = url.starts_with(options_.server + "/") ? options_.token : "";
    update.fetch_opts.callbacks.payload = &token;
    if (code == 0) code = git_submodule_update(submodule, 1, &update);
    if (code != 0)
      return git::error_of(fmt::format("cannot fetch the submodule '{}' from {}", name, url), code);
    return options_.recursive ? update_inner(submodule, depth) : Result<void>();
  }

  Result<void> update_inner(git_submodule* submodule, int depth) {
    if (depth >= kDeepestSubmodule) {
      return invalid_input(fmt::format("submodules are in each other more than {} deep: '{}'",
                                       kDeepestSubmodule, git_submodule_name(submodule)));
    }
    git_repository* raw = nullptr;
    if (const int code = git_submodule_open(&raw, submodule); code != 0)
      return git::error_of(fmt::format("cannot open the submodule '{}'", git_submodule_name(submodule)),
                           code);
    const git::Repository repository(raw);
    return update_all(raw, depth + 1);
  }

  const SubmoduleOptions& options_;
};

}  // namespace

Result<void> update_submodules(const Path& work_tree, const SubmoduleOptions& options) {
  git::initialize();
  git_repository* raw = nullptr;
  if (const int code =
          git_repository_open_ext(&raw, work_tree.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
      code != 0)
    return git::error_of(fmt::format("no git repository at {}", work_tree.string()), code);
  const git::Repository repository(raw);
  return Updater(options).update_all(raw, 1);
}

}  // namespace base
