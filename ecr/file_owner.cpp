#include "ecr/file_owner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "base/strings.h"

namespace ecr {

namespace {

// A descriptor opened with O_PATH takes no f*xattr call; its name below /proc does.
std::string name_in_proc(int fd) {
  return fmt::format("/proc/self/fd/{}", fd);
}

base::Result<void> note(int fd, const FileOwner& owner) {
  const auto path = name_in_proc(fd);
  if (owner.uid == 0 && owner.gid == 0) {
    if (::removexattr(path.c_str(), kOwnerNote) == 0 || errno == ENODATA || errno == ENOTSUP) return {};
    return base::system_error("taking the note of an owner away", errno);
  }
  const auto text = fmt::format("{}:{}", owner.uid, owner.gid);
  if (::setxattr(path.c_str(), kOwnerNote, text.data(), text.size(), 0) == 0) return {};
  return base::system_error(
      fmt::format("noting {} as the owner, which without root the disk has to keep as a user attribute",
                  text),
      errno);
}

}  // namespace

base::Result<void> give_to(int fd, const FileOwner& owner, std::uint32_t first_host_id) {
  if (::geteuid() != 0) return note(fd, owner);
  if (::fchownat(fd, "", first_host_id + owner.uid, first_host_id + owner.gid, AT_EMPTY_PATH) == 0) return {};
  return base::system_error("chown", errno);
}

std::optional<FileOwner> noted_owner(int fd) {
  char text[32];
  const ssize_t size = ::getxattr(name_in_proc(fd).c_str(), kOwnerNote, text, sizeof text);
  if (size <= 0) return std::nullopt;
  const std::string_view note(text, static_cast<std::size_t>(size));
  const auto colon = note.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto uid = base::parse_integer(note.substr(0, colon));
  const auto gid = base::parse_integer(note.substr(colon + 1));
  constexpr std::int64_t kLargest = INT32_MAX;
  if (!uid || !gid || *uid < 0 || *gid < 0 || *uid > kLargest || *gid > kLargest) return std::nullopt;
  return FileOwner{static_cast<std::uint32_t>(*uid), static_cast<std::uint32_t>(*gid)};
}

}  // namespace ecr
