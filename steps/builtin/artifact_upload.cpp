// actions/upload-artifact and actions/upload-artifact/merge (upload-artifact.ts, search.ts,
// merge-artifacts.ts).

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "steps/artifact_archive.h"
#include "steps/builtin/artifact.h"
#include "steps/forge_artifacts.h"
#include "steps/glob_pattern.h"
#include "steps/name_pattern.h"
#include "steps/sandbox_search.h"

namespace steps::builtin {

namespace {

using base::Result;

struct FilesToUpload {
  std::vector<std::string> files;
  std::string root;
};

// The folder that all search paths are in: with several, what they begin with alike.
std::string common_folder(const std::vector<std::string>& paths) {
  auto common = names_of(paths.front());
  for (const auto& path : paths) {
    const auto names = names_of(path);
    const auto [end, ignored] = std::mismatch(common.begin(), common.end(), names.begin(), names.end());
    common.erase(end, common.end());
  }
  return "/" + base::join(common, "/");
}

Result<FilesToUpload> find_files(const ActionCall& call, const UploadSettings& settings, RunningJob& job) {
  SearchRequest search;
  search.patterns = call.input("path");
  search.hidden = settings.hidden;
  search.environment = call.environment;
  search.stop = call.stop;
  TRY(const auto found, search_sandbox(job, search));
  FilesToUpload upload;
  std::set<std::string> seen;
  for (const auto& path : found.paths) {
    if (path.is_directory) continue;
    upload.files.push_back(path.path);
    if (!seen.insert(base::to_lower(path.path)).second) {
      say(job, fmt::format("Uploads are case insensitive: {} was detected that it will be overwritten by "
                           "another file with the same path",
                           path.path));
    }
  }
  if (upload.files.empty()) return upload;
  upload.root = common_folder(found.search_paths);
  if (found.search_paths.size() > 1) {
    say(job, "Multiple search paths detected. Calculating the least common ancestor of all paths");
    say(job, fmt::format("The least common ancestor is {}. This will be the root directory of the artifact",
                         upload.root));
  } else if (upload.files.size() == 1 && upload.files.front() == upload.root) {
    upload.root = base::Path(upload.root).parent_path().string();
  }
  return upload;
}

// What to do when there is nothing to upload.
Result<ActionOutcome> nothing_found(const ActionCall& call, RunningJob& job) {
  const auto text = fmt::format(
      "No files were found with the provided path: {}. No artifacts will be uploaded.", call.input("path"));
  const auto choice = call.input("if-no-files-found", "warn");
  ActionOutcome outcome;
  if (choice == "error") {
    outcome.failure = base::invalid_input(text);
  } else if (choice == "ignore") {
    say(job, text);
  } else {
    job.log->annotation({LineKind::warning, text, "", ""});
  }
  return outcome;
}

Result<void> remove_old(const std::string& name, RunningJob& job) {
  const auto& access = job.services->results;
  TRY(remove_at_forge(job, name));
  const auto old = find_artifact(*access.store, access.run_id, name);
  if (!old) return {};
  TRY(remove_artifact(*access.store, access.run_id, *old));
  say(job, fmt::format("Artifact '{}' (ID: {}) deleted", name, old->blob.id));
  return {};
}

}  // namespace

Result<ActionOutcome> upload_artifact(const ActionCall& call, RunningJob& job) {
  TRY(results_of(job));
  TRY(auto settings, read_upload_settings(call, job, "artifact"));
  if (call.input("path").empty()) return base::invalid_input("Input required and not supplied: path");
  const auto choice = call.input("if-no-files-found", "warn");
  if (choice != "warn" && choice != "error" && choice != "ignore") {
    return base::invalid_input(fmt::format(
        "Unrecognized if-no-files-found input. Provided: {}. Available options: warn,error,ignore", choice));
  }
  TRY(const auto upload, find_files(call, settings, job));
  if (upload.files.empty()) return nothing_found(call, job);
  say(job, fmt::format("With the provided path, there will be {} file{} uploaded", upload.files.size(),
                       upload.files.size() == 1 ? "" : "s"));
  const bool archived = is_true(call.input("archive", "true"));
  if (!archived && upload.files.size() > 1)
    return base::invalid_input("When 'archive' is set to false, only a single file can be uploaded");
  if (!archived) settings.name = base::Path(upload.files.front()).filename().string();
  if (is_true(call.input("overwrite"))) TRY(remove_old(settings.name, job));
  const ArchiveWorker worker{job, call.environment, call.stop};
  TRY(auto draft, begin_upload(settings, archived ? kZip : "application/octet-stream", job));
  say(job, fmt::format("Uploading artifact: {}{}", settings.name, archived ? ".zip" : ""));
  if (archived) {
    TRY(write_artifact_zip(worker, upload.files, upload.root, settings.level, draft));
  } else {
    TRY(write_artifact_file(worker, upload.files.front(), draft));
  }
  return finish_upload(settings, std::move(draft), job);
}

Result<ActionOutcome> merge_artifacts(const ActionCall& call, RunningJob& job) {
  TRY(const auto access, results_of(job));
  TRY(const auto settings, read_upload_settings(call, job, "merged-artifacts"));
  const auto pattern = call.input("pattern", "*");
  const NamePattern names(pattern);
  const bool apart = is_true(call.input("separate-directories"));
  std::vector<Artifact> chosen;
  std::vector<MergedArtifact> merged;
  TRY(bring_from_forge(job, [&](const std::string& name) { return names.matches(name); }));
  for (auto& artifact : list_artifacts(*access.store, access.run_id)) {
    if (!names.matches(artifact.name) || artifact.media_type != kZip) continue;
    TRY(auto content, open_artifact(*access.store, access.run_id, artifact));
    TRY(check_content(content.get(), artifact));
    merged.push_back({std::move(content), apart ? artifact.name : ""});
    chosen.push_back(std::move(artifact));
  }
  if (chosen.empty())
    return base::invalid_input(fmt::format("No artifacts found matching pattern '{}'", pattern));
  say(job, "Preparing to download the following artifacts:");
  for (const auto& artifact : chosen)
    say(job, fmt::format("- {} (ID: {}, Size: {})", artifact.name, artifact.blob.id, artifact.blob.size));
  TRY(auto draft, begin_upload(settings, kZip, job));
  TRY(merge_artifact_zips(merged, settings.hidden, settings.level, draft));
  TRY(auto outcome, finish_upload(settings, std::move(draft), job));
  say(job, fmt::format("The {} artifact(s) have been successfully merged!", chosen.size()));
  if (is_true(call.input("delete-merged"))) {
    for (const auto& artifact : chosen) {
      TRY(remove_at_forge(job, artifact.name));
      TRY(remove_artifact(*access.store, access.run_id, artifact));
    }
    say(job, fmt::format("The {} artifact(s) have been deleted", chosen.size()));
  }
  return outcome;
}

}  // namespace steps::builtin
