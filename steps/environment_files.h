#pragma once
// The files GITHUB_ENV, GITHUB_OUTPUT, GITHUB_STATE, GITHUB_PATH, GITHUB_STEP_SUMMARY and GITHUB_ARTIFACTS:
// made afresh for each step, read when it has ended (actions/runner FileCommandManager.cs). What they hold is
// applied by run_step.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "steps/running_job.h"

namespace steps {

using NameValues = std::vector<std::pair<std::string, std::string>>;

/// What a file holds up to the first line that is wrong, and what is wrong with it.
struct ParsedNameValues {
  NameValues pairs;
  std::string error;
};
enum class EmptyNames { refused, allowed };
/// `NAME=VALUE` lines and `NAME<<DELIMITER` blocks (actions/runner EnvFileKeyValuePairs).
ParsedNameValues parse_name_values(std::string_view text, EmptyNames empty_names = EmptyNames::refused);

/// What a step wrote; `errors` holds two lines for each file that could not be used: which, and why.
struct FileCommands {
  NameValues environment;
  NameValues outputs;
  NameValues state;
  std::vector<std::string> search_path;  ///< in the order written
  std::string summary;
  std::string artifacts;      ///< what GITHUB_ARTIFACTS lists, unread
  std::string summary_error;  ///< shown, but the step does not fail for it
  std::vector<std::string> errors;
};

/// The files of one step. They are removed when this is destroyed.
class EnvironmentFiles {
 public:
  /// Where artifacts are not taken, a step may write to their files all the same.
  enum class Artifacts { taken, ignored };
  static base::Result<EnvironmentFiles> create(const SharedFolder& folder, std::uint32_t owner,
                                               Artifacts artifacts = Artifacts::ignored);
  EnvironmentFiles(EnvironmentFiles&&) = default;
  EnvironmentFiles& operator=(EnvironmentFiles&&) = delete;
  EnvironmentFiles(const EnvironmentFiles&) = delete;
  EnvironmentFiles& operator=(const EnvironmentFiles&) = delete;
  ~EnvironmentFiles();

  /// The paths as the step sees them, by context key: env, output, state, path, step_summary,
  /// artifacts, artifacts_list.
  [[nodiscard]] const std::map<std::string, std::string>& paths() const { return paths_; }
  /// Makes GITHUB_ARTIFACTS_LIST with this text; it is the step's to read only.
  base::Result<void> show_artifacts(const std::string& text);
  /// Reads what is there now. The step may have put anything in their place: only regular files are read.
  [[nodiscard]] FileCommands read() const;

 private:
  EnvironmentFiles() = default;
  base::Result<void> add(std::string_view key, std::string_view prefix, const std::string& text);
  /// Of a regular file; nothing when there is none.
  [[nodiscard]] std::optional<std::size_t> size_of(const std::string& key) const;
  [[nodiscard]] base::Result<std::string> read_one(const std::string& key, std::size_t limit) const;

  base::Fd folder_;
  std::string inside_;
  std::string id_;
  std::uint32_t owner_ = 0;
  Artifacts artifacts_ = Artifacts::ignored;
  std::map<std::string, std::string> names_;  ///< key → file name
  std::map<std::string, std::string> paths_;
};

}  // namespace steps
