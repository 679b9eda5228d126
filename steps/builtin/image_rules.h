#pragma once
// The inputs `images`, `tags` and `flavor` of docker/metadata-action as data, with the defaults and the
// errors of the original (docker/metadata-action image.ts, tag.ts, flavor.ts). Pure. Not for what the rules
// come to for a run (image_metadata).

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace steps::builtin {

struct ImageName {
  std::string name;
  bool enabled = true;
};
base::Result<std::vector<ImageName>> read_image_names(const std::vector<std::string>& inputs);

enum class TagType { schedule, semver, pep440, match, edge, ref, raw, sha };
std::string_view to_string(TagType type);

struct TagRule {
  TagType type = TagType::raw;
  std::map<std::string, std::string> attributes;  ///< with the type's defaults; `priority` and `enable` too
  [[nodiscard]] std::string attribute(const std::string& name) const;
  /// `type=raw,value=a,…`
  [[nodiscard]] std::string to_string() const;
};
/// By falling priority. No input gives the rules that the original has then.
base::Result<std::vector<TagRule>> read_tag_rules(const std::vector<std::string>& inputs);

struct Flavor {
  std::string latest = "auto";  ///< auto, true, false
  std::string prefix;
  std::string suffix;
  bool prefix_on_latest = false;
  bool suffix_on_latest = false;
};
base::Result<Flavor> read_flavor(const std::vector<std::string>& inputs);

}  // namespace steps::builtin
