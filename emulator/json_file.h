#pragma once
// A service's state as one JSON file, written whole.

#include "base/files.h"
#include "base/json.h"
#include "base/result.h"

namespace emulator {

/// An absent file is an empty object; a damaged one is an Error that names it.
base::Result<base::Json> load_json_file(const base::Path& file);
base::Result<void> save_json_file(const base::Path& file, const base::Json& json);

}  // namespace emulator
