#pragma once
// The seed of an emulator: a YAML file as JSON, and which file it is when the user names none.

#include <string>

#include "base/files.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace cli {

/// The seed file of a call: the one that is named, else `emulator.yml` in the current folder, else the one
/// that the state folder's emulator was last started with; empty when there is none.
std::string choose_seed(const std::string& named, const base::Path& emulator_folder);
/// For the next start without a name, and for is_changed_seed().
base::Result<void> remember_seed(const std::string& seed, const base::Path& emulator_folder);
/// Whether `seed` has other content than the one that was remembered last.
bool is_changed_seed(const std::string& seed, const base::Path& emulator_folder);

/// A YAML document as data; the Error has `name`:line:col.
base::Result<base::Json> parse_yaml(const std::string& name, const std::string& text);
/// The document as data; an empty name is an account with nothing in it. The Error has file:line:col.
base::Result<base::Json> load_seed(const std::string& file);

}  // namespace cli
