#pragma once
// Shell-like patterns over paths, for .dockerignore-like and hashFiles-like use. GitHub's filter patterns of
// `on:` have other rules and live in workflow/event.

#include <string>
#include <string_view>

namespace base {

/// `*` and `?` stop at '/', `**` does not, `[a-z]` and `[!a-z]` as in fnmatch; the whole path must match.
bool glob_matches(std::string_view pattern, std::string_view path);

}  // namespace base
