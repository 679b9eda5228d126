#include "workflow/cache_mode.h"

#include <algorithm>
#include <array>

namespace workflow {

namespace {

constexpr std::array kModes = {CacheMode::none, CacheMode::read, CacheMode::write_only, CacheMode::write};

// Only who may push causes these.
constexpr std::array<std::string_view, 7> kTrustedEvents = {
    "push",   "schedule",         "workflow_dispatch", "repository_dispatch",
    "delete", "registry_package", "page_build"};

}  // namespace

std::string_view name_of(CacheMode mode) {
  switch (mode) {
    case CacheMode::none:
      return "none";
    case CacheMode::read:
      return "read";
    case CacheMode::write_only:
      return "write-only";
    case CacheMode::write:
      return "write";
  }
  return "none";
}

std::optional<CacheMode> cache_mode_of(const Node& node) {
  const auto* found =
      std::find_if(kModes.begin(), kModes.end(), [&](CacheMode mode) { return name_of(mode) == node.text; });
  return found == kModes.end() ? std::nullopt : std::optional(*found);
}

bool may_restore(CacheMode mode) {
  return mode == CacheMode::read || mode == CacheMode::write;
}

bool may_save(CacheMode mode) {
  return mode == CacheMode::write_only || mode == CacheMode::write;
}

bool is_within(CacheMode mode, CacheMode granted) {
  return (!may_restore(mode) || may_restore(granted)) && (!may_save(mode) || may_save(granted));
}

CacheMode default_cache_mode(std::string_view event, std::string_view scope,
                             std::string_view default_branch) {
  const bool is_trusted =
      std::find(kTrustedEvents.begin(), kTrustedEvents.end(), event) != kTrustedEvents.end();
  return is_trusted || scope != default_branch ? CacheMode::write : CacheMode::read;
}

}  // namespace workflow
