#include "cli/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/strings.h"
#include "cli/watch_files.h"
#include "cli/watch_selection.h"

namespace cli {

namespace {

void say(const std::string& text) {
  fmt::print(stderr, "{}\n", text);
}

/// `a.py, b.py and 3 more`
std::string names_of(const std::vector<std::string>& files) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> named = files;
  named.resize(std::min(kNamed, files.size()));
  std::string text = base::join(named, ", ");
  if (files.size() > kNamed) text += fmt::format(" and {} more", files.size() - kNamed);
  return text;
}

/// The workflow's file as changes name it: relative to the repository.
std::string file_of(const workflow::Workflow& workflow, const base::Path& repository) {
  std::error_code error;
  const base::Path whole = std::filesystem::canonical(workflow.path, error);
  if (error) return workflow.path;
  return whole.lexically_relative(std::filesystem::canonical(repository, error)).string();
}

const workflow::Workflow* find_by_path(const std::vector<workflow::Workflow>& workflows,
                                       const std::string& path) {
  const auto found = std::find_if(workflows.begin(), workflows.end(),
                                  [&](const workflow::Workflow& known) { return known.path == path; });
  return found == workflows.end() ? nullptr : &*found;
}

/// What of a workflow the change affects; an empty one when it is nothing.
workflow::Workflow affected_part(const workflow::Workflow& now, const workflow::Workflow* before,
                                 const WatchedRuns& runs, const workflow::Event& event) {
  const std::string file = file_of(now, runs.repository);
  const bool rewritten =
      std::find(event.changed_files.begin(), event.changed_files.end(), file) != event.changed_files.end();
  const auto verdict = workflow::matches(now, event);
  if (!verdict.fires && !rewritten) {
    say(fmt::format("{}: not run: {}", now.path, verdict.reason));
    return {};
  }
  if (before == nullptr) {
    say(fmt::format("{}: all jobs", now.path));
    return now;
  }
  const AffectedJobs affected = affected_jobs({now, *before, file, event.changed_files, runs.no_builtin});
  say(fmt::format("{}: {}{}", now.path, affected.jobs.empty() ? "not run: " : "", affected.reason));
  return affected.jobs.empty() ? workflow::Workflow{} : keep_jobs(now, affected.jobs);
}

}  // namespace

base::Result<int> watch_and_run(std::vector<workflow::Workflow> workflows, const WatchedRuns& runs,
                                int first_code) {
  int code = first_code;
  TRY(auto files, WatchedFiles::start(runs.repository, runs.state_folder));
  while (!runs.stop.stop_requested()) {
    say(fmt::format("watching {} folders of {}; Ctrl-C ends", files.folders(), runs.repository.string()));
    TRY(const auto changed, files.next_changes(runs.stop));
    if (changed.empty()) break;
    say(fmt::format("\nchanged: {}", names_of(changed)));
    auto loaded = runs.load();
    if (!loaded) {
      say(loaded.error().to_string());
      continue;
    }
    TRY(workflow::Event event, runs.event());
    event.changed_files = changed;
    event.changed_files_known = true;
    int worst = 0;
    bool ran = false;
    for (const auto& workflow : *loaded) {
      const auto part = affected_part(workflow, find_by_path(workflows, workflow.path), runs, event);
      if (part.jobs.empty() || runs.stop.stop_requested()) continue;
      TRY(const int one, runs.run(part, event));
      worst = std::max(worst, one);
      ran = true;
    }
    if (ran) code = worst;
    // A file that cannot be read for a while is compared with how it was when it could.
    for (auto& workflow : *loaded) {
      std::erase_if(workflows, [&](const auto& known) { return known.path == workflow.path; });
      workflows.push_back(std::move(workflow));
    }
  }
  return code;
}

}  // namespace cli
