#pragma once
// Payloads of other forges in GitHub's words, so that one language of events is left. Gitea's are nearly so;
// GitLab's are told anew. Pure.

#include <string>

#include "base/json_fwd.h"

namespace server {

/// `event` may change, too.
base::Json in_githubs_words_from_gitea(base::Json payload, std::string& event);
/// Pushes of branches and tags, and merge requests. Others stay as they are, under their own name.
base::Json in_githubs_words_from_gitlab(const base::Json& payload, std::string& event);

}  // namespace server
