#include "steps/compose/load.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/strings.h"
#include "steps/compose/dotenv.h"

namespace steps::compose {

namespace {

using base::Path;
using base::Result;

constexpr std::size_t kLargestFile = 1U << 20;
constexpr const char* kNames[] = {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::map<std::string, std::string> caller_environment() {
  std::map<std::string, std::string> found;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) found[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return found;
}

Path here() {
  std::error_code ignored;
  return std::filesystem::current_path(ignored);
}

/// `compose.yaml` and its like, here or above, with the file that overrides it.
Result<std::vector<std::string>> find_files() {
  for (Path folder = here();; folder = folder.parent_path()) {
    for (const auto& name : kNames) {
      const Path file = folder / name;
      if (!base::exists(file)) continue;
      std::vector<std::string> files{file.string()};
      for (const auto* extension : {".yaml", ".yml"}) {
        const Path over = folder / (file.stem().string() + ".override" + extension);
        if (base::exists(over) && files.size() == 1) files.push_back(over.string());
      }
      return files;
    }
    if (folder == folder.parent_path()) break;
  }
  return base::make_error(base::ErrorKind::not_found, "no configuration file provided: not found");
}

Result<std::vector<std::string>> files_of(const CommandLine& line) {
  if (!line.files.empty()) return line.files;
  const auto named = variable("COMPOSE_FILE");
  if (named.empty()) return find_files();
  const auto separator = variable("COMPOSE_PATH_SEPARATOR");
  return base::split(named, separator.empty() ? ':' : separator[0]);
}

/// What Compose makes of a folder's name.
std::string as_project_name(std::string_view text) {
  std::string name;
  for (const char c : base::to_lower(text)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain || ((c == '-' || c == '_') && !name.empty())) name += c;
  }
  return name;
}

Result<std::string> project_name(const CommandLine& line, const Project& project) {
  std::string asked = line.project;
  if (asked.empty()) asked = project.look_up("COMPOSE_PROJECT_NAME").value_or("");
  if (asked.empty()) asked = project.file.name;
  if (asked.empty()) asked = as_project_name(project.folder.filename().string());
  if (asked.empty()) return base::invalid_input("project name must not be empty; give it with -p");
  if (asked == as_project_name(asked)) return asked;
  return base::invalid_input(fmt::format(
      "invalid project name \"{}\": must consist only of lowercase alphanumeric characters, hyphens, "
      "and underscores as well as start with a letter or number",
      asked));
}

Result<void> read_environment(const CommandLine& line, Project& project) {
  auto files = line.environment_files;
  const bool asked = !files.empty();
  if (!asked) files = {(project.folder / ".env").string()};
  const auto own = caller_environment();
  for (const auto& file : files) {
    if (!asked && !base::exists(file)) continue;
    TRY(const auto text, base::read_file(file, kLargestFile));
    const Lookup lookup = [&](const std::string& name) -> std::optional<std::string> {
      const auto found = own.find(name);
      return found == own.end() ? std::nullopt : std::optional(found->second);
    };
    TRY(const auto variables, read_dotenv(file, text, lookup));
    for (const auto& [name, value] : variables) project.environment[name] = value;
  }
  for (const auto& [name, value] : own) project.environment[name] = value;
  return {};
}

std::string outside_name(const Project& project, const std::map<std::string, Shared>& shared,
                         const std::string& name) {
  const auto found = shared.find(name);
  if (found != shared.end() && !found->second.name.empty()) return found->second.name;
  return project.name + "_" + name;
}

}  // namespace

std::optional<std::string> Project::look_up(const std::string& wanted) const {
  const auto found = environment.find(wanted);
  return found == environment.end() ? std::nullopt : std::optional(found->second);
}

std::string Project::network_name(const std::string& key) const {
  return outside_name(*this, file.networks, key);
}

std::string Project::volume_name(const std::string& key) const {
  return outside_name(*this, file.volumes, key);
}

std::string Project::image_name(const Service& service) const {
  return service.image.empty() ? name + "-" + service.name : service.image;
}

std::string Project::container_name(const Service& service) const {
  return service.container_name.empty() ? name + "-" + service.name + "-1" : service.container_name;
}

Path Project::path_of(const std::string& text) const {
  if (text == "~" || text.starts_with("~/"))
    return Path(look_up("HOME").value_or("/")) / text.substr(text == "~" ? 1 : 2);
  return (folder / text).lexically_normal();
}

Result<Project> load_project(const CommandLine& line) {
  Project project;
  TRY(const auto files, files_of(line));
  project.folder = here() / (line.directory.empty() ? Path(files[0]).parent_path() : Path(line.directory));
  project.folder = project.folder.lexically_normal();
  if (!project.folder.has_filename()) project.folder = project.folder.parent_path();
  TRY(read_environment(line, project));
  const Lookup lookup = [&](const std::string& name) { return project.look_up(name); };
  for (const auto& file : files) {
    auto text =
        file == "-" ? base::read_all(STDIN_FILENO, kLargestFile) : base::read_file(file, kLargestFile);
    if (!text) return std::move(text).error();
    TRY(auto read, read_compose({file, *text}, lookup, project.unset));
    merge_into(project.file, std::move(read));
  }
  TRY(check_references(project.file));
  TRY(project.name, project_name(line, project));
  project.profiles = line.profiles;
  for (const auto& profile : base::split(project.look_up("COMPOSE_PROFILES").value_or(""), ',')) {
    if (!profile.empty()) project.profiles.push_back(profile);
  }
  return project;
}

}  // namespace steps::compose
