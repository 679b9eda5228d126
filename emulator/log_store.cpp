#include "emulator/log_store.h"

#include <system_error>

#include "base/json.h"
#include "base/log.h"
#include "base/strings.h"

namespace emulator {

namespace {

constexpr std::uintmax_t kLargestFile = 8U << 20;  // two of them per stream: the newest and the one before
constexpr std::size_t kLongestName = 512;
constexpr std::string_view kEnding = ".jsonl";

// Percent-encoded, a name is one path component and no hidden one.
std::string file_name(const std::string& name) {
  auto encoded = base::percent_encode(name.substr(0, kLongestName));
  return base::replace_all(encoded, ".", "%2E");
}

void read_lines(const base::Path& file, std::vector<LogLine>& lines) {
  const auto text = base::read_file(file);
  if (!text) return;
  for (const auto line : base::lines_of(*text)) {
    const auto json = base::parse_json(line);
    if (json) lines.push_back({base::json_integer(*json, "t"), base::json_string(*json, "m")});
  }
}

base::Path older(base::Path file) {
  return file += ".1";
}

}  // namespace

base::Path LogStore::group_folder(const std::string& group) const {
  return folder_ / file_name(group);
}

base::Path LogStore::stream_file(const std::string& group, const std::string& stream) const {
  return group_folder(group) / (file_name(stream) + std::string(kEnding));
}

bool LogStore::create_group(const std::string& group) {
  const std::lock_guard lock(mutex_);
  if (base::is_directory(group_folder(group))) return false;
  if (auto made = base::make_directories(group_folder(group), 0700); !made)
    base::log(base::LogLevel::error, made.error().to_string());
  return true;
}

bool LogStore::has_group(const std::string& group) {
  return base::is_directory(group_folder(group));
}

bool LogStore::remove_group(const std::string& group) {
  const std::lock_guard lock(mutex_);
  return base::is_directory(group_folder(group)) && base::remove_tree(group_folder(group)).ok();
}

std::vector<std::string> LogStore::groups() {
  std::vector<std::string> names;
  for (const auto& name : base::list_directory(folder_).value_or({}))
    names.push_back(base::percent_decode(name));
  return names;
}

LogStore::Made LogStore::create_stream(const std::string& group, const std::string& stream) {
  const std::lock_guard lock(mutex_);
  if (!base::is_directory(group_folder(group))) return Made::no_group;
  if (base::exists(stream_file(group, stream))) return Made::existed;
  if (auto made = base::append_file(stream_file(group, stream), "", 0600); !made)
    base::log(base::LogLevel::error, made.error().to_string());
  return Made::created;
}

bool LogStore::has_stream(const std::string& group, const std::string& stream) {
  return base::exists(stream_file(group, stream));
}

std::vector<std::string> LogStore::streams(const std::string& group) {
  std::vector<std::string> names;
  for (const auto& name : base::list_directory(group_folder(group)).value_or({})) {
    if (!name.ends_with(kEnding)) continue;
    names.push_back(base::percent_decode(name.substr(0, name.size() - kEnding.size())));
  }
  return names;
}

void LogStore::append(const std::string& group, const std::string& stream, const std::string& message) {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch()).count();
  append(group, stream, std::vector<LogLine>{{now, message}});
}

void LogStore::append(const std::string& group, const std::string& stream,
                      const std::vector<LogLine>& lines) {
  std::string text;
  for (const auto& line : lines) text += base::to_text({{"t", line.time_ms}, {"m", line.message}}) + "\n";
  const std::lock_guard lock(mutex_);
  const auto file = stream_file(group, stream);
  std::error_code error;
  if (const auto size = std::filesystem::file_size(file, error); !error && size > kLargestFile)
    std::filesystem::rename(file, older(file), error);
  if (auto written = base::append_file(file, text, 0600); !written)
    base::log(base::LogLevel::error, written.error().to_string());
}

std::vector<LogLine> LogStore::read(const std::string& group, const std::string& stream) {
  const std::lock_guard lock(mutex_);
  std::vector<LogLine> lines;
  const auto file = stream_file(group, stream);
  read_lines(older(file), lines);
  read_lines(file, lines);
  return lines;
}

}  // namespace emulator
