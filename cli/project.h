#pragma once
// The repository that a checked file belongs to: its root, its configuration, and its files as far as a
// linter may look. Not for running workflows.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"
#include "workflow/lint/lint.h"

namespace cli {

/// Reads below its root only: neither `..` nor a symlink leads out of it.
class Project {
 public:
  /// The one that holds the path: the nearest folder above with a .git or a .github; else the current folder
  /// when the path is below it, else the path's own folder.
  static base::Path root_of(const base::Path& path);
  static base::Result<std::shared_ptr<Project>> open(const base::Path& root);

  [[nodiscard]] const base::Path& root() const { return root_; }
  /// The text of a regular file; nothing when there is none, or it is too large to be meant.
  [[nodiscard]] std::optional<std::string> read(const std::string& path) const;
  [[nodiscard]] workflow::lint::ProjectFiles files() const;
  /// `.pipeline.yml`; its problems are located at `config_file()`.
  [[nodiscard]] const workflow::lint::LintConfig& config() const { return config_; }
  [[nodiscard]] const workflow::Diagnostics& config_problems() const { return config_problems_; }
  [[nodiscard]] std::string config_file() const;

  /// Workflows in .github/workflows, sorted, relative to the root.
  [[nodiscard]] std::vector<std::string> workflows() const;
  /// Actions of the repository, sorted: action.yml at its root, below .github/actions, and what the given
  /// texts of workflows, or those actions, use by `./` or `$/`.
  [[nodiscard]] std::vector<std::string> actions(const std::vector<std::string>& workflow_texts) const;

 private:
  Project(base::Path root, base::Fd directory) : root_(std::move(root)), directory_(std::move(directory)) {}
  void read_config();

  base::Path root_;  ///< absolute
  base::Fd directory_;
  workflow::lint::LintConfig config_;
  workflow::Diagnostics config_problems_;
  mutable std::map<std::string, std::optional<std::string>> read_;
};

/// A path from the current folder, as people would write it.
std::string path_from_here(const base::Path& path);

}  // namespace cli
