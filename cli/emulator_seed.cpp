#include "cli/emulator_seed.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"
#include "workflow/yaml_reader.h"

namespace cli {

namespace {
constexpr const char* kSeedName = "emulator.yml";
base::Path record_of(const base::Path& emulator_folder) {
  return emulator_folder / "seed-file";
}
base::Path digest_of(const base::Path& emulator_folder) {
  return emulator_folder / "seed-digest";
}
/// Not the text: a seed may hold secrets.
std::string content_of(const std::string& seed) {
  const auto text = base::read_file(seed);
  return base::sha256_hex(text ? *text : "") + "\n";
}
}  // namespace

std::string choose_seed(const std::string& named, const base::Path& emulator_folder) {
  if (!named.empty()) return std::filesystem::absolute(named).string();
  if (base::exists(kSeedName)) return std::filesystem::absolute(kSeedName).string();
  const auto remembered = base::read_file(record_of(emulator_folder));
  const std::string file(remembered ? base::trim(*remembered) : "");
  return base::exists(file) ? file : "";
}

base::Result<void> remember_seed(const std::string& seed, const base::Path& emulator_folder) {
  TRY(base::make_directories(emulator_folder, 0700));
  TRY(base::write_file(digest_of(emulator_folder), content_of(seed), 0600));
  return base::write_file(record_of(emulator_folder), seed + "\n", 0600);
}

bool is_changed_seed(const std::string& seed, const base::Path& emulator_folder) {
  const auto known = base::read_file(digest_of(emulator_folder));
  return known && *known != content_of(seed);
}

base::Result<base::Json> parse_yaml(const std::string& name, const std::string& text) {
  workflow::Diagnostics diagnostics;
  const auto node = workflow::read_yaml(name, text, diagnostics);
  if (!diagnostics.empty())
    return base::make_error(base::ErrorKind::invalid_input, workflow::to_string(diagnostics.front()));
  return node.present() ? workflow::to_json(node) : base::Json(base::Json::object());
}

base::Result<base::Json> load_seed(const std::string& file) {
  if (file.empty()) return base::Json(base::Json::object());
  TRY(const auto text, base::read_file(file));
  TRY(auto seed, parse_yaml(file, text));
  if (seed.is_object()) return seed;
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("{}: expected a mapping like `account: '123456789012'`, found a {}",
                                      file, seed.is_array() ? "sequence" : "scalar"));
}

}  // namespace cli
