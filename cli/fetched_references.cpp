#include "cli/fetched_references.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstdio>
#include <functional>

#include "base/strings.h"
#include "cli/interrupts.h"
#include "workflow/action_metadata.h"
#include "workflow/load_workflow.h"
#include "workflow/repository_reference.h"

namespace cli {

namespace {

constexpr std::size_t kLargestFetched = 4U << 20;

std::string prefix_of(const workflow::RepositoryReference& reference) {
  return fmt::format("/{}@{}/", base::to_lower(reference.repository), reference.ref);
}

void collect_uses(const std::vector<workflow::Step>& steps, std::vector<std::string>& uses) {
  for (const auto& step : steps) {
    if (step.uses) uses.push_back(step.uses->text);
    collect_uses(step.parallel, uses);
  }
}

std::vector<std::string> uses_of(const std::string& file, const std::string& text) {
  std::vector<std::string> uses;
  const auto name = base::Path(file).filename();
  if (name == "action.yml" || name == "action.yaml") {
    collect_uses(workflow::read_action(file, text).action.steps, uses);
    return uses;
  }
  const auto draft = workflow::read_workflow(file, text);
  for (const auto& job : draft.workflow.jobs) {
    if (job.uses) uses.push_back(job.uses->text);
    collect_uses(job.steps, uses);
  }
  return uses;
}

}  // namespace

base::Result<void> FetchedReferences::add(const CheckedFile& file, runner::ActionStore& store) {
  const auto fetch = steps::ActionFetch{.stop = interrupt_token(), .say = [](const std::string& line) {
                                          fmt::print(stderr, "pipeline: {}\n", line);
                                        }};
  for (const auto& uses : uses_of(file.name, file.text)) {
    const auto reference = workflow::parse_repository_reference(uses);
    if (!reference) continue;
    // Asked again for each file: a lock may allow it to one and not to another.
    TRY(const auto repository,
        store.find(*reference, file.in_repository, fetch).while_doing("checking " + file.name));
    folders_[prefix_of(*reference)] = repository.folder;
  }
  return {};
}

std::optional<std::string> FetchedReferences::path_of(std::string_view uses) const {
  const auto reference = workflow::parse_repository_reference(uses);
  if (!reference || !folders_.contains(prefix_of(*reference))) return std::nullopt;
  auto path = prefix_of(*reference) + reference->path;
  while (path.ends_with('/')) path.pop_back();
  return path;
}

std::optional<std::string> FetchedReferences::read(const std::string& path) const {
  for (const auto& [prefix, folder] : folders_) {
    if (!path.starts_with(prefix)) continue;
    const auto root = base::open_directory(folder);
    if (!root) return std::nullopt;
    const auto file = base::open_beneath(root->get(), path.substr(prefix.size()),
                                         O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (!file) return std::nullopt;
    auto text = base::read_all(file->get(), kLargestFetched);
    return text ? std::optional(std::move(*text)) : std::nullopt;
  }
  return std::nullopt;
}

workflow::lint::ProjectFiles FetchedReferences::beside(workflow::lint::ProjectFiles files) const {
  if (folders_.empty()) return files;
  files.fetched = [this](std::string_view uses) { return path_of(uses); };
  files.read = [this, own = std::move(files.read)](const std::string& path) {
    return path.starts_with('/') ? read(path) : own(path);
  };
  return files;
}

}  // namespace cli
