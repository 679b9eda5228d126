#pragma once
// The file of the store's names (index.json), for the parts of the store. Others ask ImageStore.

#include <vector>

#include "ecr/image_store.h"

namespace ecr {

/// In the file's order; none when there is no file. The caller holds the lock "index" where it matters.
base::Result<std::vector<NamedImage>> read_names(const base::Path& folder);
/// Replaces all. The caller holds the lock "index".
base::Result<void> write_names(const base::Path& folder, const std::vector<NamedImage>& names);

}  // namespace ecr
