#pragma once
// The JavaScript that the built-in actions/github-script runs, as it lies in steps/builtin/github_script/.
// The build puts it into the program.

#include <span>
#include <string_view>

namespace steps::builtin {

struct ScriptFile {
  std::string_view name;  ///< main.js is where it starts
  std::string_view text;
};
std::span<const ScriptFile> github_script_files();

}  // namespace steps::builtin
