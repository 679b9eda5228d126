#pragma once
// digest_of_sources() remembered: files that look as they did when they were last read are not read again.

#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/tree_walk.h"

namespace ecr {

/// The same digest. A file looks as it did by inode, size, mode, owner and the times of its last change; what
/// changed within the last two seconds is always read, as more could happen within one tick of the clock.
base::Result<std::string> remembered_digest_of_sources(const CopySource& source,
                                                       const std::vector<FoundSource>& paths,
                                                       bool with_owners, ImageStore& store);

}  // namespace ecr
