#pragma once
// `run:` → the shell's command line and the script file's text (actions/runner ScriptHandlerHelpers.cs). Pure
// but for write_script().

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "steps/running_job.h"

namespace steps {

/// How a script is run by a shell; `{0}` in the arguments stands for the script file.
struct ShellPlan {
  std::vector<std::string> argv;
  std::string extension;  ///< of the script file, ".sh"; may be empty
  std::string script;     ///< the text as written to the file
  /// What to start when argv[0] does not exist; empty is nothing. The default shell and python have one.
  std::vector<std::string> fallback;
};

/// `shell` as the step, the job's or the workflow's defaults have it; empty is the default shell: bash, or sh
/// where there is none and in containers (actions/runner ScriptHandler.cs).
base::Result<ShellPlan> plan_script(std::string_view script, std::string_view shell,
                                    JobRoot root = JobRoot::host);
/// The line shown in the log, `bash -e {0}`.
std::string shell_line(const std::vector<std::string>& argv);
std::vector<std::string> with_script_path(const std::vector<std::string>& argv, const std::string& path);

/// A script file in the job's temp folder, removed when destroyed.
class ScriptFile {
 public:
  static base::Result<ScriptFile> write(const RunningJob& job, const ShellPlan& plan);
  ScriptFile(ScriptFile&& other) noexcept
      : folder_(std::move(other.folder_)),
        name_(std::exchange(other.name_, {})),
        inside_(std::move(other.inside_)) {}
  ScriptFile& operator=(ScriptFile&&) = delete;
  ScriptFile(const ScriptFile&) = delete;
  ScriptFile& operator=(const ScriptFile&) = delete;
  ~ScriptFile();
  [[nodiscard]] const std::string& inside() const { return inside_; }

 private:
  ScriptFile() = default;
  base::Path folder_;
  std::string name_;
  std::string inside_;
};

}  // namespace steps
