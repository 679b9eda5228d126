#include "emulator/json_file.h"

namespace emulator {

base::Result<base::Json> load_json_file(const base::Path& file) {
  if (!base::exists(file)) return base::Json(base::Json::object());
  TRY(const auto text, base::read_file(file));
  return base::parse_json(text).while_doing("reading the emulator's state " + file.string());
}

base::Result<void> save_json_file(const base::Path& file, const base::Json& json) {
  return base::write_file(file, base::to_text(json, 1), 0600);
}

}  // namespace emulator
