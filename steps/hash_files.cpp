#include "steps/hash_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>

#include "base/crypto.h"
#include "base/strict_open.h"
#include "base/strings.h"
#include "steps/glob_pattern.h"

namespace steps {
namespace {

using Names = std::vector<std::string>;

constexpr std::string_view kFollow = "--follow-symbolic-links";
// The runner's own, which `~` stands for; steps see no other.
constexpr const char* kHome = "/home/runner";

enum class Links { follow, leave };

base::Error unreadable(const std::string& path, std::string_view why) {
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("hashFiles: cannot read '{}': {}", path, why));
}

std::string joined(const Names& names, std::size_t from) {
  return base::join(Names(names.begin() + static_cast<std::ptrdiff_t>(from), names.end()), "/");
}

struct Resolved {
  enum class Kind { there, nowhere, outside } kind = Kind::nowhere;
  std::string path;  ///< without a link in it
  int error = 0;     ///< why nowhere: ENOENT, ENOTDIR, ELOOP …
};

/// Finds out where paths of the workspace lead, links in them followed one by one: absolute ones are meant as
/// steps see the workspace.
class Resolver {
 public:
  Resolver(const base::Fd& workspace, Names root) : workspace_(workspace), root_(std::move(root)) {}

  [[nodiscard]] Resolved resolve(const std::string& path, bool last_too) const {
    std::deque<std::string> rest;
    for (auto& name : names_of(path)) rest.push_back(std::move(name));
    Names done;
    for (int links = 0; !rest.empty();) {
      const auto name = std::move(rest.front());
      rest.pop_front();
      if (name == ".") continue;
      if (name == "..") {
        if (done.empty()) return {.kind = Resolved::Kind::outside};
        done.pop_back();
        continue;
      }
      if (rest.empty() && !last_too) {
        done.push_back(name);
        break;
      }
      const auto target = link_target(joined(done, 0), name);
      if (!target) return {.error = errno};
      if (target->empty()) {
        done.push_back(name);
        continue;
      }
      constexpr int kMostLinks = 40;  // as the kernel's
      if (++links > kMostLinks) return {.error = ELOOP};
      auto names = names_of(*target);
      if (target->starts_with('/')) {
        if (names.size() < root_.size() || !std::equal(root_.begin(), root_.end(), names.begin()))
          return {.kind = Resolved::Kind::outside};
        names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(root_.size()));
        done.clear();
      }
      rest.insert(rest.begin(), names.begin(), names.end());
    }
    return {.kind = Resolved::Kind::there, .path = joined(done, 0)};
  }

  /// What stands there, no link followed; errno says why not.
  [[nodiscard]] std::optional<struct stat> look(const std::string& real) const {
    const auto file = base::open_strictly(workspace_.get(), parent_of(real), O_PATH | O_DIRECTORY);
    struct stat found {};
    if (!file) return std::nullopt;
    const auto name = base::Path(real).filename().string();
    if (::fstatat(file.get(), name.c_str(), &found,
                  AT_SYMLINK_NOFOLLOW | (name.empty() ? AT_EMPTY_PATH : 0)) != 0)
      return std::nullopt;
    return found;
  }

 private:
  static std::string parent_of(const std::string& path) { return base::Path(path).parent_path().string(); }

  // "" of what is no link; nothing of what is not there.
  [[nodiscard]] std::optional<std::string> link_target(const std::string& folder,
                                                       const std::string& name) const {
    const auto parent = base::open_strictly(workspace_.get(), folder, O_PATH | O_DIRECTORY);
    if (!parent) return std::nullopt;
    std::string target(4096, '\0');
    const auto size = ::readlinkat(parent.get(), name.c_str(), target.data(), target.size());
    if (size < 0) return errno == EINVAL ? std::optional(std::string()) : std::nullopt;
    target.resize(static_cast<std::size_t>(size));
    return target;
  }

  const base::Fd& workspace_;
  Names root_;
};

/// Walks the workspace as the toolkit's globber does, and digests what matches.
class Walk {
 public:
  Walk(const base::Fd& workspace, Names root, const std::vector<GlobPattern>& patterns, Links links)
      : workspace_(workspace),
        resolver_(workspace, root),
        root_(std::move(root)),
        patterns_(patterns),
        links_(links) {}

  base::Result<void> search(const Names& path) {
    // Above the workspace only the way down to it matters; beside it nothing does.
    const auto shared = std::min(path.size(), root_.size());
    if (!std::equal(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(shared), root_.begin()))
      return {};
    Item first{path.size() < root_.size() ? root_ : path, "", 1};
    const auto written = joined(first.names, root_.size());
    const auto real = resolver_.resolve(written, false);
    if (real.kind == Resolved::Kind::outside) return unreadable(written, "it leads out of the workspace");
    errno = real.error;
    // What is not there is none of the files; a path through a file is a mistake.
    if (real.kind == Resolved::Kind::nowhere || !resolver_.look(real.path)) {
      if (errno == ENOENT) return {};
      return unreadable(written, std::strerror(errno));
    }
    first.real = real.path;
    std::vector<Item> stack;
    stack.push_back(std::move(first));
    while (!stack.empty()) {
      auto item = std::move(stack.back());
      stack.pop_back();
      TRY(auto below, visit(item));
      std::move(below.rbegin(), below.rend(), std::back_inserter(stack));
    }
    return {};
  }

  std::string finish() {
    if (!any_) return "";
    const base::Sha256Bytes digest = all_.finish();
    return base::to_hex(base::as_text(digest));
  }

 private:
  struct Item {
    Names names;       ///< from the root
    std::string real;  ///< where that is in the workspace, no link but perhaps the last name
    std::size_t level = 1;
  };
  struct FolderId {
    dev_t device;
    ino_t inode;
    bool operator==(const FolderId&) const = default;
  };

  // What is to be looked at next, in order.
  base::Result<std::vector<Item>> visit(Item& item) {
    const auto verdict = match_globs(patterns_, item.names);
    const bool taken = verdict.as_file || verdict.as_directory;
    if (!taken && !may_match_below(patterns_, item.names)) return std::vector<Item>();
    auto found = resolver_.look(item.real);
    if (!found) return std::vector<Item>();
    const bool is_link = S_ISLNK(found->st_mode);
    if (is_link && (links_ == Links::follow || verdict.as_file)) {
      const auto target = resolver_.resolve(item.real, true);
      const auto written = joined(item.names, root_.size());
      if (target.kind == Resolved::Kind::outside)
        return unreadable(written, "it is a link out of the workspace");
      const auto behind = target.kind == Resolved::Kind::there ? resolver_.look(target.path) : std::nullopt;
      if (!behind && links_ == Links::follow && (target.error == ENOENT || target.error == 0))
        return std::vector<Item>();
      if (!behind) return unreadable(written, "it is a link that leads nowhere");
      item.real = target.path;
      // A link to a folder that is not followed is none of the files.
      if (links_ == Links::leave && S_ISDIR(behind->st_mode)) return std::vector<Item>();
      found = behind;
    }
    if (S_ISDIR(found->st_mode)) {
      if (links_ == Links::follow && is_cycle(item.level, {found->st_dev, found->st_ino}))
        return std::vector<Item>();
      return entries(item);
    }
    if (verdict.as_file) TRY(digest(item));
    return std::vector<Item>();
  }

  bool is_cycle(std::size_t level, FolderId folder) {
    chain_.resize(std::min(chain_.size(), level - 1), FolderId{});
    if (std::find(chain_.begin(), chain_.end(), folder) != chain_.end()) return true;
    chain_.push_back(folder);
    return false;
  }

  base::Result<std::vector<Item>> entries(const Item& item) {
    auto opened = base::open_strictly(workspace_.get(), item.real, O_RDONLY | O_DIRECTORY);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opened ? ::fdopendir(opened.get()) : nullptr,
                                                     &close_folder);
    if (!folder) return unreadable(joined(item.names, root_.size()), std::strerror(errno));
    (void)opened.release();
    Names names;
    while (const auto* entry = ::readdir(folder.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    std::vector<Item> below;
    for (auto& name : names) {
      below.push_back({item.names, item.real.empty() ? name : item.real + "/" + name, item.level + 1});
      below.back().names.push_back(std::move(name));
    }
    return below;
  }
  static int close_folder(DIR* folder) { return folder == nullptr ? 0 : ::closedir(folder); }

  base::Result<void> digest(const Item& item) {
    const auto written = joined(item.names, root_.size());
    const auto file = base::open_strictly(workspace_.get(), item.real, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file) return unreadable(written, std::strerror(errno));
    struct stat found {};
    if (::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode))
      return unreadable(written, "it is no file");
    TRY(const std::string hex, base::sha256_hex_of_file(file.get()).while_doing("reading " + written));
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    all_.update(bytes);
    any_ = true;
    return {};
  }

  const base::Fd& workspace_;
  Resolver resolver_;
  Names root_;
  const std::vector<GlobPattern>& patterns_;
  Links links_;
  std::vector<FolderId> chain_;
  base::Sha256 all_;
  bool any_ = false;
};

}  // namespace

base::Result<std::string> hash_files(const JobFolders& folders, const std::vector<std::string>& arguments) {
  auto links = Links::leave;
  std::vector<std::string> lines = arguments;
  if (!lines.empty() && lines.front().starts_with("--")) {
    if (!base::equals_ignoring_case(lines.front(), kFollow)) {
      return base::invalid_input(
          fmt::format("hashFiles: there is no option '{}'; expected {}", lines.front(), kFollow));
    }
    links = Links::follow;
    lines.erase(lines.begin());
  }
  TRY(const auto patterns, parse_glob_patterns(base::join(lines, "\n"), folders.workspace.inside, kHome));
  TRY(const auto workspace, base::open_directory(folders.workspace.host));
  Walk walk(workspace, names_of(folders.workspace.inside), patterns, links);
  for (const auto& path : search_paths_of(patterns)) TRY(walk.search(path));
  return walk.finish();
}

}  // namespace steps
