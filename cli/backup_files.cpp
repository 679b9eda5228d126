#include "cli/backup_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/crypto.h"
#include "runner/sqlite.h"

namespace cli {

namespace {

using base::Path;
using base::Result;

bool is_real_folder(const Path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Path inside(const Path& root, const Path& below) {
  return below.empty() ? root : root / below;
}

/// A copy of a tree that lives.
struct LivingCopy {
  const Path& from;
  const Path& to;
  const std::function<bool(const Path& below)>& skip;

  Result<void> copy(const Path& below) const {
    const Path source = inside(from, below);
    auto copied = is_real_folder(source) ? copy_folder(below) : base::copy_tree(source, inside(to, below));
    const bool is_missing = !copied && copied.error().kind == base::ErrorKind::not_found;
    if (is_missing && !base::exists(source)) return {};
    return copied;
  }

  Result<void> copy_folder(const Path& below) const {
    TRY(const auto names, base::list_directory(inside(from, below)));
    TRY(base::make_directories(inside(to, below), 0700));
    for (const auto& name : names) {
      if (!skip(below / name)) TRY(copy(below / name));
    }
    return {};
  }
};

Result<void> add_to_digest(const Path& root, const Path& below, base::Sha256& sum) {
  const Path path = inside(root, below);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return base::system_error("cannot read " + path.string(), errno);
  const auto add = [&](std::string_view kind, std::string_view content) {
    sum.update(fmt::format("{} {} {} {} ", kind, below.native().size(), below.native(), content.size()));
    sum.update(content);
  };
  if (S_ISDIR(status.st_mode)) {
    TRY(const auto names, base::list_directory(path));
    add("folder", "");
    for (const auto& name : names) TRY(add_to_digest(root, below / name, sum));
  } else if (S_ISLNK(status.st_mode)) {
    std::error_code error;
    add("link", std::filesystem::read_symlink(path, error).native());
    if (error) return base::system_error("cannot read the link " + path.string(), error.value());
  } else if (S_ISREG(status.st_mode)) {
    const base::Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) return base::system_error("cannot open " + path.string(), errno);
    TRY(const auto digest, base::sha256_hex_of_file(file.get()));
    add("file", digest);
  } else {
    return base::invalid_input(path.string() + " is neither a file nor a folder");
  }
  return {};
}

}  // namespace

Result<void> copy_living_tree(const Path& from, const Path& to,
                              const std::function<bool(const Path& below)>& skip) {
  return LivingCopy{from, to, skip}.copy("");
}

Result<std::string> digest_of_tree(const Path& root) {
  base::Sha256 sum;
  TRY(add_to_digest(root, "", sum));
  return base::to_hex(base::as_text(sum.finish()));
}

Result<void> check_database_file(const Path& file) {
  TRY(auto database, runner::Sqlite::open(file, "", file.filename().string()));
  std::string said;
  TRY(database.each("checking it", "PRAGMA integrity_check(1)", {},
                    [&](const runner::Sqlite::Row& row) { said = row.text(0); }));
  if (said == "ok") return {};
  return base::make_error(base::ErrorKind::internal, fmt::format("{} is damaged: {}", file.string(), said));
}

}  // namespace cli
