#pragma once
// What a job may do with the caches, as `cache-mode:` says it (docs "Workflow syntax", cache-mode). Not for
// the caches themselves.

#include <optional>
#include <string_view>

#include "workflow/node.h"

namespace workflow {

enum class CacheMode { none, read, write_only, write };

/// As it is written: `none`, `read`, `write-only`, `write`.
std::string_view name_of(CacheMode mode);
/// Nothing for an absent node.
std::optional<CacheMode> cache_mode_of(const Node& node);

bool may_restore(CacheMode mode);
bool may_save(CacheMode mode);
/// Whether `mode` gives nothing that `granted` does not.
bool is_within(CacheMode mode, CacheMode granted);

/// Of a job that says nothing: `read` where the caches of the default branch could be filled by somebody who
/// may not push to it, else `write`. `scope` is the ref that the job's caches are saved for (docs "Dependency
/// caching", cache access for low-trust workflow triggers).
CacheMode default_cache_mode(std::string_view event, std::string_view scope, std::string_view default_branch);

}  // namespace workflow
