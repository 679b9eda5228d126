#include "ecr/image_root.h"

#include <unistd.h>

#include <cerrno>

namespace ecr {

base::Result<sandbox::ImageRoot> make_image_root(ImageStore& store, const Manifest& manifest,
                                                 const base::Path& folder, std::uint32_t id_slot) {
  TRY(const auto lower, store.unpack(manifest));
  sandbox::ImageRoot root{.upper = (folder / "upper").string(), .work = (folder / "work").string()};
  for (const base::Path& layer : lower) root.lower.push_back(layer.string());
  if (root.lower.empty()) {
    // An overlay needs something below; the image has no file at all.
    TRY(base::make_directories(folder / "empty"));
    root.lower.push_back((folder / "empty").string());
  }
  TRY(base::make_directories(root.upper));
  TRY(base::make_directories(root.work));
  // The upper folder's owner is the owner of `/` inside.
  const auto owner = sandbox::first_host_id(id_slot);
  if (::geteuid() == 0 && ::chown(root.upper.c_str(), owner, owner) != 0)
    return base::system_error("chown " + root.upper, errno);
  return root;
}

std::vector<base::Path> layers_of(const sandbox::ImageRoot& root) {
  return {root.lower.begin(), root.lower.end()};
}

}  // namespace ecr
