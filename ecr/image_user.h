#pragma once
// The user that a container or a RUN starts as: names looked up in the image's own /etc/passwd and
// /etc/group.

#include <cstdint>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace ecr {

struct ImageUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  ///< that /etc/group adds, unless `text` named one
  std::string home = "/";
};

/// `user` or `uid`, either with `:group` or `:gid`; empty is root. `lower` are layer trees, topmost first.
base::Result<ImageUser> find_user(const std::vector<base::Path>& lower, const std::string& text);

}  // namespace ecr
