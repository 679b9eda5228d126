#include "steps/builtin/found_tool.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "steps/builtin/aws_session.h"
#include "steps/problem_matcher.h"

namespace steps::builtin {
namespace {

constexpr int kProbeSeconds = 30;
constexpr std::size_t kMaximumVersionFile = 1U << 20;

}  // namespace

std::optional<std::string> output_of(const std::vector<std::string>& argv, const ActionCall& call,
                                     RunningJob& job) {
  sandbox::Command command;
  command.argv = argv;
  command.environment = call.environment;
  command.directory = job.folders.workspace.inside;
  auto finished = sandbox::run_to_end(*job.sandbox, std::move(command), kProbeSeconds);
  if (!finished || finished->status.shell_code() != 0) return std::nullopt;
  return std::move(finished->output);
}

std::optional<FoundTool> probe_tool(const std::vector<std::string>& argv, const ActionCall& call,
                                    RunningJob& job) {
  const auto output = output_of(argv, call, job);
  if (!output) return std::nullopt;
  std::vector<std::string> lines = base::split(base::trim(*output), '\n');
  const auto version = lines.empty() ? std::nullopt : find_version(lines[0]);
  if (!version || lines.size() < 2) return std::nullopt;
  FoundTool tool{argv[0], *version, std::string(base::trim(lines[1])), {}};
  tool.more.assign(lines.begin() + 2, lines.end());
  return tool;
}

base::Result<std::vector<WantedVersion>> read_version_file(const RunningJob& job, const std::string& file,
                                                           const std::string& tool,
                                                           const VersionsInFile& versions_in) {
  const std::string path = file.front() == '/' ? file : job.folders.workspace.inside + "/" + file;
  auto text = read_job_file(job.folders, path, kMaximumVersionFile);
  if (!text && text.error().kind == base::ErrorKind::not_found) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("The specified {} version file at: {} does not exist", tool, file));
  }
  if (!text) return std::move(text).error().while_doing(tool + "-version-file");
  std::vector<WantedVersion> wanted;
  for (std::string& version : versions_in(base::Path(file).filename().string(), *text)) {
    if (!version.empty()) wanted.push_back({std::move(version), file});
  }
  if (wanted.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("{} names no version of {}", file, tool));
  }
  return wanted;
}

base::Result<std::vector<WantedVersion>> read_wanted_versions(const ActionCall& call, RunningJob& job,
                                                              const std::string& tool,
                                                              const VersionsInFile& versions_in) {
  std::vector<WantedVersion> wanted;
  const std::string input = call.input(tool + "-version");
  for (std::string_view line : base::lines_of(input)) {
    if (!base::trim(line).empty()) wanted.push_back({std::string(base::trim(line)), tool + "-version"});
  }
  const std::string file = call.input(tool + "-version-file");
  if (file.empty()) return wanted;
  if (!wanted.empty()) {
    warn(job, fmt::format("Both {0}-version and {0}-version-file inputs are specified, only {0}-version will "
                          "be used",
                          tool));
    return wanted;
  }
  return read_version_file(job, file, tool, versions_in);
}

base::Result<FoundTool> choose_tool(const WantedVersion& wanted, const std::vector<FoundTool>& found,
                                    const ToolNames& names) {
  TRY(const VersionSpec spec, VersionSpec::parse(wanted.text).while_doing("reading " + wanted.source));
  for (const FoundTool& tool : found) {
    if (spec.allows(tool.version)) return tool;
  }
  std::vector<std::string> there;
  for (const FoundTool& tool : found)
    there.push_back(fmt::format("{} ({})", to_string(tool.version), tool.executable));
  return base::make_error(
      base::ErrorKind::not_found,
      fmt::format(
          "{} {} was asked for ({}), but this machine has {}. Install it so that it is under /usr or /opt "
          "(for example: apt-get install {}), or ask for a version that is there",
          names.title, wanted.text, wanted.source, there.empty() ? "none" : base::join(there, ", "),
          names.package));
}

std::string value_of_line(std::string_view text, std::string_view key) {
  for (std::string_view line : base::lines_of(text)) {
    line = base::trim(line);
    if (!line.starts_with(key)) continue;
    const std::string_view after = line.substr(key.size());
    if (after.find_first_of(" \t=") != 0) continue;
    std::string_view rest = base::trim(after);
    if (rest.starts_with('=')) rest = base::trim(rest.substr(1));
    if (rest.size() >= 2 && (rest.front() == '"' || rest.front() == '\'')) {
      return std::string(rest.substr(1, rest.find(rest.front(), 1) - 1));
    }
    return std::string(rest.substr(0, rest.find_first_of(" \t#")));
  }
  return "";
}

std::string_view toml_section(std::string_view text, std::string_view section) {
  std::size_t begin = std::string_view::npos;
  for (const std::string_view line : base::lines_of(text)) {
    const std::string_view name = base::trim(line.substr(0, line.find('#')));
    if (!name.starts_with('[')) continue;
    const auto position = static_cast<std::size_t>(line.data() - text.data());
    if (begin != std::string_view::npos) return text.substr(begin, position - begin);
    if (name == fmt::format("[{}]", section)) begin = position + line.size();
  }
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

std::string first_line(std::string_view text) {
  for (std::string_view line : base::lines_of(text)) {
    line = base::trim(line.substr(0, line.find('#')));
    if (!line.empty()) return std::string(line);
  }
  return "";
}

void warn_of_unused_inputs(const ActionCall& call, RunningJob& job, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string value = call.input(name);
    if (value.empty() || base::equals_ignoring_case(value, "false")) continue;
    warn(job, fmt::format("The input '{}' of {} has no effect here: nothing is downloaded to set the tool up",
                          name, call.uses));
  }
}

base::Result<void> refuse_inputs(const ActionCall& call, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string value = call.input(name);
    if (value.empty() || base::equals_ignoring_case(value, "false")) continue;
    const std::string_view action = std::string_view(call.uses).substr(0, call.uses.find('@'));
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("The input '{}' is not supported by the built-in {}; leave it out, or use the action "
                    "itself with --no-builtin {}",
                    name, action, action));
  }
  return {};
}

base::Result<void> add_problem_matcher(RunningJob& job, std::string_view json) {
  if (!job.matchers) job.matchers = std::make_shared<ProblemMatchers>();
  return job.matchers->add(json);
}

}  // namespace steps::builtin
