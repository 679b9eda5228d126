#pragma once
// libgit2's objects as owned handles, and its errors as ours. For the files of this room that include
// libgit2; not for others.

#include <git2.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/free_with.h"
#include "base/result.h"

namespace base::git {

using Repository = std::unique_ptr<git_repository, FreeWith<git_repository_free>>;
using Reference = std::unique_ptr<git_reference, FreeWith<git_reference_free>>;
using Object = std::unique_ptr<git_object, FreeWith<git_object_free>>;
using Commit = std::unique_ptr<git_commit, FreeWith<git_commit_free>>;
using Tree = std::unique_ptr<git_tree, FreeWith<git_tree_free>>;
using Blob = std::unique_ptr<git_blob, FreeWith<git_blob_free>>;
using Diff = std::unique_ptr<git_diff, FreeWith<git_diff_free>>;
using Remote = std::unique_ptr<git_remote, FreeWith<git_remote_free>>;
using StatusList = std::unique_ptr<git_status_list, FreeWith<git_status_list_free>>;
using Submodule = std::unique_ptr<git_submodule, FreeWith<git_submodule_free>>;
using Index = std::unique_ptr<git_index, FreeWith<git_index_free>>;
using ObjectDatabase = std::unique_ptr<git_odb, FreeWith<git_odb_free>>;
using Indexer = std::unique_ptr<git_indexer, FreeWith<git_indexer_free>>;

/// Before any call of libgit2; cheap after the first.
void initialize();
/// `what: the library's last message`.
Error error_of(std::string_view what, int code);
std::string to_string(const git_oid& id);
/// A git_credential_acquire_cb: `token`, a std::string, as the password of x-access-token; none when it is
/// "".
int give_token(git_credential** out, const char* url, const char* user, unsigned allowed, void* token);

}  // namespace base::git
