#pragma once
// What the tests of images share: a store in a temporary folder, tars made entry by entry, trees as lines of
// text, and a base image made of this machine's own /bin/sh.

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/archive.h"
#include "base/files.h"
#include "ecr/image_store.h"
#include "ecr/layer.h"

namespace ecr {

/// One entry of a tar and, for a file, its content.
struct TarMember {
  base::ArchiveEntry entry;
  std::string content;
};

TarMember tar_file(const std::string& path, const std::string& content, std::uint32_t mode = 0644);
TarMember tar_folder(const std::string& path, std::uint32_t mode = 0755);
TarMember tar_symlink(const std::string& path, const std::string& target);
TarMember tar_hard_link(const std::string& path, const std::string& target);
/// The bytes of a tar with these members; the program ends when it cannot be made.
std::string make_tar(const std::vector<TarMember>& members);
/// A root file system of this machine's sh, coreutils and their libraries, with users root, app (1000:1000).
const std::string& shell_rootfs_tar();

/// Every entry below a folder, sorted, as `path kind mode uid:gid`, and a file's content or a link's target:
/// `a/b file 644 0:0 "text"`. Owners are told as the image sees them.
std::vector<std::string> describe_tree(const base::Path& root);
/// The same of a layer's blob, read as a tar.
std::vector<std::string> describe_layer(const ImageStore& store, const Descriptor& layer);

class ImagesTest : public testing::Test {
 protected:
  void SetUp() override;
  /// A file in the temporary folder.
  base::Path write(const std::string& name, const std::string& content) const;
  [[nodiscard]] const base::Path& folder() const { return folder_->path(); }
  ImageStore& store() { return *store_; }
  /// Imports shell_rootfs_tar() as `shell:1`.
  void import_shell_image();

 private:
  std::optional<base::TempDir> folder_;
  std::optional<ImageStore> store_;
};

/// The value; without one the test fails and ends here.
template <typename T>
T take(base::Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().to_string();
    throw std::runtime_error("unexpected error");
  }
  return std::move(result).value();
}
inline void take(base::Result<void> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().to_string();
    throw std::runtime_error("unexpected error");
  }
}

}  // namespace ecr
