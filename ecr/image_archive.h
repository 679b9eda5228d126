#pragma once
// Images as files: a root file system's tar becomes an image; an image becomes an OCI archive and back.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "ecr/image_store.h"

namespace ecr {

struct ImportOptions {
  std::vector<std::string> env;
  std::optional<std::vector<std::string>> cmd;
  std::optional<std::vector<std::string>> entrypoint;
  std::map<std::string, std::string> labels;
  Platform platform = host_platform();
};

/// Makes a one-layer image named `name` of a rootfs tar (plain, gzip or zstd).
base::Result<Descriptor> import_rootfs_tar(ImageStore& store, const base::Path& tar, const std::string& name,
                                           const ImportOptions& options = {});
/// Writes the images as an OCI archive: a tar of an image layout with these names, each blob once. `docker
/// load` of older engines reads it, too.
base::Result<void> save_images(const ImageStore& store, const std::vector<std::string>& names,
                               const base::Path& archive);
/// Takes in an OCI archive or one by `docker save`; returns the names that it brought.
base::Result<std::vector<std::string>> load_image(ImageStore& store, const base::Path& archive);

}  // namespace ecr
