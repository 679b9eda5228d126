#pragma once
// What a step prints: workflow commands are carried out, problems found, all else goes to the log
// (actions/runner ActionCommandManager.cs and OutputManager.cs). One per step; stop-commands and echo end
// with it.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "steps/environment_files.h"
#include "steps/running_job.h"
#include "steps/workflow_commands.h"

namespace steps {

/// What the commands of a step left behind.
struct CommandEffects {
  std::map<std::string, std::string> outputs;
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
  void refuse(std::string_view name, std::string_view why);
  [[nodiscard]] bool unsecure_allowed(std::string_view command);
  [[nodiscard]] bool has_matchers() const;
  void show(std::string_view text);
  void show_lines(LineKind kind, std::string_view text);

  RunningJob& job_;
  bool allow_unsecure_ = false;
  bool echo_ = false;
  std::string resume_token_;
  std::size_t kept_bytes_ = 0;  ///< of all that commands asked to keep
  std::map<LineKind, int> annotations_;
  CommandEffects effects_;
};

}  // namespace steps
