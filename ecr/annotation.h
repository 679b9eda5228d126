#pragma once
// Annotations of images as `--annotation` says them: `manifest,index[linux/arm64]:key=value`. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ecr/image.h"

namespace ecr {

struct Annotation {
  enum class Level { manifest, index, manifest_descriptor, index_descriptor } level = Level::manifest;
  std::optional<Platform> platform;  ///< absent: of every one
  std::string key;
  std::string value;
};

/// One for each level that the text names; without any it is the manifest's.
base::Result<std::vector<Annotation>> parse_annotation(std::string_view text);
/// Those of a level and platform.
std::map<std::string, std::string> annotations_of(const std::vector<Annotation>& all, Annotation::Level level,
                                                  const std::optional<Platform>& platform);

}  // namespace ecr
