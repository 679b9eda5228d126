#include "steps/artifacts.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/clock.h"
#include "base/strings.h"

namespace steps {
namespace {

constexpr double kSecondsOfDay = 86400;

using Forbidden = std::pair<char, std::string_view>;
// Those of the path first, in the toolkit's order: the first found is the one that is named.
constexpr std::array<Forbidden, 11> kForbidden = {
    Forbidden{'"', "Double quote \""}, Forbidden{':', "Colon :"},
    Forbidden{'<', "Less than <"},     Forbidden{'>', "Greater than >"},
    Forbidden{'|', "Vertical bar |"},  Forbidden{'*', "Asterisk *"},
    Forbidden{'?', "Question mark ?"}, Forbidden{'\r', "Carriage return \\r"},
    Forbidden{'\n', "Line feed \\n"},  Forbidden{'\\', "Backslash \\"},
    Forbidden{'/', "Forward slash /"},
};
constexpr std::size_t kForbiddenInPaths = 9;

base::Result<void> check(const std::string& text, std::size_t forbidden, std::string_view what) {
  if (text.empty()) return base::invalid_input(fmt::format("{} is empty", what));
  for (std::size_t i = 0; i < forbidden; ++i) {
    const auto [character, name] = kForbidden[i];
    if (text.find(character) == std::string::npos) continue;
    std::vector<std::string> all;
    for (std::size_t j = 0; j < forbidden; ++j) all.emplace_back(kForbidden[j].second);
    return base::invalid_input(
        fmt::format("{} is not valid: {}. Contains the following character: {}. Invalid characters include: "
                    "{}. File systems as NTFS do not have them.",
                    what, text, name, base::join(all, ", ")));
  }
  return {};
}

Artifact artifact_of(StoredBlob blob) {
  Artifact artifact;
  artifact.name = blob.labels["name"];
  artifact.media_type = blob.labels["media_type"];
  artifact.job = blob.labels["job"];
  artifact.repository = blob.labels["repository"];
  artifact.blob = std::move(blob);
  return artifact;
}

}  // namespace

std::string artifact_shelf(std::int64_t run_id) {
  return fmt::format("artifacts/{}", run_id);
}

base::Result<void> check_artifact_name(const std::string& name) {
  return check(name, kForbidden.size(), "The artifact name");
}

base::Result<void> check_artifact_path(const std::string& path) {
  return check(path, kForbiddenInPaths, "The path for one of the files in artifact");
}

base::Result<BlobDraft> begin_artifact(const NewArtifact& artifact) {
  TRY(check_artifact_name(artifact.name));
  const auto identity = fmt::format("{}\n{}", artifact.attempt, artifact.name);
  TRY(auto draft, artifact.access.store->begin(artifact_shelf(artifact.access.run_id), identity));
  draft.labels = {{"name", artifact.name},
                  {"attempt", artifact.attempt},
                  {"media_type", artifact.media_type},
                  {"job", artifact.access.job},
                  {"repository", artifact.access.repository}};
  draft.expires = artifact.expires > 0 ? artifact.expires
                                       : base::to_epoch_seconds(base::system_clock().now()) +
                                             kDefaultRetentionDays * kSecondsOfDay;
  return draft;
}

std::vector<Artifact> list_artifacts(const BlobStore& store, std::int64_t run_id) {
  std::vector<Artifact> artifacts;
  for (auto& blob : store.list(artifact_shelf(run_id))) {
    auto artifact = artifact_of(std::move(blob));
    // Attempts follow each other, and so do ids.
    std::erase_if(artifacts, [&](const Artifact& older) { return older.name == artifact.name; });
    artifacts.push_back(std::move(artifact));
  }
  return artifacts;
}

std::optional<Artifact> find_artifact(const BlobStore& store, std::int64_t run_id, const std::string& name) {
  for (auto& artifact : list_artifacts(store, run_id)) {
    if (artifact.name == name) return std::move(artifact);
  }
  return std::nullopt;
}

base::Result<base::Fd> open_artifact(const BlobStore& store, std::int64_t run_id, const Artifact& artifact) {
  return store.open_content(artifact_shelf(run_id), artifact.blob.id);
}

base::Result<void> remove_artifact(BlobStore& store, std::int64_t run_id, const Artifact& artifact) {
  for (auto& blob : store.list(artifact_shelf(run_id))) {
    if (blob.labels["name"] == artifact.name) TRY(store.remove(artifact_shelf(run_id), blob.id));
  }
  return {};
}

base::Result<void> remove_artifacts_of_run(BlobStore& store, std::int64_t run_id) {
  for (const auto& blob : store.list(artifact_shelf(run_id)))
    TRY(store.remove(artifact_shelf(run_id), blob.id));
  return {};
}

std::vector<std::int64_t> runs_with_artifacts(const BlobStore& store) {
  std::vector<std::int64_t> runs;
  for (const auto& shelf : store.shelves("artifacts")) {
    const auto id = base::parse_integer(std::string_view(shelf).substr(shelf.find('/') + 1));
    if (id && !store.list(shelf).empty()) runs.push_back(*id);
  }
  return runs;
}

}  // namespace steps
