#pragma once
// What the names of a store reach: the references of manifests and indexes followed to their ends. For
// collecting garbage and for checking; nothing is changed.

#include <set>
#include <string>
#include <vector>

#include "ecr/image_store.h"

namespace ecr {

/// By hex digits.
struct Reached {
  std::set<std::string> blobs;
  std::set<std::string> trees;         ///< diff_ids
  std::vector<std::string> problems;   ///< what is missing or cannot be read, with the name that leads there
  std::set<std::string> broken_names;  ///< those of them
};

/// Of an index only what the store has of it: a pull brings one platform of several.
Reached reached_from(const ImageStore& store, const std::vector<NamedImage>& names);
/// Adds what the builder's records name.
void add_reached_from_cache(const ImageStore& store, Reached& reached);

}  // namespace ecr
