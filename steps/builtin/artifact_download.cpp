// actions/download-artifact (download-artifact.ts). Artifacts of other runs are those of this machine.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/strings.h"
#include "steps/artifact_archive.h"
#include "steps/builtin/artifact.h"
#include "steps/forge_artifacts.h"
#include "steps/name_pattern.h"

namespace steps::builtin {

namespace {

using base::Result;

/// Which artifacts, and whether each gets a folder of its own.
struct Choice {
  std::int64_t run_id = 0;
  std::vector<Artifact> artifacts;
  bool apart = true;
};

Result<std::int64_t> run_of(const ActionCall& call, const ResultsAccess& access) {
  const auto text = call.input("run-id");
  if (text.empty()) return access.run_id;
  const auto id = base::parse_integer(text);
  if (!id) return base::invalid_input(fmt::format("run-id '{}' is not a number", text));
  return *id;
}

Result<std::vector<Artifact>> by_ids(const ActionCall& call, std::vector<Artifact> all, RunningJob& job) {
  say(job, "Downloading artifacts by ID");
  std::vector<std::string> ids;
  for (const auto& part : base::split(call.input("artifact-ids"), ',')) {
    const auto text = base::trim(part);
    if (text.empty()) continue;
    const auto id = base::parse_integer(text);
    if (!id) return base::invalid_input(fmt::format("Invalid artifact ID: '{}'. Must be a number.", text));
    ids.push_back(std::to_string(*id));
  }
  if (ids.empty()) return base::invalid_input("No valid artifact IDs provided in 'artifact-ids' input");
  std::vector<std::string> missing;
  std::vector<Artifact> chosen;
  for (const auto& id : ids) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Artifact& one) { return id_of(one.blob) == id; });
    if (found == all.end()) {
      missing.push_back(id);
    } else {
      chosen.push_back(*found);
    }
  }
  if (chosen.empty()) return base::invalid_input("None of the provided artifact IDs were found");
  if (!missing.empty()) {
    job.log->annotation(
        {LineKind::warning,
         fmt::format("Could not find the following artifact IDs: {}", base::join(missing, ", ")), "", ""});
  }
  return chosen;
}

Result<std::vector<Artifact>> by_name(const std::string& name, std::vector<Artifact> all, RunningJob& job) {
  say(job, "Downloading single artifact");
  std::erase_if(all, [&](const Artifact& one) { return one.name != name; });
  if (!all.empty()) return all;
  return base::invalid_input(
      fmt::format("Unable to download artifact(s): Artifact not found for name: {}. Please ensure that your "
                  "artifact is not expired and the artifact was uploaded using a compatible version of "
                  "toolkit/upload-artifact.",
                  name));
}

std::vector<Artifact> by_pattern(const ActionCall& call, std::vector<Artifact> all, bool merges,
                                 RunningJob& job) {
  if (const auto pattern = call.input("pattern"); !pattern.empty()) {
    say(job, fmt::format("Filtering artifacts by pattern '{}'", pattern));
    const NamePattern names(pattern);
    std::erase_if(all, [&](const Artifact& one) { return !names.matches(one.name); });
    return all;
  }
  say(job, "No input name, artifact-ids or pattern filtered specified, downloading all artifacts");
  if (!merges) say(job, "An extra directory with the artifact name will be created for each download");
  return all;
}

Result<Choice> choose(const ActionCall& call, RunningJob& job) {
  TRY(const auto access, results_of(job));
  const auto name = call.input("name");
  const auto ids = call.input("artifact-ids");
  if (!name.empty() && !ids.empty()) {
    return base::invalid_input(
        "Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.");
  }
  Choice choice;
  TRY(choice.run_id, run_of(call, access));
  if (choice.run_id == access.run_id) {
    const NamePattern pattern(call.input("pattern", "*"));
    TRY(bring_from_forge(job, [&](const std::string& one) {
      if (!ids.empty()) return true;
      return name.empty() ? pattern.matches(one) : one == name;
    }));
  }
  auto all = list_artifacts(*access.store, choice.run_id);
  const auto repository = call.input("repository", access.repository);
  std::erase_if(all,
                [&](const Artifact& one) { return !base::equals_ignoring_case(one.repository, repository); });
  const bool merges = is_true(call.input("merge-multiple"));
  choice.apart = name.empty() && !merges;
  if (!name.empty()) {
    TRY(choice.artifacts, by_name(name, std::move(all), job));
  } else if (!ids.empty()) {
    TRY(choice.artifacts, by_ids(call, std::move(all), job));
    // Since v5 a single one goes where the path says.
    if (choice.artifacts.size() == 1 && !call.uses.ends_with("@v4")) choice.apart = false;
  } else {
    choice.artifacts = by_pattern(call, std::move(all), merges, job);
  }
  return choice;
}

// The folder as steps see it.
std::string target_of(const ActionCall& call, const RunningJob& job) {
  auto path = call.input("path");
  if (path.starts_with("~")) path.replace(0, 1, call.variable("HOME"));
  auto target = (base::Path(job.folders.workspace.inside) / path).lexically_normal().string();
  while (target.size() > 1 && target.ends_with('/')) target.pop_back();
  return target;
}

Result<void> download(const Choice& choice, const Artifact& artifact, const std::string& folder,
                      const ActionCall& call, RunningJob& job) {
  const auto& store = *job.services->results.store;
  TRY(const auto content, open_artifact(store, choice.run_id, artifact));
  TRY(check_content(content.get(), artifact));
  say(job, fmt::format("Starting download of artifact to: {}", folder));
  const ArchiveWorker worker{job, call.environment, call.stop};
  const bool keeps_zip = is_true(call.input("skip-decompress"));
  if (artifact.media_type == kZip && !keeps_zip) {
    TRY(unpack_artifact_zip(worker, content.get(), folder));
  } else {
    const auto name = artifact.name + (artifact.media_type == kZip ? ".zip" : "");
    if (::lseek(content.get(), 0, SEEK_SET) < 0) return base::system_error("reading an artifact", errno);
    TRY(unpack_artifact_file(worker, content.get(), artifact.blob.size, folder, name));
  }
  say(job, fmt::format("SHA256 digest of downloaded artifact is {}", artifact.blob.sha256));
  say(job, "Artifact download completed successfully.");
  return {};
}

}  // namespace

Result<ActionOutcome> download_artifact(const ActionCall& call, RunningJob& job) {
  TRY(const auto choice, choose(call, job));
  if (!choice.artifacts.empty()) say(job, "Preparing to download the following artifacts:");
  for (const auto& artifact : choice.artifacts) {
    say(job, fmt::format("- {} (ID: {}, Size: {}, Expected Digest: sha256:{})", artifact.name,
                         id_of(artifact.blob), artifact.blob.size, artifact.blob.sha256));
  }
  const auto target = target_of(call, job);
  for (const auto& artifact : choice.artifacts) {
    const auto folder = choice.apart ? target + "/" + artifact.name : target;
    TRY(download(choice, artifact, folder, call, job)
            .while_doing(fmt::format("downloading the artifact '{}'", artifact.name)));
  }
  say(job, fmt::format("Total of {} artifact(s) downloaded", choice.artifacts.size()));
  say(job, "Download artifact has finished successfully");
  ActionOutcome outcome;
  outcome.outputs["download-path"] = target;
  return outcome;
}

}  // namespace steps::builtin
