#include "ecr/extended_attributes.h"

#include <linux/capability.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "ecr/file_owner.h"

namespace ecr {

namespace {

constexpr std::string_view kCapability = "security.capability";

// A descriptor opened with O_PATH takes no f*xattr call; its name below /proc does.
std::string name_of(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

bool belongs_to_image(std::string_view name) {
  return name == kCapability ||
         (name.starts_with("user.") && !name.starts_with("user.overlay.") && name != kOwnerNote);
}

std::string value_of(const std::string& path, const char* name) {
  std::string value(256, '\0');
  ssize_t size = ::getxattr(path.c_str(), name, value.data(), value.size());
  if (size < 0) {
    value.resize(65536);
    size = ::getxattr(path.c_str(), name, value.data(), value.size());
  }
  value.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return value;
}

// Version 3 is version 2 and the root id of the namespace it was set in.
std::string without_root_id(std::string value) {
  if (value.size() != sizeof(vfs_ns_cap_data)) return value;
  std::uint32_t magic = 0;
  std::memcpy(&magic, value.data(), sizeof magic);
  magic = (magic & ~static_cast<std::uint32_t>(VFS_CAP_REVISION_MASK)) | VFS_CAP_REVISION_2;
  std::memcpy(value.data(), &magic, sizeof magic);
  value.resize(sizeof(vfs_cap_data));
  return value;
}

std::string with_root_id(std::string value, std::uint32_t root_id) {
  if (value.size() != sizeof(vfs_cap_data)) return value;
  std::uint32_t magic = 0;
  std::memcpy(&magic, value.data(), sizeof magic);
  magic = (magic & ~static_cast<std::uint32_t>(VFS_CAP_REVISION_MASK)) | VFS_CAP_REVISION_3;
  std::memcpy(value.data(), &magic, sizeof magic);
  value.append(reinterpret_cast<const char*>(&root_id), sizeof root_id);
  return value;
}

const char* opaque_name() {
  return ::geteuid() == 0 ? "trusted.overlay.opaque" : "user.overlay.opaque";
}

}  // namespace

ExtendedAttributes read_attributes(int fd) {
  ExtendedAttributes attributes;
  const std::string path = name_of(fd);
  std::string names(65536, '\0');
  const ssize_t size = ::listxattr(path.c_str(), names.data(), names.size());
  for (ssize_t at = 0; at < size;) {
    const std::string name = names.c_str() + at;
    at += static_cast<ssize_t>(name.size()) + 1;
    if (!belongs_to_image(name)) continue;
    std::string value = value_of(path, name.c_str());
    if (name == kCapability) value = without_root_id(std::move(value));
    attributes.emplace_back(name, std::move(value));
  }
  return attributes;
}

void write_attributes(int fd, const ExtendedAttributes& attributes, std::uint32_t first_host_id) {
  const std::string path = name_of(fd);
  for (const auto& [name, value] : attributes) {
    if (!belongs_to_image(name)) continue;
    const std::string kept =
        name == kCapability && ::geteuid() == 0 ? with_root_id(value, first_host_id) : value;
    (void)::setxattr(path.c_str(), name.c_str(), kept.data(), kept.size(), 0);
  }
}

bool is_opaque(int folder) {
  char value = 0;
  return ::getxattr(name_of(folder).c_str(), opaque_name(), &value, 1) == 1 && value == 'y';
}

bool make_opaque(int folder) {
  return ::setxattr(name_of(folder).c_str(), opaque_name(), "y", 1, 0) == 0;
}

}  // namespace ecr
