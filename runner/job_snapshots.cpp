#include "runner/job_snapshots.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/strings.h"
#include "runner/workspace.h"
#include "steps/secret_masker.h"
#include "steps/tree_copy.h"

namespace runner {

using workflow::expression::Object;
using workflow::expression::Value;

namespace {

constexpr const char* kStatesFile = "states.json";

// What of a value may be stored: no text that holds a secret. `left_out` says that there was one.
Value without_secret_texts(const Value& value, const steps::SecretMasker& masker, bool& left_out) {
  if (!value.is_object()) {
    if (!masker.holds_secret(value.to_text())) return value;
    left_out = true;
    return {};
  }
  Object clean;
  for (const auto& [name, member] : value.object().members())
    clean.set(name, without_secret_texts(member, masker, left_out));
  return Value(std::move(clean));
}

std::vector<std::string> text_list(const base::Json& list) {
  std::vector<std::string> texts;
  for (const auto& entry : list) {
    if (entry.is_string()) texts.push_back(entry.get<std::string>());
  }
  return texts;
}

void say(const steps::RunningJob& job, const std::string& text) {
  job.log->line(steps::LineKind::notice, text);
}

}  // namespace

struct JobSnapshots::State {
  int step = 0;
  steps::Conclusion status = steps::Conclusion::success;
  Value steps;
  sandbox::EnvVars environment;  ///< what steps have added or changed
  std::vector<std::string> search_path;
};

base::Path snapshots_folder(const base::Path& run_folder, const std::string& job) {
  return run_folder / "snapshots" / folder_name_of(job);
}

bool has_snapshots(const base::Path& folder) {
  return base::exists(folder / kStatesFile);
}

JobSnapshots::JobSnapshots(base::Path folder, const steps::RunningJob& job)
    : folder_(std::move(folder)),
      workspace_(folder_, job.folders.workspace.host),
      first_environment_(job.environment) {
  // Of an earlier attempt of the same job.
  if (auto removed = base::remove_tree(folder_); !removed)
    base::log(base::LogLevel::warning, removed.error().to_string());
}

JobSnapshots::~JobSnapshots() {
  if (kept_) return;
  if (auto removed = base::remove_tree(folder_); !removed)
    base::log(base::LogLevel::warning, removed.error().to_string());
}

void JobSnapshots::take(int step, const steps::RunningJob& job) {
  if (!workspace_.take(step) && off_since_ == 0) off_since_ = step;
  if (off_since_ != 0) return;
  State state{.step = step,
              .status = job.status,
              .steps = job.contexts.get("steps"),
              .environment = {},
              .search_path = job.search_path};
  for (const auto& [name, value] : job.environment) {
    const auto first = first_environment_.find(name);
    if (first == first_environment_.end() || first->second != value) state.environment[name] = value;
  }
  states_.push_back(std::move(state));
}

base::Result<std::string> JobSnapshots::keep(const steps::RunningJob& job) {
  const auto& masker = *job.masker;
  base::Json states = base::Json::array();
  for (const auto& state : states_) {
    bool left_out = false;
    base::Json environment = base::Json::object();
    base::Json withheld = base::Json::array();
    for (const auto& [name, value] : state.environment) {
      if (masker.holds_secret(value)) {
        withheld.push_back(name);
      } else {
        environment[name] = value;
      }
    }
    const auto steps = without_secret_texts(state.steps, masker, left_out);
    states.push_back({{"step", state.step},
                      {"status", std::string(steps::to_string(state.status))},
                      {"steps", workflow::expression::to_json(steps)},
                      {"outputs_left_out", left_out},
                      {"environment", environment},
                      {"environment_left_out", withheld},
                      {"search_path", state.search_path}});
  }
  TRY(base::make_directories(folder_, 0700));
  TRY(const auto removed, WorkspaceSnapshots::remove_secrets(folder_, masker));
  const base::Json json = {{"states", states}, {"files_left_out", removed}};
  TRY(base::write_file(folder_ / kStatesFile, base::to_text(json), 0600));
  kept_ = true;
  if (off_since_ == 0) return std::string();
  return fmt::format("The workspace is not kept from step {} on: {}", off_since_, workspace_.why_off());
}

namespace {

base::Result<base::Json> state_of_step(const ResumePoint& point, base::Json& all) {
  const auto file = point.folder / kStatesFile;
  const auto none = [&] {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("what job '{}' had before step {} was not kept: that is done only "
                                        "for jobs that fail, up to a size of their workspace",
                                        point.job, point.step));
  };
  if (!base::exists(file)) return none();
  TRY(const auto text, base::read_file(file));
  TRY(all, base::parse_json(text));
  for (const auto& state : base::json_member(all, "states")) {
    if (base::json_integer(state, "step") == point.step) return state;
  }
  return none();
}

base::Result<void> restore_workspace(const ResumePoint& point, const steps::RunningJob& job) {
  TRY(const auto tree, WorkspaceSnapshots::tree_of(point.folder, point.step));
  TRY(const auto files, steps::list_tree(tree, [](const std::string&) { return true; }));
  TRY(const auto target, base::open_directory(job.folders.workspace.host));
  return steps::copy_files_for_steps(tree, files, target.get(), job.services->host_uid);
}

}  // namespace

base::Result<void> resume(const ResumePoint& point, steps::RunningJob& job) {
  base::Json all;
  TRY(const auto state, state_of_step(point, all));
  TRY(restore_workspace(point, job).while_doing("bringing the workspace back"));
  job.status =
      steps::parse_conclusion(base::json_string(state, "status")).value_or(steps::Conclusion::success);
  job.contexts.set_member("job", "status", Value(std::string(steps::to_string(job.status))));
  job.contexts.set("steps", workflow::expression::from_json(base::json_member(state, "steps")));
  for (const auto& [name, value] : base::json_member(state, "environment").items()) {
    if (value.is_string()) job.environment[name] = value.get<std::string>();
  }
  auto search_path = text_list(base::json_member(state, "search_path"));
  for (const auto& folder : job.search_path) {
    if (std::find(search_path.begin(), search_path.end(), folder) == search_path.end())
      search_path.push_back(folder);
  }
  job.search_path = std::move(search_path);
  say(job,
      fmt::format("Begins at step {}: workspace, environment and outputs are those of the attempt before. "
                  "RUNNER_TEMP and HOME are empty, and earlier steps have no post steps here.",
                  point.step));
  if (const auto names = text_list(base::json_member(state, "environment_left_out")); !names.empty()) {
    say(job, fmt::format("These variables held secrets, which are not stored: {}", base::join(names, ", ")));
  }
  if (base::json_bool(state, "outputs_left_out")) say(job, "Outputs of steps that held secrets are empty.");
  if (const auto names = text_list(base::json_member(all, "files_left_out")); !names.empty()) {
    say(job, fmt::format("These files held secrets, which are not stored: {}", base::join(names, ", ")));
  }
  return {};
}

}  // namespace runner
