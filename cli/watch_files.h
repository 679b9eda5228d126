#pragma once
// Tells which files of a repository change, by inotify; .gitignore and its like are respected, .git is left
// out. Not for what follows from a change (watch).

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"

namespace cli {

class WatchedFiles {
 public:
  /// Watches all folders that git would look into, but not what lies beneath `left_out`. The Error says what
  /// to do when the machine watches no more.
  static base::Result<WatchedFiles> start(const base::Path& work_tree, const base::Path& left_out);

  /// Waits for changes, then until nothing has changed for a moment; relative paths, sorted. Nothing when the
  /// stop was asked for. A file that came and went meanwhile is no change.
  base::Result<std::vector<std::string>> next_changes(const std::stop_token& stop);
  [[nodiscard]] std::size_t folders() const { return folders_.size(); }

 private:
  WatchedFiles(base::Path work_tree, const base::Path& left_out);
  base::Result<void> watch_folder(const std::string& relative);
  base::Result<void> watch_tree(const std::string& relative, const std::set<std::string>& known_folders);
  [[nodiscard]] bool is_never_watched(const std::string& relative) const;
  [[nodiscard]] bool is_left_out(const std::string& relative) const;
  base::Result<void> read_changes(std::set<std::string>& changes);
  base::Result<void> note_change(int folder, std::uint32_t mask, const std::string& name,
                                 std::set<std::string>& changes);
  [[nodiscard]] std::vector<std::string> worth_telling(const std::set<std::string>& changes);

  base::Path work_tree_;
  base::Path left_out_;
  base::Fd inotify_;
  std::map<int, std::string> folders_;  ///< by watch descriptor; "" is the work tree
  std::set<std::string> known_;         ///< files that were there
};

}  // namespace cli
