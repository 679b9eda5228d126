#pragma once
// The first lines of a step's log, in the shape that log readers know: a group with what is run, its shell or
// inputs, and its environment (actions/runner ScriptHandler.cs, ActionRunner.cs).

#include <string>
#include <vector>

#include "steps/step_run.h"

namespace steps {

void open_script_log(const StepRun& run, const std::string& script, const std::vector<std::string>& argv);
void open_action_log(const StepRun& run, const std::string& uses, const Outputs& inputs);

/// `Run <first line>`.
std::string run_title(std::string_view script);

}  // namespace steps
