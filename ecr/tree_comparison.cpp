#include "ecr/tree_comparison.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "base/files.h"
#include "base/strict_open.h"
#include "ecr/extended_attributes.h"
#include "ecr/file_owner.h"
#include "sandbox/plan.h"

namespace ecr {

namespace {

using base::Result;
using Kind = FileChange::Kind;

constexpr std::size_t kComparedBytes = 128 * 1024;

/// One name of a folder.
struct SeenFile {
  struct stat status {};
  FileOwner owner;
  std::string link;
  ExtendedAttributes attributes;
};

std::string_view type_of(mode_t mode) {
  if (S_ISDIR(mode)) return "folder";
  if (S_ISREG(mode)) return "file";
  if (S_ISLNK(mode)) return "link";
  if (S_ISFIFO(mode)) return "pipe";
  return "device";
}

/// A layer's tree has ids of the sandboxes' range where root unpacked it, notes of them elsewhere.
FileOwner owner_of(const struct stat& status, int fd) {
  if (::geteuid() != 0) return noted_owner(fd).value_or(FileOwner{});
  const auto first = sandbox::first_host_id(0);
  const auto inside = [first](std::uint32_t id) { return id >= first ? id - first : id; };
  return {inside(status.st_uid), inside(status.st_gid)};
}

Result<SeenFile> look_at(int folder, const std::string& name) {
  SeenFile seen;
  if (::fstatat(folder, name.c_str(), &seen.status, AT_SYMLINK_NOFOLLOW) != 0)
    return base::system_error("reading " + name, errno);
  if (S_ISLNK(seen.status.st_mode)) {
    seen.link.resize(4096);
    const ssize_t length = ::readlinkat(folder, name.c_str(), seen.link.data(), seen.link.size());
    if (length < 0) return base::system_error("reading the link " + name, errno);
    seen.link.resize(static_cast<std::size_t>(length));
  }
  base::Fd fd;
  if (S_ISREG(seen.status.st_mode) || S_ISDIR(seen.status.st_mode)) {
    fd.reset(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) return base::system_error("opening " + name, errno);
    seen.attributes = read_attributes(fd.get());
  }
  seen.owner = owner_of(seen.status, fd.get());
  return seen;
}

Result<std::size_t> fill(int fd, char* buffer) {
  std::size_t filled = 0;
  while (filled < kComparedBytes) {
    const ssize_t count = ::read(fd, buffer + filled, kComparedBytes - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::system_error("reading", errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

class TreeComparison {
 public:
  TreeComparison(int before, int after) : before_(before), after_(after) {}

  Result<std::vector<FileChange>> compare() {
    TRY(compare_folders(""));
    return std::move(found_);
  }

 private:
  // The folders of one level only are open at a time.
  Result<void> compare_folders(const std::string& path) {
    std::vector<std::string> below;
    {
      TRY(const auto before, open_folder(before_, path));
      TRY(const auto after, open_folder(after_, path));
      std::map<std::string, std::pair<bool, bool>> names;
      TRY(const auto old_names, names_of(before));
      TRY(const auto new_names, names_of(after));
      for (const auto& name : old_names) names[name].first = true;
      for (const auto& name : new_names) names[name].second = true;
      for (const auto& [name, there] : names) {
        const std::string whole = path + "/" + name;
        if (there.first && there.second) {
          TRY(const bool both_folders, compare_one(before.get(), after.get(), whole, name));
          if (both_folders) below.push_back(whole);
          continue;
        }
        const int folder = there.first ? before.get() : after.get();
        TRY(only_one(folder, whole, name, there.first ? Kind::removed : Kind::added, below));
      }
    }
    for (const auto& folder : below) TRY(compare_folders(folder));
    return {};
  }

  // What a folder of one side alone has is told, too.
  Result<void> only_one(int folder, const std::string& path, const std::string& name, Kind kind,
                        std::vector<std::string>& below) {
    struct stat status {};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return base::system_error("reading " + path, errno);
    found_.push_back({kind, path, {}});
    if (S_ISDIR(status.st_mode)) below.push_back(path);
    return {};
  }

  Result<bool> compare_one(int before, int after, const std::string& path, const std::string& name) {
    TRY(const auto was, look_at(before, name).while_doing("looking at " + path));
    TRY(const auto is, look_at(after, name).while_doing("looking at " + path));
    std::vector<std::string> what;
    const auto old_type = type_of(was.status.st_mode);
    const auto new_type = type_of(is.status.st_mode);
    // An image brings no devices: these are overlayfs's marks of what is gone, which have nothing else to
    // say.
    if (old_type == "device" && new_type == "device") return false;
    if (old_type != new_type) what.push_back(fmt::format("{} → {}", old_type, new_type));
    if (((was.status.st_mode ^ is.status.st_mode) & 07777) != 0 && old_type == new_type &&
        old_type != "link") {
      what.push_back(
          fmt::format("mode {:o} → {:o}", was.status.st_mode & 07777U, is.status.st_mode & 07777U));
    }
    if (was.owner.uid != is.owner.uid || was.owner.gid != is.owner.gid) {
      what.push_back(
          fmt::format("owner {}:{} → {}:{}", was.owner.uid, was.owner.gid, is.owner.uid, is.owner.gid));
    }
    if (was.link != is.link) what.push_back(fmt::format("link {} → {}", was.link, is.link));
    if (was.attributes != is.attributes) what.emplace_back("attributes");
    if (old_type == "file" && new_type == "file") {
      TRY(const bool same, same_content(before, after, name, was.status.st_size == is.status.st_size));
      if (!same) what.emplace_back("content");
    }
    if (!what.empty()) found_.push_back({Kind::changed, path, std::move(what)});
    return old_type == "folder" || new_type == "folder";
  }

  Result<bool> same_content(int before, int after, const std::string& name, bool same_size) {
    if (!same_size) return false;
    constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    const base::Fd old_file(::openat(before, name.c_str(), kFlags));
    const base::Fd new_file(::openat(after, name.c_str(), kFlags));
    if (!old_file || !new_file) return base::system_error("opening " + name, errno);
    while (true) {
      TRY(const auto old_size, fill(old_file.get(), old_bytes_.data()));
      TRY(const auto new_size, fill(new_file.get(), new_bytes_.data()));
      if (old_size != new_size || std::memcmp(old_bytes_.data(), new_bytes_.data(), old_size) != 0)
        return false;
      if (old_size == 0) return true;
    }
  }

  /// Nothing where one side has no such folder.
  static Result<base::Fd> open_folder(int root, const std::string& path) {
    base::Fd fd = base::open_strictly(root, path.empty() ? path : path.substr(1), O_RDONLY | O_DIRECTORY);
    if (!fd && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
      return base::system_error("opening the folder " + path, errno);
    return fd;
  }

  static Result<std::vector<std::string>> names_of(const base::Fd& folder) {
    if (!folder) return std::vector<std::string>();
    return base::list_directory(base::Path("/proc/self/fd") / std::to_string(folder.get()));
  }

  int before_;
  int after_;
  std::vector<char> old_bytes_ = std::vector<char>(kComparedBytes);
  std::vector<char> new_bytes_ = std::vector<char>(kComparedBytes);
  std::vector<FileChange> found_;
};

}  // namespace

Result<std::vector<FileChange>> compare_trees(int before, int after) {
  return TreeComparison(before, after).compare();
}

}  // namespace ecr
