#pragma once
// Reading a repository of a git server at one commit without cloning it: http:// and https:// by version 2 of
// git's protocol, over our own HTTP client and with history cut off, file:// from the folder itself. libgit2
// checks and unpacks what came. Not for work trees of the user's (git).

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/git_protocol.h"
#include "base/http_client.h"
#include "base/result.h"

namespace base {

struct GitServer {
  std::string url;   ///< of the repository
  std::string user;  ///< with `password`; empty: nobody in particular
  std::string password;
  HttpClient* http = nullptr;
  std::chrono::milliseconds timeout{20 * 60 * 1000};  ///< of each request
  std::stop_token stop;
};

/// Branches and tags whose names begin so. Errors: not_found (no such repository), denied (401 and 403),
/// unavailable (may go through later); Error::code holds the HTTP status.
Result<std::vector<git::AdvertisedReference>> list_references(const GitServer& server,
                                                              const std::vector<std::string>& prefixes);

/// Writes the files of a commit into `folder`, which is empty. Nothing is written outside of it, whatever the
/// repository holds: odd names are an Error. Symlinks are made as they are; submodules become empty folders,
/// as in GitHub's archives. Returns the commit, which differs from `id` when that is a tag's.
Result<std::string> fetch_files(const GitServer& server, const std::string& id, const Path& folder);

}  // namespace base
