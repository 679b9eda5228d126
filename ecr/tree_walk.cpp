#include "ecr/tree_walk.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/files.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Fd;
using base::make_error;
using base::Path;
using base::Result;

constexpr int kDeepest = 200;  // each level keeps a folder open

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

/// From the root, without `.`, `..` and doubled slashes; `..` stops at the root.
std::vector<std::string> parts_of(std::string_view word) {
  std::vector<std::string> parts;
  for (auto& part : base::split(word, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(std::move(part));
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return parts;
}

Result<std::vector<std::string>> names_in(int folder) {
  return base::list_directory(Path("/proc/self/fd") / std::to_string(folder));
}

bool is_ignored(const CopySource& source, const std::string& path) {
  return source.ignore != nullptr && !path.empty() && source.ignore->excludes(path);
}

/// Extends each of `found` by one part of a pattern.
Result<std::vector<std::string>> match_part(const CopySource& source, const std::vector<std::string>& found,
                                            const std::string& part) {
  std::vector<std::string> matched;
  for (const auto& folder : found) {
    const auto below = [&](const std::string& name) { return folder.empty() ? name : folder + "/" + name; };
    if (!has_wildcard(part)) {
      matched.push_back(below(part));
      continue;
    }
    const auto fd =
        base::open_beneath(source.root, folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!fd) continue;
    TRY(const auto names, names_in(fd->get()));
    for (const auto& name : names) {
      if (part_matches(part, name)) matched.push_back(below(name));
    }
  }
  return matched;
}

class Walker {
 public:
  Walker(const CopySource& source, const VisitEntry& visit) : source_(source), visit_(visit) {}

  Result<void> visit_entry(WalkedEntry entry, int depth) {
    if (depth > kDeepest)
      return make_error(ErrorKind::invalid_input,
                        fmt::format("{}: more than {} folders deep", entry.path, kDeepest));
    if (is_excluded(entry.inside)) return {};
    const bool ignored = is_ignored(source_, entry.path);
    const bool is_folder = S_ISDIR(entry.status.st_mode);
    if (ignored && !(is_folder && source_.ignore->may_include_below(entry.path))) return {};
    if (!ignored) TRY(visit_(entry));
    return is_folder ? visit_below(entry, depth) : Result<void>();
  }

 private:
  bool is_excluded(const std::string& inside) const {
    const auto parts = parts_of(inside);
    return std::any_of(source_.exclude.begin(), source_.exclude.end(), [&](const std::string& pattern) {
      return !parts.empty() && parts_match(parts_of(pattern), parts);
    });
  }

  Result<void> visit_below(const WalkedEntry& folder, int depth) {
    const Fd fd(
        ::openat(folder.folder, folder.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return base::system_error("reading the folder " + folder.path, errno);
    TRY(const auto names, names_in(fd.get()));
    for (const auto& name : names) {
      WalkedEntry entry{.path = folder.path.empty() ? name : folder.path + "/" + name,
                        .inside = folder.inside.empty() ? name : folder.inside + "/" + name,
                        .folder = fd.get(),
                        .name = name};
      if (::fstatat(fd.get(), name.c_str(), &entry.status, AT_SYMLINK_NOFOLLOW) != 0)
        return base::system_error("reading " + entry.path, errno);
      TRY(visit_entry(std::move(entry), depth + 1));
    }
    return {};
  }

  const CopySource& source_;
  const VisitEntry& visit_;
};

}  // namespace

Result<std::vector<std::string>> find_sources(const CopySource& source, const std::string& word) {
  std::vector<std::string> found = {""};
  for (const auto& part : parts_of(word)) {
    TRY(found, match_part(source, found, part));
  }
  std::erase_if(found, [&](const std::string& path) {
    if (is_ignored(source, path) && !source.ignore->may_include_below(path)) return true;
    return !path.empty() && !base::open_beneath(source.root, path, O_PATH | O_CLOEXEC);
  });
  if (!found.empty()) return found;
  const bool hidden = is_ignored(source, base::join(parts_of(word), "/"));
  return make_error(ErrorKind::not_found,
                    fmt::format("\"{}\": not found{}", word, hidden ? " (.dockerignore excludes it)" : ""));
}

Result<void> walk_source(const CopySource& source, const std::string& path, const VisitEntry& visit) {
  // What is named may be a link, and is followed inside the root; a file is visited by the folder that holds
  // it.
  TRY(const auto target, base::open_beneath(source.root, path.empty() ? "." : path, O_PATH | O_CLOEXEC));
  WalkedEntry entry{.path = path};
  if (::fstat(target.get(), &entry.status) != 0) return base::system_error("reading " + path, errno);
  if (S_ISDIR(entry.status.st_mode)) {
    entry.folder = target.get();
    entry.name = ".";
    return Walker(source, visit).visit_entry(std::move(entry), 0);
  }
  const Path above = Path(path).parent_path();
  TRY(const auto folder,
      base::open_beneath(source.root, above.empty() ? "." : above, O_PATH | O_DIRECTORY | O_CLOEXEC));
  entry.folder = folder.get();
  entry.name = Path(path).filename().string();
  struct stat named {};
  if (::fstatat(folder.get(), entry.name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0)
    return base::system_error("reading " + path, errno);
  if (!S_ISLNK(named.st_mode)) return Walker(source, visit).visit_entry(std::move(entry), 0);
  // A link to a file: the file's content under the link's name.
  const std::string by_descriptor = std::to_string(target.get());
  TRY(const auto descriptors, base::open_directory("/proc/self/fd"));
  entry.folder = descriptors.get();
  entry.name = by_descriptor;
  return Walker(source, visit).visit_entry(std::move(entry), 0);
}

}  // namespace ecr
