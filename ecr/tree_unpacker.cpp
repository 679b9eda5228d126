#include "ecr/tree_unpacker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/archive.h"
#include "base/strict_open.h"
#include "base/strings.h"
#include "ecr/archive_names.h"
#include "ecr/extended_attributes.h"
#include "ecr/file_owner.h"
#include "ecr/made_paths.h"

namespace ecr {

namespace {

using base::ArchiveEntry;
using base::EntryKind;
using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

constexpr std::size_t kUnpackBytes = 256 * 1024;
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::size_t kHoleBytes = 4096;
constexpr const char* kNoPath = "//";  // what inside_path() never gives
constexpr std::int64_t kLargestId = 65'535;
constexpr std::int64_t kNobody = 65'534;
constexpr std::int64_t kLatestTime = 0x3'7fff'ffff;  // what ext4 can hold

class Unpacker {
 public:
  Unpacker(base::Fd root, const TreeUnpacking& how)
      : root_(std::move(root)),
        how_(how),
        options_(how.layer),
        is_root_(::geteuid() == 0),
        buffer_(kUnpackBytes) {}

  Result<void> unpack(base::TarReader& tar) {
    if (is_layer() && options_.whiteouts == WhiteoutForm::overlay) own(root_.get(), "", 0, 0);
    if (how_.may_write) TRY(how_.may_write(root_.get()));
    while (true) {
      TRY(auto entry, tar.next());
      if (!entry) break;
      if (how_.adapt) how_.adapt(*entry);
      if (++entries_ > options_.limits.entries) {
        return make_error(ErrorKind::invalid_input,
                          fmt::format("more than {} entries in one layer", options_.limits.entries));
      }
      TRY(unpack_entry(tar, *entry).while_doing("unpacking the entry " + shown(entry->path)));
    }
    return finish_folders();
  }

 private:
  Result<void> unpack_entry(base::TarReader& tar, const ArchiveEntry& entry) {
    TRY(const Path path, inside_path(entry.path));
    if (path.empty()) {
      // What a tree is copied into stays as it is.
      if (entry.kind == EntryKind::directory && is_layer()) folders_[""] = entry;
      return {};
    }
    const std::string name = path.filename().string();
    TRY(const int parent, open_parent(path.parent_path()));
    if (is_layer() && name.starts_with(kWhiteout)) return take_away(parent, path, name);
    if (is_layer() && options_.whiteouts == WhiteoutForm::apply) made_.add(path.string());
    switch (entry.kind) {
      case EntryKind::directory:
        return make_folder(parent, path, name, entry);
      case EntryKind::file:
        return make_file(tar, parent, name, entry);
      case EntryKind::symlink:
        return make_symlink(parent, name, entry);
      case EntryKind::hard_link:
        return make_hard_link(parent, name, entry);
      case EntryKind::fifo:
        TRY(make_way(parent, name));
        if (::mkfifoat(parent, name.c_str(), 0600) != 0) return base::system_error("mkfifo", errno);
        return finish_entry(parent, name, entry);
      case EntryKind::device:  // an image brings no devices; and a 0:0 one would forge a whiteout
      case EntryKind::other:
        return {};
    }
    return {};
  }

  // The folder an entry lies in, kept open while entries of the same folder follow.
  Result<int> open_parent(const Path& path) {
    if (path.empty()) return root_.get();
    if (parent_ && path == parent_path_) return parent_.get();
    base::Fd fd = base::open_strictly(root_.get(), path, O_PATH | O_DIRECTORY);
    if (!fd && errno == ENOENT) {
      TRY(const int above, open_parent(path.parent_path()));
      if (::mkdirat(above, path.filename().c_str(), 0755) != 0)
        return base::system_error("mkdir " + shown(path.string()), errno);
      fd = base::open_strictly(root_.get(), path, O_PATH | O_DIRECTORY);
      if (fd) own(fd.get(), "", 0, 0);
    }
    if (!fd && (errno == ELOOP || errno == ENOTDIR)) {
      return make_error(
          ErrorKind::invalid_input,
          fmt::format("the folder {} is no folder here but a link or a file", shown(path.string())));
    }
    if (!fd) return base::system_error("opening the folder " + shown(path.string()), errno);
    if (how_.may_write) TRY(how_.may_write(fd.get()));
    parent_ = std::move(fd);
    parent_path_ = path;
    return parent_.get();
  }

  // Removes what stands where an entry has to go.
  Result<void> make_way(int parent, const std::string& name) {
    if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (!is_layer()) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("cannot overwrite directory {} with non-directory", shown(name)));
    }
    const Path path = Path("/proc/self/fd") / std::to_string(parent) / name;
    auto removed = base::remove_tree(path);
    forget_folders();
    return removed;
  }

  // A folder goes, or went: nothing remembered below it stays true. The descriptor of the parent stays open,
  // since its caller still works in it.
  void forget_folders() {
    parent_path_ = kNoPath;
    stale_ = true;
  }

  [[nodiscard]] bool is_layer() const { return how_.names == TreeNames::of_layers; }

  bool is_folder_at(const std::string& path) const {
    return static_cast<bool>(base::open_strictly(root_.get(), path, O_PATH | O_DIRECTORY));
  }

  Result<void> make_folder(int parent, const Path& path, const std::string& name, const ArchiveEntry& entry) {
    struct stat status {};
    const bool there = ::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    const bool hides_below = there && is_whiteout(status);
    if (!there || !S_ISDIR(status.st_mode)) {
      if (there && !is_layer()) {
        return make_error(
            ErrorKind::invalid_input,
            fmt::format("cannot overwrite non-directory {} with directory", shown(path.string())));
      }
      if (there) TRY(make_way(parent, name));
      if (::mkdirat(parent, name.c_str(), 0700) != 0) return base::system_error("mkdir", errno);
    }
    const base::Fd fd(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return base::system_error("opening the folder", errno);
    if (hides_below && !make_opaque(fd.get())) return base::system_error("marking the folder opaque", errno);
    own(fd.get(), "", entry.uid, entry.gid);
    write_attributes(fd.get(), entry.attributes, options_.first_host_id);
    folders_[path.string()] = entry;
    return {};
  }

  Result<void> make_file(base::TarReader& tar, int parent, const std::string& name,
                         const ArchiveEntry& entry) {
    if (entry.size > options_.limits.bytes - bytes_) {
      return make_error(ErrorKind::invalid_input,
                        "the layer unpacks to more than " + base::format_bytes(options_.limits.bytes));
    }
    bytes_ += entry.size;
    TRY(make_way(parent, name));
    const base::Fd fd(
        ::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return base::system_error("creating the file", errno);
    TRY(write_content(tar, fd.get()));
    own(fd.get(), "", entry.uid, entry.gid);
    ::fchmod(fd.get(), mode_of(entry));
    write_attributes(fd.get(), attributes_of(entry), options_.first_host_id);
    const timespec times[2] = {time_of(entry), time_of(entry)};
    ::futimens(fd.get(), times);
    return {};
  }

  // Blocks of zeros become holes: a sparse file of an archive comes as zeros, and there may be many.
  Result<void> write_content(base::TarReader& tar, int fd) {
    std::uint64_t size = 0;
    bool ends_in_hole = false;
    while (true) {
      TRY(const std::size_t count, tar.read(buffer_.data(), buffer_.size()));
      if (count == 0) break;
      size += count;
      ends_in_hole = count >= kHoleBytes && is_zeros({buffer_.data(), count});
      if (!ends_in_hole) {
        TRY(base::write_all(fd, {buffer_.data(), count}));
      } else if (::lseek(fd, static_cast<off_t>(count), SEEK_CUR) < 0) {
        return base::system_error("lseek", errno);
      }
    }
    if (ends_in_hole && ::ftruncate(fd, static_cast<off_t>(size)) != 0)
      return base::system_error("setting the file's size", errno);
    return {};
  }

  static bool is_zeros(std::string_view bytes) {
    return bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
  }

  mode_t mode_of(const ArchiveEntry& entry) const {
    return entry.mode & (options_.special_bits == SpecialBits::keep ? 07777 : 01777);
  }

  ExtendedAttributes attributes_of(const ArchiveEntry& entry) const {
    auto attributes = entry.attributes;
    if (options_.special_bits == SpecialBits::drop)
      std::erase_if(attributes,
                    [](const auto& attribute) { return attribute.first.starts_with("security."); });
    return attributes;
  }

  Result<void> make_symlink(int parent, const std::string& name, const ArchiveEntry& entry) {
    TRY(make_way(parent, name));
    if (::symlinkat(entry.link_target.c_str(), parent, name.c_str()) != 0)
      return base::system_error("symlink", errno);
    own(parent, name, entry.uid, entry.gid);
    const timespec times[2] = {time_of(entry), time_of(entry)};
    ::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
    return {};
  }

  Result<void> make_hard_link(int parent, const std::string& name, const ArchiveEntry& entry) {
    TRY(const Path target, inside_path(entry.link_target));
    const base::Fd folder = base::open_strictly(root_.get(), target.parent_path(), O_PATH | O_DIRECTORY);
    if (target.empty() || !folder) {
      return make_error(
          ErrorKind::invalid_input,
          fmt::format("the hard link's target {} is not in this archive", shown(entry.link_target)));
    }
    struct stat status {};
    if (::fstatat(folder.get(), target.filename().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISDIR(status.st_mode) || S_ISCHR(status.st_mode)) {
      return make_error(
          ErrorKind::invalid_input,
          fmt::format("the hard link's target {} is not in this archive", shown(entry.link_target)));
    }
    if (struct stat own_status{}; ::fstatat(parent, name.c_str(), &own_status, AT_SYMLINK_NOFOLLOW) == 0 &&
                                  own_status.st_ino == status.st_ino && own_status.st_dev == status.st_dev) {
      return {};
    }
    TRY(make_way(parent, name));
    if (::linkat(folder.get(), target.filename().c_str(), parent, name.c_str(), 0) != 0)
      return base::system_error("link", errno);
    return {};
  }

  // image-spec layer.md#whiteouts
  Result<void> take_away(int parent, const Path& path, const std::string& name) {
    if (name == kOpaque) return clear_folder(parent, path);
    if (name.starts_with(".wh..wh.")) return {};  // aufs' own
    const std::string victim = name.substr(kWhiteout.size());
    if (victim.empty() || victim == "." || victim == "..") {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("\"{}\" is no whiteout: it names no file", shown(path.string())));
    }
    if (options_.whiteouts == WhiteoutForm::apply) {
      forget_folders();
      return made_.remove_others(parent, (path.parent_path() / victim).string(), victim);
    }
    if (::mknodat(parent, victim.c_str(), S_IFCHR | 0600, makedev(0, 0)) == 0) return {};
    if (errno != EEXIST) return base::system_error("making a whiteout", errno);
    // This layer has its own: only what lies in the layers below is hidden.
    const base::Fd folder(::openat(parent, victim.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder && !make_opaque(folder.get())) return base::system_error("marking the folder opaque", errno);
    return {};
  }

  Result<void> clear_folder(int folder, const Path& path) {
    if (options_.whiteouts == WhiteoutForm::overlay) {
      if (!make_opaque(folder)) return base::system_error("marking the folder opaque", errno);
      return {};
    }
    forget_folders();
    return made_.clear_of_others(folder, path.parent_path().string());
  }

  Result<void> finish_entry(int parent, const std::string& name, const ArchiveEntry& entry) {
    own(parent, name, entry.uid, entry.gid);
    ::fchmodat(parent, name.c_str(), mode_of(entry), 0);
    return {};
  }

  // Last, deepest first: until here they had to take entries.
  Result<void> finish_folders() {
    if (stale_) std::erase_if(folders_, [&](const auto& folder) { return !is_folder_at(folder.first); });
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
      const base::Fd fd = base::open_strictly(root_.get(), folder->first, O_RDONLY | O_DIRECTORY);
      if (!fd) return base::system_error("opening the folder " + shown(folder->first), errno);
      const ArchiveEntry& entry = folder->second;
      if (folder->first.empty()) own(fd.get(), "", entry.uid, entry.gid);
      ::fchmod(fd.get(), is_root_ ? mode_of(entry) : mode_of(entry) | 0700);
      const timespec times[2] = {time_of(entry), time_of(entry)};
      ::futimens(fd.get(), times);
    }
    return {};
  }

  void own(int fd, const std::string& name, std::int64_t uid, std::int64_t gid) const {
    if (!is_root_) {
      // What the disk cannot keep so is left away, as attributes are.
      if (name.empty() && (uid > 0 || gid > 0)) (void)give_to(fd, {bounded(uid), bounded(gid)}, 0).ok();
      return;
    }
    const auto shift = [this](std::int64_t id) {
      return static_cast<uid_t>(options_.first_host_id + bounded(id));
    };
    (void)::fchownat(fd, name.c_str(), shift(uid), shift(gid), AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
  }

  static std::uint32_t bounded(std::int64_t id) {
    return static_cast<std::uint32_t>(id >= 0 && id <= kLargestId ? id : kNobody);
  }

  static timespec time_of(const ArchiveEntry& entry) {
    return {.tv_sec = std::clamp<std::int64_t>(entry.mtime, 0, kLatestTime), .tv_nsec = 0};
  }
  static bool is_whiteout(const struct stat& status) {
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
  }

  base::Fd root_;
  const TreeUnpacking& how_;
  const UnpackOptions& options_;
  bool is_root_;
  std::vector<char> buffer_;
  std::uint64_t bytes_ = 0;
  std::uint64_t entries_ = 0;
  base::Fd parent_;
  Path parent_path_ = kNoPath;
  MadePaths made_;  ///< by this layer, where whiteouts are applied
  bool stale_ = false;
  std::map<std::string, ArchiveEntry> folders_;
};

}  // namespace

Result<void> unpack_tree(base::TarReader& tar, base::Fd root, const TreeUnpacking& how) {
  return Unpacker(std::move(root), how).unpack(tar);
}

}  // namespace ecr
