#include "server/master_key.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "base/strings.h"

namespace server {

namespace {

constexpr std::size_t kLargestKeyFile = 4096;
constexpr mode_t kReadableByOthers = 0077;

std::string text_of_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

base::Path master_key_file(const base::Path& state_folder) {
  return state_folder / kMasterKeyName;
}

base::Result<MasterKey> read_master_key(const base::Path& file) {
  TRY(auto text, base::read_file(file, kLargestKeyFile));
  auto key = MasterKey::parse(base::trim(text));
  forget(text);
  return std::move(key).while_doing("reading " + file.string());
}

base::Result<void> store_master_key(const base::Path& state_folder, const MasterKey& key) {
  TRY(base::make_directories(state_folder, 0700));
  auto text = key.to_text() + "\n";
  auto written = base::write_file(master_key_file(state_folder), text, 0600);
  forget(text);
  return std::move(written).while_doing("keeping the master key");
}

base::Result<FoundMasterKey> find_master_key(const base::Path& state_folder, MissingKey missing) {
  if (const auto folder = text_of_variable("CREDENTIALS_DIRECTORY"); !folder.empty()) {
    const auto file = base::Path(folder) / kMasterKeyName;
    if (base::exists(file)) {
      TRY(auto key, read_master_key(file));
      return FoundMasterKey{std::move(key), "the systemd credential " + std::string(kMasterKeyName)};
    }
  }
  const auto file = master_key_file(state_folder);
  if (base::exists(file)) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return base::system_error("reading " + file.string(), errno);
    if ((status.st_mode & kReadableByOthers) != 0) {
      return base::make_error(
          base::ErrorKind::denied,
          fmt::format("{} has mode {:04o}, so that others can read the key; expected 0600", file.string(),
                      status.st_mode & 07777U));
    }
    TRY(auto key, read_master_key(file));
    return FoundMasterKey{std::move(key), file.string()};
  }
  if (auto text = text_of_variable("PIPELINE_MASTER_KEY"); !text.empty()) {
    auto key = MasterKey::parse(base::trim(text));
    forget(text);
    if (!key) return std::move(key).error().while_doing("reading PIPELINE_MASTER_KEY");
    return FoundMasterKey{std::move(*key), "PIPELINE_MASTER_KEY"};
  }
  if (missing == MissingKey::is_made) {
    auto key = MasterKey::generate();
    TRY(store_master_key(state_folder, key));
    return FoundMasterKey{std::move(key), file.string(), true};
  }
  return base::make_error(
      base::ErrorKind::not_found,
      fmt::format("there is no master key for the secrets: neither a systemd credential {}, nor {}, nor "
                  "PIPELINE_MASTER_KEY in the environment",
                  kMasterKeyName, file.string()));
}

}  // namespace server
