#include "steps/environment_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/crypto.h"
#include "base/strings.h"
#include "steps/job_files.h"

namespace steps {
namespace {

constexpr std::size_t kMaximumFile = 16U << 20;
constexpr std::size_t kMaximumSummary = 1U << 20;
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kFiles = {{
    {"env", "set_env"},
    {"output", "set_output"},
    {"state", "save_state"},
    {"path", "add_path"},
    {"step_summary", "step_summary"},
}};

struct LineRead {
  std::string_view text;
  bool has_newline = false;
};

/// Takes one line off the front; nothing at the end of the text.
std::optional<LineRead> next_line(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return LineRead{std::exchange(rest, {}), false};
  LineRead line{rest.substr(0, end), true};
  rest.remove_prefix(end + 1);
  return line;
}

base::Result<std::string> read_block(std::string_view& rest, std::string_view delimiter) {
  const char* begin = rest.data();
  std::size_t length = 0;
  for (;;) {
    const auto line = next_line(rest);
    if (!line) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("Invalid value. Matching delimiter not found '{}'", delimiter));
    }
    if (line->text == delimiter) break;
    if (!line->has_newline) {
      return base::make_error(base::ErrorKind::invalid_input, "Invalid value. EOF marker missing new line.");
    }
    length = static_cast<std::size_t>(line->text.data() + line->text.size() - begin);
  }
  return std::string(begin, length);
}

std::string shortened(std::string_view line) {
  constexpr std::size_t kShown = 120;
  return line.size() <= kShown ? std::string(line) : std::string(line.substr(0, kShown)) + "…";
}

}  // namespace

base::Result<NameValues> parse_name_values(std::string_view text, std::string_view variable) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  NameValues found;
  int number = 0;
  std::string_view rest = text;
  const auto invalid = [&](std::string_view line, std::string_view why) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("Invalid format '{}' in ${}, entry {}{}", shortened(line), variable, number, why));
  };
  while (const auto line = next_line(rest)) {
    if (line->text.empty()) continue;
    ++number;
    const std::size_t equals = line->text.find('=');
    const std::size_t block = line->text.find("<<");
    if (block != std::string_view::npos && (equals == std::string_view::npos || block < equals)) {
      std::string_view name = line->text.substr(0, block);
      std::string_view delimiter = line->text.substr(block + 2);
      if (name.empty() || delimiter.empty()) {
        return invalid(line->text, ". Name must not be empty and delimiter must not be empty");
      }
      TRY(std::string value, read_block(rest, delimiter));
      found.emplace_back(name, std::move(value));
    } else if (equals != std::string_view::npos) {
      if (equals == 0) return invalid(line->text, ". Name must not be empty");
      found.emplace_back(line->text.substr(0, equals), line->text.substr(equals + 1));
    } else {
      return invalid(line->text, ": expected NAME=VALUE or NAME<<DELIMITER");
    }
  }
  return found;
}

base::Result<EnvironmentFiles> EnvironmentFiles::create(const SharedFolder& folder, std::uint32_t owner) {
  EnvironmentFiles files;
  TRY(files.folder_, base::open_directory(folder.host));
  const std::string id = base::random_uuid();
  for (const auto& [key, prefix] : kFiles) {
    const std::string name = fmt::format("{}_{}", prefix, id);
    TRY(create_file_for_steps(files.folder_.get(), name, "", 0644, owner));
    files.names_[std::string(key)] = name;
    files.paths_[std::string(key)] = folder.inside + "/" + name;
  }
  return files;
}

EnvironmentFiles::~EnvironmentFiles() {
  for (const auto& [key, name] : names_) unlinkat(folder_.get(), name.c_str(), 0);
}

base::Result<std::string> EnvironmentFiles::read_one(const std::string& key, std::size_t limit) const {
  const auto& name = names_.at(key);
  struct stat found {};
  const bool empty = fstatat(folder_.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISREG(found.st_mode) && found.st_size == 0;
  if (empty) return std::string();  // as most of them are
  return read_regular_file(folder_.get(), name, limit);
}

FileCommands EnvironmentFiles::read() const {
  FileCommands commands;
  const auto take = [&](const char* key, const char* variable, NameValues& into) {
    auto text = read_one(key, kMaximumFile);
    if (!text) {
      if (text.error().kind == base::ErrorKind::not_found) return;
      commands.errors.push_back(
          fmt::format("Unable to process file command '{}' successfully: {}", key, text.error().message));
      return;
    }
    auto parsed = parse_name_values(*text, variable);
    if (parsed) {
      into = std::move(*parsed);
    } else {
      commands.errors.push_back(
          fmt::format("Unable to process file command '{}' successfully: {}", key, parsed.error().message));
    }
  };
  take("env", "GITHUB_ENV", commands.environment);
  take("output", "GITHUB_OUTPUT", commands.outputs);
  take("state", "GITHUB_STATE", commands.state);
  if (auto text = read_one("path", kMaximumFile)) {
    for (std::string_view line : base::lines_of(*text)) {
      if (!line.empty()) commands.search_path.emplace_back(line);
    }
  } else if (text.error().kind != base::ErrorKind::not_found) {
    commands.errors.push_back("Unable to process file command 'path' successfully: " + text.error().message);
  }
  if (auto text = read_one("step_summary", kMaximumSummary)) {
    commands.summary = std::move(*text);
  } else if (text.error().kind != base::ErrorKind::not_found) {
    commands.summary_error = fmt::format("The step's summary was left out: {}", text.error().message);
  }
  return commands;
}

}  // namespace steps
