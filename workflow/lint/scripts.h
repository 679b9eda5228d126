#pragma once
// The scripts of a workflow as linters of other languages want them: the shell, the text without expressions,
// and the way back from a place in the script to the place in the file. Not for running them (steps/script).

#include <string>
#include <string_view>
#include <vector>

#include "workflow/lint/scalar_places.h"
#include "workflow/workflow.h"

namespace workflow::lint {

struct Script {
  std::string job;  ///< its id; empty in an action
  int step = 0;     ///< 0-based, among the steps of the job that are in the file, inner ones counted
  /// The first word of `shell`: bash, sh, pwsh, python …; of the step, the job's or the workflow's defaults,
  /// or what the runner's system takes (pwsh on Windows, else bash). Empty when only a run can tell.
  std::string shell;
  std::string text;  ///< every `${{ … }}` is as many `_`, so that each byte stays where it was
  ScalarPlaces places;

  /// Of a line and a column (1-based, in characters) of the script.
  [[nodiscard]] Place place_of(int line, int column) const;
};

/// Every `run:` of the workflow, in its order. `text` is the file that it was read from.
std::vector<Script> scripts_of(const Workflow& workflow, std::string_view text);
/// The same of the steps of a composite action.
std::vector<Script> scripts_of(const std::vector<Step>& steps, std::string_view text);

/// The text with `_` for each byte of an expression and its braces.
std::string without_expressions(std::string_view text);

}  // namespace workflow::lint
