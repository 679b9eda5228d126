#include "steps/builtin/aws_profile_files.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "steps/job_files.h"

namespace steps::builtin {
namespace {

constexpr std::size_t kLargestProfileFile = 1U << 20;
constexpr mode_t kOwnerOnly = 0600;

base::Result<void> check_name(std::string_view name) {
  const auto refused = [](const char* what) {
    return base::invalid_input(fmt::format("aws-profile must not contain {}", what));
  };
  if (name.find_first_of(" \t\r\n\v\f") != std::string_view::npos) return refused("whitespace");
  if (name.find_first_of("[]") != std::string_view::npos) return refused("brackets");
  if (name.find_first_of("/\\") != std::string_view::npos) return refused("path separators");
  return {};
}

struct ProfileFile {
  const char* variable;
  const char* name;
  std::string section;
  std::string lines;
};

base::Result<std::string> write_section(const ProfileFile& file, ExistingProfile existing,
                                        const ActionCall& call, RunningJob& job) {
  auto path = call.variable(file.variable);
  if (path.empty()) path = fmt::format("{}/.aws/{}", job.folders.temp.inside, file.name);
  auto before = read_job_file(job.folders, path, kLargestProfileFile);
  if (!before && before.error().kind != base::ErrorKind::not_found) return std::move(before).error();
  TRY(const auto text, with_section(before ? *before : "", file.section, file.lines, existing));
  TRY(const auto place, to_host(job.folders, path).while_doing(fmt::format("looking at {}", file.variable)));
  TRY(auto folder, base::open_directory(place.folder));
  if (place.relative.has_parent_path()) {
    TRY(folder, make_folder_for_steps(folder.get(), place.relative.parent_path(), job.services->host_uid));
  }
  TRY(create_file_for_steps(folder.get(), place.relative.filename(), text, kOwnerOnly,
                            job.services->host_uid));
  return path;
}

}  // namespace

base::Result<std::string> with_section(std::string_view text, const std::string& section,
                                       std::string_view lines, ExistingProfile existing) {
  std::string kept;
  bool within = false;
  for (const auto line : base::lines_of(text)) {
    const auto trimmed = base::trim(line);
    if (trimmed.starts_with('[')) within = trimmed == "[" + section + "]";
    if (within && existing == ExistingProfile::refused) {
      return base::invalid_input(fmt::format(
          "Profile with name \"{}\" already exists. Please use the overwrite-aws-profile input if "
          "you want to overwrite existing profiles.",
          section));
    }
    if (!within) kept += fmt::format("{}\n", line);
  }
  return fmt::format("{}[{}]\n{}", kept, section, lines);
}

base::Result<std::vector<std::pair<std::string, std::string>>> write_profile(const ProfileEntry& entry,
                                                                             const ActionCall& call,
                                                                             RunningJob& job) {
  TRY(check_name(entry.name));
  const auto& keys = entry.credentials;
  auto secrets = fmt::format("aws_access_key_id = {}\naws_secret_access_key = {}\n", keys.access_key_id,
                             keys.secret_access_key);
  if (!keys.session_token.empty()) secrets += fmt::format("aws_session_token = {}\n", keys.session_token);
  const ProfileFile files[] = {
      {"AWS_SHARED_CREDENTIALS_FILE", "credentials", entry.name, std::move(secrets)},
      {"AWS_CONFIG_FILE", "config", entry.name == "default" ? entry.name : "profile " + entry.name,
       fmt::format("region = {}\n", entry.region)}};
  std::vector<std::pair<std::string, std::string>> variables;
  for (const auto& file : files) {
    job.log->line(LineKind::output, fmt::format("Writing {} to profile: {}", file.name, entry.name));
    TRY(auto path, write_section(file, entry.existing, call, job));
    variables.emplace_back(file.variable, std::move(path));
  }
  return variables;
}

}  // namespace steps::builtin
