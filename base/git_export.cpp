#include "base/git_export.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/strings.h"

namespace base::git {

namespace {

// Far above any action, far below what fills a disk by itself.
constexpr std::uint64_t kMostBytes = 4ULL << 30;
constexpr std::uint64_t kLargestFile = 1ULL << 30;
constexpr std::size_t kMostEntries = 500'000;
constexpr int kDeepestFolder = 128;

class Exporter {
 public:
  Exporter(git_repository* repository, const std::stop_token& stop) : repository_(repository), stop_(stop) {}

  // NOLINTNEXTLINE(misc-no-recursion): as deep as kDeepestFolder
  Result<void> write_tree(const git_oid* id, int folder, int depth) {
    if (depth > kDeepestFolder) return refused("its folders are nested too deep");
    git_tree* raw = nullptr;
    if (const int code = git_tree_lookup(&raw, repository_, id); code != 0)
      return error_of("cannot read a folder of the commit", code);
    const Tree tree(raw);
    for (std::size_t i = 0; i < git_tree_entrycount(raw); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(raw, i);
      TRY(write_entry(entry, folder, depth)
              .while_doing(fmt::format("writing {}", git_tree_entry_name(entry))));
    }
    return {};
  }

 private:
  static Error refused(const std::string& why) {
    return invalid_input("the repository's files cannot be used: " + why);
  }

  // What git itself refuses to check out (git's verify_path).
  static bool is_plain_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
           name.find('\0') == std::string_view::npos && !equals_ignoring_case(name, ".git");
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  Result<void> write_entry(const git_tree_entry* entry, int folder, int depth) {
    if (stop_.stop_requested()) return make_error(ErrorKind::cancelled, "cancelled");
    const char* name = git_tree_entry_name(entry);
    if (!is_plain_name(name)) return refused(fmt::format("a file is named '{}'", name));
    if (++entries_ > kMostEntries) return refused(fmt::format("there are more than {}", kMostEntries));
    const auto mode = git_tree_entry_filemode(entry);
    if (mode == GIT_FILEMODE_TREE || mode == GIT_FILEMODE_COMMIT) {
      if (::mkdirat(folder, name, 0755) != 0) return system_error("making the folder", errno);
      if (mode == GIT_FILEMODE_COMMIT) return {};
      const Fd inner(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!inner) return system_error("opening the folder", errno);
      return write_tree(git_tree_entry_id(entry), inner.get(), depth + 1);
    }
    return write_blob(entry, name, mode, folder);
  }

  Result<void> write_blob(const git_tree_entry* entry, const char* name, git_filemode_t mode, int folder) {
    git_blob* raw = nullptr;
    if (const int code = git_blob_lookup(&raw, repository_, git_tree_entry_id(entry)); code != 0)
      return error_of("cannot read the file", code);
    const Blob blob(raw);
    const auto size = static_cast<std::uint64_t>(git_blob_rawsize(raw));
    bytes_ += size;
    if (size > kLargestFile || bytes_ > kMostBytes)
      return refused(
          fmt::format("they are larger than {} bytes", size > kLargestFile ? kLargestFile : kMostBytes));
    const std::string_view content(static_cast<const char*>(git_blob_rawcontent(raw)), size);
    if (mode == GIT_FILEMODE_LINK) {
      const std::string target(content);
      if (::symlinkat(target.c_str(), folder, name) != 0) return system_error("making the symlink", errno);
      return {};
    }
    const mode_t permissions = mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644;
    const Fd file(::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions));
    if (!file) return system_error("creating the file", errno);
    // Whatever umask this process has.
    if (::fchmod(file.get(), permissions) != 0) return system_error("setting the file's mode", errno);
    return write_all(file.get(), content);
  }

  git_repository* repository_;
  const std::stop_token& stop_;
  std::size_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<std::string> export_commit(git_repository* repository, const std::string& id, const Path& folder,
                                  const std::stop_token& stop) {
  git_oid oid;
  if (git_oid_fromstr(&oid, id.c_str()) != 0)
    return invalid_input(fmt::format("expected the 40 hex digits of a commit, found '{}'", id));
  git_object* raw = nullptr;
  if (const int code = git_object_lookup(&raw, repository, &oid, GIT_OBJECT_ANY); code != 0)
    return error_of(fmt::format("the repository has no commit {}", id), code);
  const Object object(raw);
  git_object* peeled = nullptr;
  if (const int code = git_object_peel(&peeled, raw, GIT_OBJECT_COMMIT); code != 0)
    return error_of(fmt::format("{} is no commit", id), code);
  const Object commit(peeled);
  TRY(const auto root, open_directory(folder));
  TRY(Exporter(repository, stop)
          .write_tree(git_commit_tree_id(reinterpret_cast<const git_commit*>(peeled)), root.get(), 0));
  return to_string(*git_object_id(peeled));
}

}  // namespace base::git
