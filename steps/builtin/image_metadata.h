#pragma once
// What docker/metadata-action computes: the tags, labels and annotations of an image from the event, by rules
// (docker/metadata-action meta.ts). Pure: time, event and repository are given.

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json_fwd.h"
#include "base/result.h"
#include "steps/builtin/image_rules.h"

namespace steps::builtin {

/// What the rules are held against.
struct ImageOccasion {
  std::string event_name;
  std::string ref;
  std::string sha;
  std::shared_ptr<const base::Json> payload;
  base::WallTime now;
  base::WallTime commit_date;
  std::size_t short_sha_length = 7;
};

/// What labels say of the repository.
struct RepositoryFacts {
  std::string name;
  std::string description;
  std::string url;
  std::string license;  ///< its SPDX identifier
  std::string default_branch;
};

struct ImageRules {
  std::vector<ImageName> images;
  std::vector<TagRule> tags;
  Flavor flavor;
  std::vector<std::string> labels;       ///< `key=value`, templates
  std::vector<std::string> annotations;  ///< the same
};

struct ImageMetadata {
  std::string version;                   ///< the first tag; empty when no rule gave one
  std::vector<std::string> tag_names;    ///< without images
  std::vector<std::string> image_names;  ///< those enabled, in lower case
  std::vector<std::string> tags;         ///< of every image; the names alone when there is none
  std::vector<std::string> labels;       ///< `key=value`, sorted by key
  std::vector<std::string> annotations;  ///< the same, without a level
  std::vector<std::string> warnings;     ///< rules that did not fit what they are about
};

base::Result<ImageMetadata> compute_image_metadata(const ImageRules& rules, const ImageOccasion& occasion,
                                                   const RepositoryFacts& repository);

}  // namespace steps::builtin
