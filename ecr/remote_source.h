#pragma once
// What ADD takes from elsewhere: a file of an http server, a commit of a git repository. Each host is held
// against the policy of who builds before it is asked, also those that a redirect leads to.

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/http_client.h"
#include "base/result.h"
#include "ecr/digest.h"

namespace ecr {

enum class RemoteKind { none, url, git };
/// What a source word of ADD is: `https://host/x.git#ref:folder` and the like are git's.
RemoteKind remote_kind(std::string_view source);

struct RemoteAccess {
  base::HttpClient* http = nullptr;  ///< absent: nothing can be fetched
  /// Why a host may not be asked; empty, or no function: it may.
  std::function<std::string(const std::string& host, std::uint16_t port)> why_no_connection;
  std::stop_token stop;
};

struct FetchedFile {
  std::string name;  ///< the last part of the URL's path
  Digest digest;
  std::int64_t modified = 0;  ///< as the server says; 0 when it does not
};
/// Writes it to `file`, an empty one open for writing. A digest that is not `expected` is an Error.
base::Result<FetchedFile> fetch_url(const std::string& url, int file, const std::optional<Digest>& expected,
                                    const RemoteAccess& access);
/// The name that a file fetched from there has.
std::string name_of_url(std::string_view url);

struct GitPlace {
  std::string url;
  std::string reference;  ///< branch, tag or commit; empty is HEAD
  std::string folder;     ///< below the root of the repository
  std::string commit;     ///< that the reference has to be; may be its beginning
};
/// `url#reference:folder`, or `url?ref=…&subdir=…&checksum=…` (BuildKit's dfgitutil). Transports other than
/// http(s) are an Error that names them.
base::Result<GitPlace> parse_git_place(std::string_view source);
/// The commit that is there now.
base::Result<std::string> resolve_git_place(const GitPlace& place, const RemoteAccess& access);
/// The files of that commit into an empty folder.
base::Result<void> fetch_git_files(const GitPlace& place, const std::string& commit, const base::Path& folder,
                                   const RemoteAccess& access);

}  // namespace ecr
