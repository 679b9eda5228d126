#pragma once
// Walking what a COPY names: patterns below a folder, ignore rules, links inside followed for what is named
// and kept for what lies below. Everything is opened beneath the root.

#include <sys/stat.h>

#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "ecr/dockerignore.h"

namespace ecr {

/// A tree to copy from. Borrowed.
struct CopySource {
  int root = -1;
  const DockerIgnore* ignore = nullptr;
  DockerIgnore exclude;  ///< of COPY --exclude: relative to the named source
};

/// What a source word names.
struct FoundSource {
  std::string path;  ///< from the root
  std::string kept;  ///< of COPY --parents: the end of the path that stays part of the target's; else empty
  bool operator==(const FoundSource&) const = default;
};

enum class Parents { dropped, kept };

/// One file, folder or link below a named source.
struct WalkedEntry {
  std::string path;    ///< from the root
  std::string inside;  ///< from the named source; empty is the source itself
  int folder = -1;     ///< holds it, open
  std::string name;    ///< in `folder`
  struct stat status;
};

/// What a source word names, sorted; a word with * ? or [ is a pattern, in which `**` is any number of
/// folders. `not_found` when there is none, but a pattern may match nothing. Parents are kept from `/./` on,
/// if there is one.
base::Result<std::vector<FoundSource>> find_sources(const CopySource& source, const std::string& word,
                                                    Parents parents);

/// Calls `visit` for the named source and all below it, folders before what is in them, in sorted order.
using VisitEntry = std::function<base::Result<void>(const WalkedEntry& entry)>;
base::Result<void> walk_source(const CopySource& source, const std::string& path, const VisitEntry& visit);

}  // namespace ecr
