#include "steps/hash_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/crypto.h"
#include "base/glob.h"
#include "base/strings.h"
#include "steps/tree_copy.h"

namespace steps {
namespace {

struct Pattern {
  std::string text;  ///< relative to the workspace
  bool excludes = false;
};

std::vector<Pattern> read_patterns(const JobFolders& folders, const std::vector<std::string>& given) {
  std::vector<Pattern> patterns;
  for (const std::string& argument : given) {
    for (std::string_view line : base::lines_of(argument)) {
      line = base::trim(line);
      if (line.empty() || line.starts_with('#') || line.starts_with("--")) continue;
      Pattern pattern;
      while (line.starts_with('!')) {
        pattern.excludes = !pattern.excludes;
        line.remove_prefix(1);
      }
      const std::string prefix = folders.workspace.inside + "/";
      if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
      while (line.starts_with("./")) line.remove_prefix(2);
      while (line.ends_with('/')) line.remove_suffix(1);
      pattern.text = line;
      patterns.push_back(std::move(pattern));
    }
  }
  return patterns;
}

bool matches(const std::vector<Pattern>& patterns, const std::string& path) {
  bool matched = false;
  for (const Pattern& pattern : patterns) {
    const bool fits =
        base::glob_matches(pattern.text, path) || base::glob_matches(pattern.text + "/**", path);
    if (fits) matched = !pattern.excludes;
  }
  return matched;
}

}  // namespace

base::Result<std::string> hash_files(const JobFolders& folders, const std::vector<std::string>& given) {
  const std::vector<Pattern> patterns = read_patterns(folders, given);
  TRY(auto workspace, base::open_directory(folders.workspace.host));
  TRY(auto paths, list_tree(folders.workspace.host, [](const std::string& path) { return path != ".git"; }));
  base::Sha256 all;
  bool any = false;
  for (const std::string& path : paths) {
    if (!matches(patterns, path)) continue;
    auto file = base::open_beneath(workspace.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (!file) continue;  // gone, or a symlink that leaves the workspace
    struct stat found {};
    if (fstat(file->get(), &found) != 0 || !S_ISREG(found.st_mode)) continue;
    TRY(const std::string digest, base::sha256_hex_of_file(file->get()).while_doing("reading " + path));
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digest.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(digest.substr(i, 2), nullptr, 16));
    }
    all.update(bytes);
    any = true;
  }
  if (!any) return std::string();
  const base::Sha256Bytes digest = all.finish();
  return base::to_hex(base::as_text(digest));
}

}  // namespace steps
