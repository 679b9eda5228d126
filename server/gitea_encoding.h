#pragma once
// How Gitea and Forgejo write down the job that they hand out (jobparser/model.go), undone: numbers and
// booleans that became texts, labels of a job that has none. Pure.

#include "workflow/node.h"

namespace server {

/// What people may have written, as far as the checks of the language are concerned. Whatever is no workflow
/// is left as it is.
void undo_gitea_encoding(workflow::Node& root);

}  // namespace server
