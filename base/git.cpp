#include "base/git.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "base/git_handles.h"

namespace base {

namespace git {

void initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    git_libgit2_init();
    // The user runs us on purpose on repositories that, in a container or a build box, have another owner.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  });
}

Error error_of(std::string_view what, int code) {
  const git_error* last = git_error_last();
  const ErrorKind kind = code == GIT_ENOTFOUND ? ErrorKind::not_found : ErrorKind::invalid_input;
  return make_error(kind, fmt::format("{}: {}", what, last != nullptr ? last->message : "git error"));
}

std::string to_string(const git_oid& id) {
  char text[GIT_OID_HEXSZ + 1];
  git_oid_tostr(text, sizeof text, &id);
  return text;
}

int give_token(git_credential** out, const char*, const char*, unsigned allowed, void* user) {
  const auto& token = *static_cast<const std::string*>(user);
  if (token.empty() || (allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) == 0) return GIT_PASSTHROUGH;
  return git_credential_userpass_plaintext_new(out, "x-access-token", token.c_str());
}

}  // namespace git

namespace {

using git::Diff;
using git::Index;
using git::Object;
using git::Reference;
using git::Remote;
using git::Repository;
using git::StatusList;
using git::to_string;
using git::Tree;

constexpr std::string_view kBranches = "refs/heads/";

Result<Repository> open_repository(const Path& path) {
  git::initialize();
  git_repository* raw = nullptr;
  const int code = git_repository_open_ext(&raw, path.c_str(), 0, nullptr);
  if (code != 0) return git::error_of(fmt::format("no git repository at {}", path.string()), code);
  return Repository(raw);
}

struct TagSearch {
  const git_oid* head;
  git_repository* repository;
  std::optional<std::string> name;
};

int match_tag(const char* name, git_oid* id, void* user) {
  auto& search = *static_cast<TagSearch*>(user);
  git_object* raw = nullptr;
  if (git_object_lookup(&raw, search.repository, id, GIT_OBJECT_ANY) != 0) return 0;
  const Object tagged(raw);
  git_object* peeled = nullptr;
  if (git_object_peel(&peeled, raw, GIT_OBJECT_COMMIT) != 0) return 0;
  const Object commit(peeled);
  if (!git_oid_equal(git_object_id(peeled), search.head)) return 0;
  std::string_view text = name;
  if (text.starts_with("refs/tags/")) text.remove_prefix(10);
  search.name = std::string(text);
  return 1;
}

void read_head(git_repository* repository, RepositoryState& state) {
  git_reference* raw = nullptr;
  if (git_repository_head(&raw, repository) != 0) {
    // Before the first commit HEAD names a branch that does not exist yet.
    if (git_reference_lookup(&raw, repository, "HEAD") != 0) return;
    const Reference head(raw);
    const char* target = git_reference_symbolic_target(raw);
    if (target != nullptr && std::string_view(target).starts_with("refs/heads/")) state.branch = target + 11;
    return;
  }
  const Reference head(raw);
  if (git_reference_is_branch(raw) == 1) state.branch = git_reference_shorthand(raw);
  git_object* object = nullptr;
  if (git_reference_peel(&object, raw, GIT_OBJECT_COMMIT) != 0) return;
  const Object owned(object);
  const auto* commit = reinterpret_cast<const git_commit*>(object);
  state.head_commit = to_string(*git_object_id(object));
  state.head_message = git_commit_message(commit);
  state.head_time = git_commit_time(commit);
  const git_signature* author = git_commit_author(commit);
  state.author_name = author->name;
  state.author_email = author->email;
  TagSearch search{.head = git_object_id(object), .repository = repository};
  git_tag_foreach(repository, match_tag, &search);
  state.tag = search.name;
}

Result<Tree> tree_of(git_repository* repository, const std::string& revision) {
  git_object* raw = nullptr;
  if (const int code = git_revparse_single(&raw, repository, (revision + "^{tree}").c_str()); code != 0) {
    return git::error_of(fmt::format("cannot find the commit {}", revision), code);
  }
  return Tree(reinterpret_cast<git_tree*>(raw));
}

std::string short_name(const std::string& ref) {
  return ref.starts_with(kBranches) ? ref.substr(kBranches.size()) : ref;
}

// A branch or tag of the remote, a full ref, or a commit.
Result<Object> find_ref(git_repository* repository, const std::string& ref) {
  for (const auto& candidate : {ref.starts_with(kBranches) ? "refs/remotes/origin/" + short_name(ref) : ref,
                                "refs/remotes/origin/" + ref, "refs/tags/" + ref}) {
    git_object* raw = nullptr;
    if (git_revparse_single(&raw, repository, (candidate + "^{commit}").c_str()) == 0) return Object(raw);
  }
  return make_error(ErrorKind::not_found,
                    fmt::format("the repository has no branch, tag or commit '{}'", ref));
}

/// On a branch, where there is one, so that steps can commit and push.
Result<void> set_head(git_repository* repository, const git_oid& commit, const CloneOptions& options) {
  if (options.ref.empty()) return {};
  std::string branch = options.head.starts_with(kBranches) ? short_name(options.head) : "";
  if (options.head.empty()) {
    const auto name = short_name(options.ref);
    git_oid tip;
    if (git_reference_name_to_id(&tip, repository, ("refs/remotes/origin/" + name).c_str()) == 0)
      branch = name;
  }
  int code = 0;
  if (branch.empty()) {
    code = git_repository_set_head_detached(repository, &commit);
  } else {
    const auto name = std::string(kBranches) + branch;
    git_reference* raw = nullptr;
    code = git_reference_create(&raw, repository, name.c_str(), &commit, 1, "checkout");
    const git::Reference created(raw);
    if (code == 0) code = git_repository_set_head(repository, name.c_str());
  }
  if (code != 0) return git::error_of(fmt::format("cannot check out {}", options.ref), code);
  return {};
}

/// Of the remote that was cloned.
Result<void> fetch_ref(git_repository* repository, const std::string& ref, const git_fetch_options& options) {
  git_remote* raw = nullptr;
  if (const int code = git_remote_lookup(&raw, repository, "origin"); code != 0)
    return git::error_of("cannot find the remote origin", code);
  const Remote remote(raw);
  auto refspec = fmt::format("+{}:refs/pipeline/fetched", ref);
  char* texts[] = {refspec.data()};
  const git_strarray refspecs{texts, 1};
  if (const int code = git_remote_fetch(raw, &refspecs, &options, nullptr); code != 0)
    return git::error_of(fmt::format("cannot fetch {}", ref), code);
  return {};
}

}  // namespace

Result<RepositoryState> read_repository(const Path& path) {
  TRY(const auto repository, open_repository(path));
  RepositoryState state;
  const char* work_tree = git_repository_workdir(repository.get());
  if (work_tree == nullptr) {
    return make_error(ErrorKind::not_found, fmt::format("the git repository at {} is bare", path.string()));
  }
  state.work_tree = Path(work_tree).parent_path();
  read_head(repository.get(), state);
  git_remote* raw = nullptr;
  if (git_remote_lookup(&raw, repository.get(), "origin") == 0) {
    const Remote remote(raw);
    if (const char* url = git_remote_url(raw); url != nullptr) state.origin_url = url;
  }
  return state;
}

Result<std::vector<std::string>> list_work_tree_files(const Path& work_tree) {
  TRY(const auto repository, open_repository(work_tree));
  git_index* raw_index = nullptr;
  if (const int code = git_repository_index(&raw_index, repository.get()); code != 0) {
    return git::error_of("cannot read the index", code);
  }
  const Index index(raw_index);
  std::set<std::string> files;
  for (std::size_t i = 0; i < git_index_entrycount(raw_index); ++i)
    files.insert(git_index_get_byindex(raw_index, i)->path);

  git_status_options options = GIT_STATUS_OPTIONS_INIT;
  options.show = GIT_STATUS_SHOW_WORKDIR_ONLY;
  options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS;
  git_status_list* raw_list = nullptr;
  if (const int code = git_status_list_new(&raw_list, repository.get(), &options); code != 0) {
    return git::error_of("cannot read the state of the working tree", code);
  }
  const StatusList list(raw_list);
  for (std::size_t i = 0; i < git_status_list_entrycount(raw_list); ++i) {
    const auto* entry = git_status_byindex(raw_list, i);
    const char* name = entry->index_to_workdir->new_file.path;
    if ((entry->status & GIT_STATUS_WT_DELETED) != 0) {
      files.erase(name);
    } else if ((entry->status & GIT_STATUS_WT_NEW) != 0) {
      files.insert(name);
    }
  }
  return std::vector<std::string>(files.begin(), files.end());
}

Result<bool> is_ignored(const Path& work_tree, const std::string& relative) {
  TRY(const auto repository, open_repository(work_tree));
  int ignored = 0;
  if (const int code = git_ignore_path_is_ignored(&ignored, repository.get(), relative.c_str()); code != 0)
    return git::error_of(fmt::format("cannot tell whether {} is ignored", relative), code);
  return ignored == 1;
}

Result<std::vector<std::string>> changed_files(const Path& work_tree, const std::string& from,
                                               const std::string& to) {
  TRY(const auto repository, open_repository(work_tree));
  TRY(const auto old_tree, tree_of(repository.get(), from));
  TRY(const auto new_tree, tree_of(repository.get(), to));
  git_diff* raw = nullptr;
  if (const int code = git_diff_tree_to_tree(&raw, repository.get(), old_tree.get(), new_tree.get(), nullptr);
      code != 0) {
    return git::error_of("cannot compare the commits", code);
  }
  const Diff diff(raw);
  std::set<std::string> files;
  for (std::size_t i = 0; i < git_diff_num_deltas(raw); ++i) {
    const auto* delta = git_diff_get_delta(raw, i);
    files.insert(delta->old_file.path);
    files.insert(delta->new_file.path);
  }
  return std::vector<std::string>(files.begin(), files.end());
}

Result<std::string> clone_repository(const CloneOptions& options) {
  git::initialize();
  git_clone_options clone = GIT_CLONE_OPTIONS_INIT;
  clone.checkout_opts.checkout_strategy = GIT_CHECKOUT_NONE;
  clone.fetch_opts.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_ALL;
  clone.fetch_opts.callbacks.credentials = git::give_token;
  auto token = options.token;
  clone.fetch_opts.callbacks.payload = &token;
  git_repository* raw = nullptr;
  if (const int code = git_clone(&raw, options.url.c_str(), options.destination.c_str(), &clone); code != 0) {
    return git::error_of(fmt::format("cannot clone {}", options.url), code);
  }
  const Repository repository(raw);
  const std::string wanted = options.ref.empty() ? "HEAD" : options.ref;
  if (!options.reached_from.empty() && !find_ref(raw, wanted))
    TRY(fetch_ref(raw, options.reached_from, clone.fetch_opts));
  TRY(const auto target, find_ref(raw, wanted));
  git_checkout_options checkout = GIT_CHECKOUT_OPTIONS_INIT;
  checkout.checkout_strategy = GIT_CHECKOUT_FORCE;
  if (const int code = git_checkout_tree(raw, target.get(), &checkout); code != 0) {
    return git::error_of(fmt::format("cannot check out {}", options.ref), code);
  }
  TRY(set_head(raw, *git_object_id(target.get()), options));
  if (!options.origin.empty()) {
    if (const int code = git_remote_set_url(raw, "origin", options.origin.c_str()); code != 0)
      return git::error_of(fmt::format("cannot call the remote {}", options.origin), code);
  }
  return to_string(*git_object_id(target.get()));
}

}  // namespace base
