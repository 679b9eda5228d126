#pragma once
// Workflows of Gitea and Forgejo in GitHub's words: their `gitea` and `forgejo` contexts are the `github`
// one, and their `uses` may be a whole address. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// With `github` for `gitea` and `forgejo` where an expression names a context: within `${{ }}`, and behind
/// `if:` to the end of the line. Texts in quotes stay.
std::string with_github_context(std::string_view workflow);

/// `owner/name@ref` for `SERVER/owner/name@ref` (`.git` behind the name is left away); anything else as it
/// is.
std::string without_server(std::string_view uses, std::string_view server);

/// A `uses` with a whole address, taken apart.
struct AddressedUse {
  std::string server;  ///< https://host[:port]
  std::string uses;    ///< `owner/name[/path]@ref` there
};
/// Nothing for a `uses` without an address. One of `servers` may have a path
/// of its own; of any other the host alone is the server.
std::optional<AddressedUse> take_address_apart(std::string_view uses,
                                               const std::vector<std::string>& servers);

}  // namespace server
