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
constexpr std::size_t kMaximumArtifacts = 1U << 20;
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kFiles = {{
    {"env", "set_env"},
    {"output", "set_output"},
    {"state", "save_state"},
    {"path", "add_path"},
    {"step_summary", "step_summary"},
    {"artifacts", "artifacts"},
    {"artifacts_list", "artifacts_list"},
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

ParsedNameValues parse_name_values(std::string_view text, EmptyNames empty_names) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  ParsedNameValues found;
  std::string_view rest = text;
  while (const auto line = next_line(rest)) {
    if (line->text.empty()) continue;
    const std::size_t equals = line->text.find('=');
    const std::size_t block = line->text.find("<<");
    if (block != std::string_view::npos && (equals == std::string_view::npos || block < equals)) {
      std::string_view name = line->text.substr(0, block);
      std::string_view delimiter = line->text.substr(block + 2);
      if (name.empty() || delimiter.empty()) {
        found.error =
            fmt::format("Invalid format '{}'. Name must not be empty and delimiter must not be empty",
                        shortened(line->text));
        break;
      }
      auto value = read_block(rest, delimiter);
      if (!value) {
        found.error = value.error().message;
        break;
      }
      found.pairs.emplace_back(name, std::move(*value));
    } else if (equals == std::string_view::npos) {
      found.error = fmt::format("Invalid format '{}'", shortened(line->text));
      break;
    } else if (equals == 0 && empty_names == EmptyNames::refused) {
      found.error = "Value cannot be null. (Parameter 'name')";
      break;
    } else {
      found.pairs.emplace_back(line->text.substr(0, equals), line->text.substr(equals + 1));
    }
  }
  return found;
}

base::Result<EnvironmentFiles> EnvironmentFiles::create(const SharedFolder& folder, std::uint32_t owner,
                                                        Artifacts artifacts) {
  EnvironmentFiles files;
  TRY(files.folder_, base::open_directory(folder.host));
  files.inside_ = folder.inside;
  files.id_ = base::random_uuid();
  files.owner_ = owner;
  for (const auto& [key, prefix] : kFiles) TRY(files.add(key, prefix, ""));
  files.artifacts_ = artifacts;
  return files;
}

base::Result<void> EnvironmentFiles::add(std::string_view key, std::string_view prefix,
                                         const std::string& text) {
  const std::string name = fmt::format("{}_{}", prefix, id_);
  TRY(create_file_for_steps(folder_.get(), name, text, 0644, owner_));
  names_[std::string(key)] = name;
  paths_[std::string(key)] = inside_ + "/" + name;
  return {};
}

base::Result<void> EnvironmentFiles::show_artifacts(const std::string& text) {
  return add("artifacts_list", "artifacts_list", text);
}

EnvironmentFiles::~EnvironmentFiles() {
  for (const auto& [key, name] : names_) unlinkat(folder_.get(), name.c_str(), 0);
}

std::optional<std::size_t> EnvironmentFiles::size_of(const std::string& key) const {
  struct stat found {};
  if (fstatat(folder_.get(), names_.at(key).c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (!S_ISREG(found.st_mode)) return std::nullopt;
  return static_cast<std::size_t>(found.st_size);
}

base::Result<std::string> EnvironmentFiles::read_one(const std::string& key, std::size_t limit) const {
  if (size_of(key) == 0) return std::string();  // as most of them are
  return read_regular_file(folder_.get(), names_.at(key), limit);
}

FileCommands EnvironmentFiles::read() const {
  FileCommands commands;
  const auto refuse = [&](std::string_view key, const std::string& why) {
    commands.errors.push_back(fmt::format("Unable to process file command '{}' successfully.", key));
    commands.errors.push_back(why);
  };
  const auto text_of = [&](const char* key) {
    auto text = read_one(key, kMaximumFile);
    if (!text && text.error().kind != base::ErrorKind::not_found) refuse(key, text.error().message);
    return text ? std::move(*text) : std::string();
  };
  const auto take = [&](const char* key, EmptyNames empty_names, NameValues& into) {
    auto parsed = parse_name_values(text_of(key), empty_names);
    into = std::move(parsed.pairs);
    if (!parsed.error.empty()) refuse(key, parsed.error);
  };
  const std::string folders = text_of("path");
  for (const auto& line : base::split(base::replace_all(folders, "\r", "\n"), '\n')) {
    if (!line.empty()) commands.search_path.push_back(line);
  }
  take("env", EmptyNames::refused, commands.environment);
  if (auto text = read_one("step_summary", kMaximumSummary)) {
    commands.summary = std::move(*text);
  } else if (const auto size = size_of("step_summary"); size && *size > kMaximumSummary) {
    commands.summary_error = fmt::format(
        "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of {}k, got {}k. For more "
        "information see: https://docs.github.com/actions/using-workflows/workflow-commands-for-github-"
        "actions#adding-a-markdown-summary",
        kMaximumSummary / 1024, *size / 1024);
  } else if (text.error().kind != base::ErrorKind::not_found) {
    commands.summary_error =
        fmt::format("Failed to create step summary using 'GITHUB_STEP_SUMMARY': {}", text.error().message);
  }
  take("state", EmptyNames::allowed, commands.state);
  take("output", EmptyNames::refused, commands.outputs);
  if (artifacts_ == Artifacts::ignored) return commands;
  if (auto text = read_one("artifacts", kMaximumArtifacts)) {
    commands.artifacts = std::move(*text);
  } else if (const auto size = size_of("artifacts"); size && *size > kMaximumArtifacts) {
    refuse("artifacts", fmt::format("$GITHUB_ARTIFACTS file exceeds the maximum size of {} KiB (got {} KiB).",
                                    kMaximumArtifacts / 1024, *size / 1024));
  } else if (text.error().kind != base::ErrorKind::not_found) {
    refuse("artifacts", text.error().message);
  }
  return commands;
}

}  // namespace steps
