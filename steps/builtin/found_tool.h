#pragma once
// What the setup built-ins share: they install nothing, but find the machine's tool as a step would, hold its
// version against what is asked for, and put it first on PATH. Not for what is special to one tool.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "steps/builtin_actions.h"
#include "steps/version_spec.h"

namespace steps::builtin {

/// A tool as it was found in the sandbox.
struct FoundTool {
  std::string name;  ///< as called, python3.11
  Version version;
  std::string executable;
  std::vector<std::string> more;  ///< further lines of the probe
};

/// Runs `argv` as the step would; nothing when it fails or cannot be started.
std::optional<std::string> output_of(const std::vector<std::string>& argv, const ActionCall& call,
                                     RunningJob& job);
/// The same where the first two lines are the version and the executable.
std::optional<FoundTool> probe_tool(const std::vector<std::string>& argv, const ActionCall& call,
                                    RunningJob& job);

/// A version as asked for, and the input or the file that asks.
struct WantedVersion {
  std::string text;
  std::string source;
};

/// Reads the versions out of a file's text; `name` is the file's name without its folder.
using VersionsInFile = std::function<std::vector<std::string>(std::string_view name, std::string_view text)>;

/// The versions asked for by `<tool>-version`, else by the file that `<tool>-version-file` names.
base::Result<std::vector<WantedVersion>> read_wanted_versions(const ActionCall& call, RunningJob& job,
                                                              const std::string& tool,
                                                              const VersionsInFile& versions_in);
/// The same of one file, whose path is relative to the workspace.
base::Result<std::vector<WantedVersion>> read_version_file(const RunningJob& job, const std::string& file,
                                                           const std::string& tool,
                                                           const VersionsInFile& versions_in);

/// How messages speak of a tool.
struct ToolNames {
  std::string_view title;    ///< Python
  std::string_view package;  ///< Debian's
};
/// The first candidate that fits; the error names what is there instead.
base::Result<FoundTool> choose_tool(const WantedVersion& wanted, const std::vector<FoundTool>& found,
                                    const ToolNames& names);

/// The value of `key = "…"` in TOML or `key …` in .tool-versions: enough for one line of it.
std::string value_of_line(std::string_view text, std::string_view key);
/// The lines before the next `[section]` that follow `[section]`.
std::string_view toml_section(std::string_view text, std::string_view section);
/// The first line that is neither empty nor a comment.
std::string first_line(std::string_view text);

/// Warns of inputs that ask for a download, which nothing here does; the sentence names each.
void warn_of_unused_inputs(const ActionCall& call, RunningJob& job, const std::vector<std::string>& names);
/// Fails for inputs that would change the outcome and are not carried out.
base::Result<void> refuse_inputs(const ActionCall& call, const std::vector<std::string>& names);
/// Adds a problem matcher to the job, as the original does by `##[add-matcher]`.
base::Result<void> add_problem_matcher(RunningJob& job, std::string_view json);

}  // namespace steps::builtin
