#include "ecr/overlay_view.h"

#include "sandbox/overlay.h"

namespace ecr {

base::Result<base::Fd> open_overlay(const std::vector<base::Path>& lower,
                                    const std::optional<OverlayUpper>& upper) {
  // An overlay needs two folders: with fewer, the one that is there is the whole tree.
  if (lower.empty() && !upper)
    return base::make_error(base::ErrorKind::invalid_input, "an image without layers has no files");
  if (lower.empty()) return base::open_directory(upper->upper);
  if (lower.size() == 1 && !upper) return base::open_directory(lower[0]);
  sandbox::OverlayFolders folders;
  for (const auto& folder : lower) folders.lower.push_back(folder.string());
  if (upper) {
    folders.upper = upper->upper.string();
    folders.work = upper->work.string();
  }
  return sandbox::open_overlay_nowhere(folders);
}

}  // namespace ecr
