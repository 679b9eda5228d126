#pragma once
// Where a build's layer cache comes from and goes to, as `--cache-from` and `--cache-to` say it. Pure; for
// moving it see cache_exchange.h.

#include <string>
#include <string_view>

#include "base/result.h"

namespace ecr {

struct CachePlace {
  enum class Kind {
    registry,
    folder,    ///< type=local
    in_image,  ///< type=inline: in the image's own configuration
    actions,  ///< type=gha: the cache of the workflow's repository, which the builder itself knows nothing of
  } kind = Kind::registry;
  std::string name;         ///< an image reference, a folder, or the scope of an actions cache
  bool all_stages = false;  ///< mode=max: also of stages that are no part of the image
  bool optional = false;    ///< ignore-error: the build goes on without
  bool operator==(const CachePlace&) const = default;
};

/// `type=registry,ref=…`, `type=local,src=…`, `type=gha,scope=…`, or a reference alone.
base::Result<CachePlace> parse_cache_source(std::string_view text);
/// `type=registry,ref=…,mode=max`, `type=local,dest=…`, `type=inline`, `type=gha,scope=…`.
base::Result<CachePlace> parse_cache_target(std::string_view text);

}  // namespace ecr
