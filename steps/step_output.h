#pragma once
// What a step prints: workflow commands are carried out, problems found, all else goes to the log
// (actions/runner ActionCommandManager.cs and OutputManager.cs). One per step; stop-commands and echo end
// with it.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "steps/environment_files.h"
#include "steps/ordered_texts.h"
#include "steps/running_job.h"
#include "steps/workflow_commands.h"

namespace steps {

/// What the commands of a step left behind.
struct CommandEffects {
  Outputs outputs;
  NameValues environment;
  NameValues state;
  std::vector<std::string> search_path;
  bool failed = false;  ///< a command could not be carried out: the step fails
};

class StepOutput {
 public:
  StepOutput(RunningJob& job, const sandbox::EnvVars& environment);
  /// One or more lines of the step's stdout or stderr, with "\n" between them.
  void lines(std::string_view block);
  /// One of them.
  void line(std::string_view text);
  CommandEffects& effects() { return effects_; }

 private:
  bool carry_out(const WorkflowCommand& command, std::string_view text);
  void apply(const WorkflowCommand& command);
  void annotate(const Annotation& annotation);
  void stop_commands(const WorkflowCommand& command);
  void echo(const WorkflowCommand& command);
  void add_matcher(const WorkflowCommand& command);
  void set_value(const WorkflowCommand& command);
  void remove_matcher(const WorkflowCommand& command);
  void add_mask(const WorkflowCommand& command);
  [[nodiscard]] std::string path_of(std::string_view file) const;
  base::Result<std::string> read_matchers(const std::string& path);
  /// The command cannot be carried out: the step fails.
  void refuse(std::string_view why);
  void warn(std::string_view why);
  void warn_of_deprecated(std::string_view command);
  [[nodiscard]] bool unsecure_allowed(std::string_view command);
  [[nodiscard]] bool has_matchers() const;
  void show(std::string_view text);
  void show_lines(LineKind kind, std::string_view text);

  RunningJob& job_;
  bool allow_unsecure_ = false;
  bool allow_unsecure_tokens_ = false;
  bool echo_ = false;
  std::optional<std::string> resume_token_;  ///< set while commands are stopped
  std::string_view line_;                    ///< the one whose command is carried out
  std::size_t kept_bytes_ = 0;               ///< of all that commands asked to keep
  std::map<LineKind, int> annotations_;
  CommandEffects effects_;
};

}  // namespace steps
