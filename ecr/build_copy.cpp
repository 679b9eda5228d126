#include "ecr/build_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/crypto.h"
#include "base/files.h"
#include "ecr/extended_attributes.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Fd;
using base::make_error;
using base::Path;
using base::Result;

constexpr std::size_t kPiece = 256 * 1024;
constexpr mode_t kPermissions = 07777;
constexpr mode_t kInlineMode = 0644;

Result<std::string> read_link(int folder, const std::string& name) {
  std::string target(4096, '\0');
  const ssize_t length = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (length < 0) return base::system_error("reading the link " + name, errno);
  target.resize(static_cast<std::size_t>(length));
  return target;
}

/// A regular file, open; never a device, a FIFO or what a link names.
Result<Fd> open_file(const WalkedEntry& entry) {
  // A descriptor's entry in /proc is how walk_source() hands out a link's target.
  const int follow = S_ISLNK(entry.status.st_mode) ? O_NOFOLLOW : 0;
  Fd fd(::openat(entry.folder, entry.name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | follow));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return base::system_error("opening " + entry.path, errno);
  if (!S_ISREG(status.st_mode) || status.st_ino != entry.status.st_ino ||
      status.st_dev != entry.status.st_dev) {
    return make_error(ErrorKind::invalid_input, entry.path + " changed while it was read");
  }
  return fd;
}

Result<void> read_pieces(int fd, const std::function<Result<void>(std::string_view)>& take) {
  std::vector<char> buffer(kPiece);
  while (true) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count == 0) return {};
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::system_error("reading", errno);
    TRY(take({buffer.data(), static_cast<std::size_t>(count)}));
  }
}

/// Whose it is and which attributes it has, as the disk says.
void add_owner_to_digest(const WalkedEntry& entry, base::Sha256& digest) {
  const auto& status = entry.status;
  digest.update(fmt::format("{}:{}\n", status.st_uid, status.st_gid));
  if (S_ISLNK(status.st_mode)) return;
  const Fd fd(::openat(entry.folder, entry.name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return;
  if (const auto noted = noted_owner(fd.get())) digest.update(fmt::format("{}:{}\n", noted->uid, noted->gid));
  for (const auto& [name, value] : read_attributes(fd.get()))
    digest.update(fmt::format("{}={}:{}\n", name, value.size(), value));
}

Result<void> add_to_digest(const WalkedEntry& entry, bool with_owner, base::Sha256& digest) {
  const auto& status = entry.status;
  digest.update(fmt::format("{}\n{:o}\n", entry.inside.empty() ? entry.path : entry.inside, status.st_mode));
  if (S_ISLNK(status.st_mode)) {
    TRY(const auto link, read_link(entry.folder, entry.name));
    digest.update(link + "\n");
  }
  if (with_owner && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode)))
    add_owner_to_digest(entry, digest);
  if (!S_ISREG(status.st_mode)) return {};
  digest.update(fmt::format("{}\n", status.st_size));
  TRY(const auto file, open_file(entry));
  return read_pieces(file.get(), [&](std::string_view piece) -> Result<void> {
    digest.update(piece);
    return {};
  });
}

/// Within the kernel where it can, on some file systems without copying at all.
Result<void> copy_content(int from, int to) {
  bool copied = false;
  while (true) {
    const ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, 1U << 30, 0);
    if (count == 0 && copied) return {};
    if (count <= 0) break;
    copied = true;
  }
  // Not between these two, or a file that has more than its size says.
  return read_pieces(from, [&](std::string_view piece) { return base::write_all(to, piece); });
}

class Copier {
 public:
  Copier(const CopyTarget& target, const CopyRules& rules) : target_(target), rules_(rules) {}

  /// `to` is where the entry itself goes.
  Result<void> copy(const WalkedEntry& entry, const Path& to) {
    if (S_ISDIR(entry.status.st_mode)) return copy_folder(entry, to);
    TRY(const auto folder, ensure_folder(target_, to.parent_path().string(), on_the_way()));
    const auto name = to.filename().string();
    TRY(make_way(folder.get(), name, to));
    if (S_ISLNK(entry.status.st_mode)) return copy_link(entry, folder.get(), name);
    if (S_ISREG(entry.status.st_mode)) return copy_file(entry, folder.get(), name);
    return {};  // sockets, FIFOs and devices are no content
  }

  Result<void> write(std::string_view content, const Path& to) {
    TRY(const auto folder, ensure_folder(target_, to.parent_path().string(), on_the_way()));
    TRY(make_way(folder.get(), to.filename().string(), to));
    TRY(const auto file, create(folder.get(), to.filename().string()));
    TRY(base::write_all(file.get(), content));
    return finish(file.get(), rules_.owner.value_or(FileOwner{}),
                  rules_.mode ? rules_.mode->of(kInlineMode, false) : kInlineMode, nullptr);
  }

  /// The folders from the place of the copy down to `path`, with their modes.
  Result<void> copy_folders_above(int source, const FoundSource& found, const Path& to) {
    const Path kept = Path(found.kept).parent_path();
    const Path above = found.path.substr(0, found.path.size() - found.kept.size());
    Path so_far;
    for (const auto& part : kept) {
      so_far /= part;
      const Path whole = above / so_far;
      TRY(const auto holder,
          base::open_beneath(source, whole.parent_path().empty() ? "." : whole.parent_path(),
                             O_PATH | O_DIRECTORY | O_CLOEXEC));
      WalkedEntry entry{
          .path = whole.string(), .inside = so_far.string(), .folder = holder.get(), .name = part.string()};
      TRY(const auto folder, base::open_beneath(source, whole, O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (::fstat(folder.get(), &entry.status) != 0)
        return base::system_error("reading " + entry.path, errno);
      TRY(copy_folder(entry, to / so_far));
    }
    return {};
  }

 private:
  /// Of folders that nobody copies: never the source's owner, and the very mode that --chmod tells, execute
  /// bits or not (moby/buildkit#4945, #6801; tonistiigi/fsutil#228).
  MadeFolders on_the_way() const {
    MadeFolders made{.owner = rules_.owner.value_or(FileOwner{})};
    if (rules_.mode && rules_.mode->is_number()) made.mode = rules_.mode->of(0, true);
    return made;
  }

  mode_t mode_of(const struct stat& status) const {
    const mode_t mode = status.st_mode & kPermissions;
    return rules_.mode ? rules_.mode->of(mode, S_ISDIR(status.st_mode)) : mode;
  }

  FileOwner owner_of(const WalkedEntry& entry) const {
    if (rules_.owner) return *rules_.owner;
    if (!rules_.keep_owner) return {};
    const auto& status = entry.status;
    if (::geteuid() != 0) return noted_owner_of(entry);
    const auto inside = [&](std::uint32_t id) {
      return id >= target_.first_host_id ? id - target_.first_host_id : 0;
    };
    return {inside(status.st_uid), inside(status.st_gid)};
  }

  static FileOwner noted_owner_of(const WalkedEntry& entry) {
    const Fd fd(::openat(entry.folder, entry.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd || S_ISLNK(entry.status.st_mode)) return {};
    return noted_owner(fd.get()).value_or(FileOwner{});
  }

  Result<void> copy_folder(const WalkedEntry& entry, const Path& to) {
    const bool existed =
        base::open_beneath(target_.root, to.relative_path().empty() ? "." : to.relative_path(),
                           O_PATH | O_CLOEXEC)
            .ok();
    TRY(const auto folder, ensure_folder(target_, to.string(), on_the_way()));
    // A folder that is there keeps its ways, as with `cp -r`; so does the one that the copy was told to go
    // to.
    if (existed || (entry.inside.empty() && !rules_.keep_top)) return {};
    return finish(folder.get(), owner_of(entry), mode_of(entry.status), &entry.status);
  }

  Result<void> copy_link(const WalkedEntry& entry, int folder, const std::string& name) {
    TRY(const auto link, read_link(entry.folder, entry.name));
    if (::symlinkat(link.c_str(), folder, name.c_str()) != 0)
      return base::system_error("making the link " + name, errno);
    const auto owner = owner_of(entry);
    if (::geteuid() == 0 && ::fchownat(folder, name.c_str(), target_.first_host_id + owner.uid,
                                       target_.first_host_id + owner.gid, AT_SYMLINK_NOFOLLOW) != 0) {
      return base::system_error("chown " + name, errno);
    }
    const timespec times[2] = {entry.status.st_mtim, entry.status.st_mtim};
    ::utimensat(folder, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
    return {};
  }

  Result<void> copy_file(const WalkedEntry& entry, int folder, const std::string& name) {
    TRY(const auto from, open_file(entry));
    TRY(const auto to, create(folder, name));
    TRY(copy_content(from.get(), to.get()));
    TRY(finish(to.get(), owner_of(entry), mode_of(entry.status), &entry.status));
    // Last: a change of owner takes a file's capabilities away.
    write_attributes(to.get(), read_attributes(from.get()), target_.first_host_id);
    return {};
  }

  static Result<Fd> create(int folder, const std::string& name) {
    Fd fd(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return base::system_error("making " + name, errno);
    return fd;
  }

  static Result<void> make_way(int folder, const std::string& name, const Path& to) {
    if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno == EISDIR)
      return make_error(ErrorKind::invalid_input,
                        fmt::format("cannot copy a file over the folder {}", to.string()));
    return base::system_error("replacing " + to.string(), errno);
  }

  Result<void> finish(int fd, const FileOwner& owner, mode_t mode, const struct stat* times_of) const {
    TRY(give_to(fd, owner, target_.first_host_id));
    if (::fchmod(fd, mode) != 0) return base::system_error("chmod", errno);
    if (times_of == nullptr) return {};
    const timespec times[2] = {times_of->st_mtim, times_of->st_mtim};
    if (::futimens(fd, times) != 0) return base::system_error("setting times", errno);
    return {};
  }

  const CopyTarget& target_;
  const CopyRules& rules_;
};

/// Links of the tree mean folders of the tree, also those that nobody made yet.
class FolderMaker {
 public:
  FolderMaker(const CopyTarget& target, const MadeFolders& made) : target_(target), made_(made) {}

  Result<Fd> make(const Path& path) {
    const Path inside = path.lexically_normal().relative_path();
    const Path name = inside.has_filename() ? inside : inside.parent_path();
    auto there =
        base::open_beneath(target_.root, name.empty() ? "." : name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (there) return there;
    if (there.error().kind != ErrorKind::not_found || name.empty())
      return std::move(there).error().while_doing("making the folder " + path.string());
    TRY(const auto above, make(name.parent_path()));
    const auto last = name.filename().string();
    if (::mkdirat(above.get(), last.c_str(), 0755) != 0) {
      const int failure = errno;
      const auto link = read_link(above.get(), last);
      if (failure != EEXIST || !link || ++links_ > kMostLinks)
        return base::system_error("making the folder " + path.string(), failure);
      return make(name.parent_path() / *link);
    }
    Fd made(::openat(above.get(), last.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return base::system_error("opening the folder " + path.string(), errno);
    TRY(give_to(made.get(), made_.owner, target_.first_host_id));
    if (::fchmod(made.get(), made_.mode) != 0) return base::system_error("chmod " + path.string(), errno);
    return made;
  }

 private:
  static constexpr int kMostLinks = 40;
  const CopyTarget& target_;
  const MadeFolders& made_;
  int links_ = 0;
};

bool is_folder_in(int root, const Path& path) {
  const auto inside = path.relative_path();
  return base::open_beneath(root, inside.empty() ? "." : inside, O_PATH | O_DIRECTORY | O_CLOEXEC).ok();
}

}  // namespace

Result<std::string> digest_of_sources(const CopySource& source, const std::vector<FoundSource>& paths,
                                      bool with_owners) {
  base::Sha256 digest;
  for (const auto& found : paths) {
    // Names count where they become names in the image.
    digest.update(found.kept + "\n");
    TRY(walk_source(source, found.path,
                    [&](const WalkedEntry& entry) { return add_to_digest(entry, with_owners, digest); }));
  }
  return base::to_hex(base::as_text(digest.finish()));
}

Result<void> copy_sources(const CopySource& source, const std::vector<FoundSource>& paths,
                          const CopyTarget& target, const CopyRules& rules) {
  const bool into_folder =
      target.path.ends_with('/') || paths.size() > 1 || is_folder_in(target.root, target.path);
  const Path to = into_folder ? Path(target.path) / "" : Path(target.path);
  Copier copier(target, rules);
  for (const auto& found : paths) {
    const Path folder = to.has_filename() ? to : to.parent_path();
    if (!found.kept.empty()) TRY(copier.copy_folders_above(source.root, found, folder));
    const auto copy_entry = [&](const WalkedEntry& entry) -> Result<void> {
      if (!found.kept.empty()) {
        WalkedEntry below = entry;
        below.inside = (entry.inside.empty() ? Path(found.kept) : Path(found.kept) / entry.inside).string();
        return copier.copy(below, folder / below.inside);
      }
      const bool named_file = entry.inside.empty() && !S_ISDIR(entry.status.st_mode);
      if (named_file) return copier.copy(entry, into_folder ? to / Path(found.path).filename() : to);
      return copier.copy(entry, entry.inside.empty() ? folder : folder / entry.inside);
    };
    TRY(walk_source(source, found.path, copy_entry).while_doing("copying " + found.path));
  }
  return {};
}

Result<void> write_inline_file(std::string_view content, const CopyTarget& target, const CopyRules& rules) {
  return Copier(target, rules).write(content, target.path);
}

Result<Fd> ensure_folder(const CopyTarget& target, const std::string& path, const MadeFolders& made) {
  return FolderMaker(target, made).make(path);
}

}  // namespace ecr
