#include "steps/prepare_actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/strings.h"
#include "workflow/repository_reference.h"
#include "workflow/workflow.h"

namespace steps {
namespace {

using workflow::RepositoryReference;
using workflow::Step;

// Constants.CompositeActionsMaxDepth of actions/runner.
constexpr int kDeepestLevel = 9;
constexpr std::size_t kFetchesAtOnce = 8;

/// A step with `uses` of another repository.
struct WantedAction {
  const Step* step = nullptr;
  RepositoryReference reference;
};

/// One repository of a level, and what became of it.
struct WantedRepository {
  RepositoryReference reference;  ///< without path
  std::optional<base::Result<ActionRepository>> fetched;
  std::vector<std::string> said;
};

/// The steps of one file and where it is from.
struct StepsOfFile {
  const std::vector<Step>& steps;
  ActionOrigin origin;
};

std::string name_of(const RepositoryReference& reference) {
  return reference.repository + "@" + reference.ref;
}

base::Result<RepositoryReference> resolve(const std::string& uses, const ActionOrigin& origin) {
  std::string written = uses;
  if (uses.starts_with("$/"))
    written = fmt::format("{}/{}@{}", origin.repository, uses.substr(2), origin.ref);
  auto reference = workflow::parse_repository_reference(written);
  if (reference) return std::move(*reference);
  return base::make_error(
      base::ErrorKind::invalid_input,
      fmt::format("'{}' names no action: expected {{owner}}/{{repository}}[/path]@{{ref}}, ./path for one in "
                  "the workspace, or $/path for one beside this file",
                  uses));
}

class Preparation {
 public:
  explicit Preparation(RunningJob& job) : job_(job) {}

  base::Result<void> run(StepsOfFile first, int depth) {
    std::vector<StepsOfFile> level{std::move(first)};
    while (!level.empty()) {
      if (depth > kDeepestLevel) {
        return base::make_error(base::ErrorKind::invalid_input,
                                fmt::format("Composite action depth exceeded max depth {}", kDeepestLevel));
      }
      TRY(const auto wanted, wanted_of(level));
      TRY(fetch(wanted));
      TRY(level, load(wanted));
      ++depth;
    }
    return {};
  }

 private:
  base::Result<std::vector<WantedAction>> wanted_of(const std::vector<StepsOfFile>& level) const {
    std::vector<WantedAction> wanted;
    for (const auto& file : level) TRY(add_wanted(file.steps, file.origin, wanted));
    return wanted;
  }

  base::Result<void> add_wanted(const std::vector<Step>& steps, const ActionOrigin& origin,
                                std::vector<WantedAction>& wanted) const {
    for (const Step& step : steps) {
      for (const Step& beside : step.parallel) TRY(add_one(beside, origin, wanted));
      TRY(add_one(step, origin, wanted));
    }
    return {};
  }

  base::Result<void> add_one(const Step& step, const ActionOrigin& origin,
                             std::vector<WantedAction>& wanted) const {
    if (!step.uses) return {};
    const std::string& uses = step.uses->text;
    if (is_local_action(uses) || uses.starts_with("docker://") || builtin_of_job(uses, job_) != nullptr)
      return {};
    TRY(auto reference, resolve(uses, origin));
    wanted.push_back({&step, std::move(reference)});
    return {};
  }

  base::Result<void> fetch(const std::vector<WantedAction>& wanted) {
    std::vector<WantedRepository> repositories;
    for (const auto& action : wanted) {
      const auto name = name_of(action.reference);
      const bool listed = std::any_of(repositories.begin(), repositories.end(),
                                      [&](const auto& one) { return name_of(one.reference) == name; });
      if (listed || actions_of(job_).find_repository(name)) continue;
      auto reference = action.reference;
      reference.path.clear();
      repositories.push_back({std::move(reference), {}, {}});
    }
    if (repositories.empty()) return {};
    TRY(announce(repositories.front().reference));
    fetch_side_by_side(repositories);
    for (auto& repository : repositories) TRY(take(repository));
    return {};
  }

  base::Result<void> announce(const RepositoryReference& first) {
    if (!job_.services->fetch_action) {
      return base::make_error(
          base::ErrorKind::not_found,
          fmt::format("'{}' is not built in and actions cannot be fetched here. Built in are: {}",
                      workflow::to_string(first), base::join(builtin_action_names(), ", ")));
    }
    if (std::exchange(announced_, true)) return {};
    if (!job_.services->actions_notice.empty()) say(job_.services->actions_notice);
    say("Prepare all required actions");
    return {};
  }

  void fetch_side_by_side(std::vector<WantedRepository>& repositories) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < repositories.size(); i = next++) {
        auto& one = repositories[i];
        one.fetched = job_.services->fetch_action(
            one.reference, {job_.stop, [&one](const std::string& line) { one.said.push_back(line); }});
      }
    };
    if (repositories.size() == 1) return work();
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(repositories.size(), kFetchesAtOnce); ++i)
      threads.emplace_back(work);
  }

  base::Result<void> take(WantedRepository& repository) {
    for (const auto& line : repository.said) say(line);
    auto& fetched = *repository.fetched;
    if (!fetched) return std::move(fetched).error();
    if (!fetched->commit.empty()) {
      say(fmt::format("Download action repository '{}' (SHA:{})", name_of(repository.reference),
                      fetched->commit));
    }
    const auto name = name_of(repository.reference);
    TRY(auto given, give_repository_to_job(repository.reference, std::move(*fetched), job_)
                        .while_doing(fmt::format("copying the action repository '{}' for the job", name)));
    actions_of(job_).add_repository(name, std::move(given));
    return {};
  }

  /// Reads each action; the steps of composite ones are the next level.
  base::Result<std::vector<StepsOfFile>> load(const std::vector<WantedAction>& wanted) {
    std::vector<StepsOfFile> next;
    for (const auto& action : wanted) {
      const auto repository = actions_of(job_).find_repository(name_of(action.reference));
      auto use = std::make_shared<ActionUse>();
      use->uses = action.step->uses->text;
      TRY(use->action, load_repository_action(action.reference, *repository));
      if (use->action.metadata.kind == workflow::ActionKind::composite) {
        next.push_back({use->action.metadata.steps, {action.reference.repository, action.reference.ref}});
      }
      actions_of(job_).add(*action.step, use);
    }
    return next;
  }

  void say(const std::string& line) { job_.log->line(LineKind::output, line); }

  RunningJob& job_;
  bool announced_ = false;
};

}  // namespace

ActionOrigin origin_of_job(const RunningJob& job) {
  const auto job_context = job.contexts.get("job");
  return {job_context.get("workflow_repository").to_text(), job_context.get("workflow_sha").to_text()};
}

base::Result<void> prepare_job_actions(const std::vector<workflow::Step>& steps, RunningJob& job) {
  actions_of(job);
  return Preparation(job).run({steps, origin_of_job(job)}, 0);
}

base::Result<void> prepare_local_action(ActionUse& use, RunningJob& job) {
  return Preparation(job).run({use.action.metadata.steps, origin_of_job(job)}, 1);
}

}  // namespace steps
