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
constexpr std::size_t kMostMatches = 1'000'000;

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

/// The folder and all folders below it, links not followed.
Result<void> add_folders(const CopySource& source, const std::string& folder, int depth,
                         std::vector<std::string>& found) {
  found.push_back(folder);
  if (depth > kDeepest || found.size() > kMostMatches)
    return make_error(ErrorKind::invalid_input, fmt::format("{}: too many folders for **", folder));
  const auto fd =
      base::open_beneath(source.root, folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!fd) return {};
  TRY(const auto names, names_in(fd->get()));
  for (const auto& name : names) {
    struct stat status {};
    if (::fstatat(fd->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode))
      continue;
    TRY(add_folders(source, folder.empty() ? name : folder + "/" + name, depth + 1, found));
  }
  return {};
}

/// Extends each of `found` by one part of a pattern.
Result<std::vector<std::string>> match_part(const CopySource& source, const std::vector<std::string>& found,
                                            const std::string& part) {
  std::vector<std::string> matched;
  for (const auto& folder : found) {
    const auto below = [&](const std::string& name) { return folder.empty() ? name : folder + "/" + name; };
    if (part == "**") {
      TRY(add_folders(source, folder, 0, matched));
      continue;
    }
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
    const bool is_folder = S_ISDIR(entry.status.st_mode);
    const bool excluded = is_excluded(entry);
    if (excluded && !(is_folder && source_.exclude.may_include_below(entry.inside))) return {};
    const bool ignored = is_ignored(source_, entry.path);
    if (ignored && !(is_folder && source_.ignore->may_include_below(entry.path))) return {};
    if (!ignored && !excluded) TRY(visit_(entry));
    return is_folder ? visit_below(entry, depth) : Result<void>();
  }

 private:
  // A file that is named itself goes by its name.
  bool is_excluded(const WalkedEntry& entry) const {
    if (!entry.inside.empty()) return source_.exclude.excludes(entry.inside);
    return !S_ISDIR(entry.status.st_mode) && source_.exclude.excludes(Path(entry.path).filename().string());
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

Result<std::vector<FoundSource>> find_sources(const CopySource& source, const std::string& word,
                                              Parents parents) {
  std::vector<std::string> found = {""};
  const auto parts = parts_of(word);
  for (const auto& part : parts) {
    TRY(found, match_part(source, found, part));
    if (found.size() > kMostMatches)
      return make_error(ErrorKind::invalid_input, fmt::format("\"{}\" matches too many files", word));
  }
  std::erase_if(found, [&](const std::string& path) {
    if (is_ignored(source, path) && !source.ignore->may_include_below(path)) return true;
    return !path.empty() && !base::open_beneath(source.root, path, O_PATH | O_CLOEXEC);
  });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.empty() && !has_wildcard(word)) {
    const bool hidden = is_ignored(source, base::join(parts, "/"));
    return make_error(ErrorKind::not_found,
                      fmt::format("\"{}\": not found{}", word, hidden ? " (.dockerignore excludes it)" : ""));
  }
  const auto pivot = word.find("/./");
  const std::size_t dropped = pivot == std::string::npos ? 0 : parts_of(word.substr(0, pivot)).size();
  std::vector<FoundSource> sources;
  for (auto& path : found) {
    FoundSource one{.path = std::move(path), .kept = ""};
    auto path_parts = parts_of(one.path);
    if (parents == Parents::kept && path_parts.size() > dropped) {
      path_parts.erase(path_parts.begin(), path_parts.begin() + static_cast<long>(dropped));
      one.kept = base::join(path_parts, "/");
    }
    sources.push_back(std::move(one));
  }
  return sources;
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
