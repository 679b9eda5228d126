#pragma once
// What two images of the store have different: files, and what a container of them starts as. Times do not
// count.

#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/tree_comparison.h"

namespace ecr {

struct ConfigChange {
  std::string name;
  std::string before;  ///< JSON
  std::string after;
  bool operator==(const ConfigChange&) const = default;
};

struct ImageDiff {
  std::vector<FileChange> files;  ///< by path
  std::vector<ConfigChange> config;
};

base::Result<ImageDiff> diff_images(ImageStore& store, const std::string& before, const std::string& after);

/// A line for each.
std::string to_text(const ImageDiff& diff);
base::Json to_json(const ImageDiff& diff);

}  // namespace ecr
