#pragma once
// Places in an image's tree for what a sandbox mounts there. Where the image lacks one it is made, owned by
// the image's root, and goes again when it is still empty: it is no part of the layer.

#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/overlay_view.h"

namespace ecr {

struct MountPoint {
  std::string path;  ///< absolute, without `..`
  bool is_folder = true;
};

class MountPoints {
 public:
  /// Makes in `upper` those that the tree lacks with the folders above them; where only the last part is
  /// missing, it is left to the sandbox to make.
  static base::Result<MountPoints> make(const std::vector<base::Path>& lower, const OverlayUpper& upper,
                                        const std::vector<MountPoint>& points);
  /// Removes what was made and is empty. Call when nothing runs in the tree any more; links in it that were
  /// put in the way are not followed.
  void remove_empty() const;

 private:
  explicit MountPoints(base::Path upper) : upper_(std::move(upper)) {}
  base::Result<void> make_one(int root, const MountPoint& point);

  base::Path upper_;
  std::vector<std::string> made_;  ///< or to be made; relative to the root, folders before what is in them
};

}  // namespace ecr
