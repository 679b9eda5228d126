#include "base/git_mirror.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/git_handles.h"

namespace base {

namespace {

using git::Commit;
using git::error_of;
using git::Repository;

using ReferenceIterator = std::unique_ptr<git_reference_iterator, FreeWith<git_reference_iterator_free>>;
using TreeEntry = std::unique_ptr<git_tree_entry, FreeWith<git_tree_entry_free>>;

struct Fetching {
  const MirrorSource& source;
  bool asked = false;
};

// Asked a second time, the server has refused what it got: to answer the same again would never end.
int give_mirror_credential(git_credential** out, const char*, const char*, unsigned allowed, void* user) {
  auto& fetching = *static_cast<Fetching*>(user);
  if ((allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) == 0) return GIT_PASSTHROUGH;
  if (fetching.asked || fetching.source.password.empty()) return GIT_EAUTH;
  fetching.asked = true;
  return git_credential_userpass_plaintext_new(out, fetching.source.user.c_str(),
                                               fetching.source.password.c_str());
}

int go_on_fetching(const git_indexer_progress*, void* user) {
  return static_cast<Fetching*>(user)->source.stop.stop_requested() ? GIT_EUSER : 0;
}

Result<Repository> open_mirror(const Path& mirror) {
  git::initialize();
  git_repository* raw = nullptr;
  if (const int code = git_repository_open_bare(&raw, mirror.c_str()); code != 0)
    return error_of(fmt::format("cannot open the mirror {}", mirror.string()), code);
  return Repository(raw);
}

Result<Repository> open_or_make_mirror(const Path& mirror) {
  if (base::exists(mirror / "HEAD")) return open_mirror(mirror);
  git::initialize();
  git_repository* raw = nullptr;
  git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
  if (const int code = git_repository_init_ext(&raw, mirror.c_str(), &options); code != 0)
    return error_of(fmt::format("cannot make the mirror {}", mirror.string()), code);
  return Repository(raw);
}

Result<Commit> look_up_commit(git_repository* repository, const std::string& revision) {
  git_object* raw = nullptr;
  if (const int code = git_revparse_single(&raw, repository, (revision + "^{commit}").c_str()); code != 0)
    return error_of(fmt::format("the repository has no commit '{}'", revision), code);
  return Commit(reinterpret_cast<git_commit*>(raw));
}

/// The entry at a path of a commit's tree; null when there is none.
Result<TreeEntry> entry_at(git_repository* repository, const std::string& commit, const std::string& path) {
  TRY(const auto found, look_up_commit(repository, commit));
  git_tree* raw_tree = nullptr;
  if (const int code = git_commit_tree(&raw_tree, found.get()); code != 0)
    return error_of(fmt::format("cannot read the files of {}", commit), code);
  const git::Tree tree(raw_tree);
  git_tree_entry* raw = nullptr;
  const int code = git_tree_entry_bypath(&raw, tree.get(), path.c_str());
  if (code != 0 && code != GIT_ENOTFOUND) return error_of(fmt::format("cannot look for {}", path), code);
  return TreeEntry(raw);
}

}  // namespace

Result<void> update_mirror(const Path& mirror, const MirrorSource& source) {
  TRY(const auto repository, open_or_make_mirror(mirror));
  git_remote* raw = nullptr;
  if (const int code = git_remote_create_anonymous(&raw, repository.get(), source.url.c_str()); code != 0)
    return error_of(fmt::format("cannot fetch from {}", source.url), code);
  const git::Remote remote(raw);
  Fetching fetching{source};
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  options.prune = GIT_FETCH_PRUNE;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.callbacks.credentials = give_mirror_credential;
  options.callbacks.transfer_progress = go_on_fetching;
  options.callbacks.payload = &fetching;
  std::vector<std::string> wanted;
  for (const auto& reference : source.references) wanted.push_back(fmt::format("+{0}:{0}", reference));
  std::vector<char*> texts;
  for (auto& text : wanted) texts.push_back(text.data());
  const git_strarray specifications{texts.data(), texts.size()};
  const int code = git_remote_fetch(raw, &specifications, &options, nullptr);
  if (code == 0) return {};
  auto error = error_of(fmt::format("cannot fetch from {}", source.url), code);
  error.kind = code == GIT_EAUTH ? ErrorKind::denied : ErrorKind::unavailable;
  if (source.stop.stop_requested()) error.kind = ErrorKind::cancelled;
  return error;
}

Result<std::optional<std::string>> find_commit(const Path& mirror, const std::string& revision) {
  TRY(const auto repository, open_mirror(mirror));
  auto commit = look_up_commit(repository.get(), revision);
  if (!commit && commit.error().kind == ErrorKind::not_found) return std::optional<std::string>();
  if (!commit) return std::move(commit).error();
  return std::optional(git::to_string(*git_commit_id(commit->get())));
}

Result<std::vector<std::string>> list_files_of_commit(const Path& mirror, const std::string& commit,
                                                      const std::string& folder) {
  TRY(const auto repository, open_mirror(mirror));
  TRY(const auto entry, entry_at(repository.get(), commit, folder));
  std::vector<std::string> names;
  if (!entry || git_tree_entry_type(entry.get()) != GIT_OBJECT_TREE) return names;
  git_tree* raw = nullptr;
  if (const int code = git_tree_lookup(&raw, repository.get(), git_tree_entry_id(entry.get())); code != 0)
    return error_of(fmt::format("cannot read the folder {}", folder), code);
  const git::Tree tree(raw);
  for (std::size_t i = 0; i < git_tree_entrycount(raw); ++i) {
    const auto* file = git_tree_entry_byindex(raw, i);
    if (git_tree_entry_type(file) == GIT_OBJECT_BLOB) names.emplace_back(git_tree_entry_name(file));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> read_file_of_commit(const Path& mirror, const std::string& commit,
                                        const std::string& file, std::size_t limit) {
  TRY(const auto repository, open_mirror(mirror));
  TRY(const auto entry, entry_at(repository.get(), commit, file));
  if (!entry || git_tree_entry_type(entry.get()) != GIT_OBJECT_BLOB)
    return make_error(ErrorKind::not_found, fmt::format("{:.7} has no file {}", commit, file));
  git_blob* raw = nullptr;
  if (const int code = git_blob_lookup(&raw, repository.get(), git_tree_entry_id(entry.get())); code != 0)
    return error_of(fmt::format("cannot read {}", file), code);
  const git::Blob blob(raw);
  const auto size = static_cast<std::size_t>(git_blob_rawsize(raw));
  if (size > limit) return invalid_input(fmt::format("{} is larger than {} bytes", file, limit));
  return std::string(static_cast<const char*>(git_blob_rawcontent(raw)), size);
}

Result<std::string> message_of_commit(const Path& mirror, const std::string& commit) {
  TRY(const auto repository, open_mirror(mirror));
  TRY(const auto found, look_up_commit(repository.get(), commit));
  return std::string(git_commit_message(found.get()));
}

Result<std::optional<std::string>> parent_of_commit(const Path& mirror, const std::string& commit) {
  TRY(const auto repository, open_mirror(mirror));
  TRY(const auto found, look_up_commit(repository.get(), commit));
  if (git_commit_parentcount(found.get()) == 0) return std::optional<std::string>();
  return std::optional(git::to_string(*git_commit_parent_id(found.get(), 0)));
}

Result<std::optional<std::string>> merge_base(const Path& mirror, const std::string& one,
                                              const std::string& other) {
  TRY(const auto repository, open_mirror(mirror));
  TRY(const auto first, look_up_commit(repository.get(), one));
  TRY(const auto second, look_up_commit(repository.get(), other));
  git_oid base;
  const int code =
      git_merge_base(&base, repository.get(), git_commit_id(first.get()), git_commit_id(second.get()));
  if (code == GIT_ENOTFOUND) return std::optional<std::string>();
  if (code != 0) return error_of("cannot find where the branches parted", code);
  return std::optional(git::to_string(base));
}

Result<std::vector<MirrorReference>> list_mirror_references(const Path& mirror, const std::string& prefix) {
  TRY(const auto repository, open_mirror(mirror));
  git_reference_iterator* raw = nullptr;
  if (const int code = git_reference_iterator_new(&raw, repository.get()); code != 0)
    return error_of("cannot list the references", code);
  const ReferenceIterator iterator(raw);
  std::vector<MirrorReference> references;
  git_reference* next = nullptr;
  while (git_reference_next(&next, raw) == 0) {
    const git::Reference reference(next);
    const std::string name = git_reference_name(next);
    if (!name.starts_with(prefix)) continue;
    git_object* object = nullptr;
    if (git_reference_peel(&object, next, GIT_OBJECT_COMMIT) != 0) continue;
    const git::Object commit(object);
    references.push_back({name, git::to_string(*git_object_id(object))});
  }
  std::sort(references.begin(), references.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return references;
}

}  // namespace base
