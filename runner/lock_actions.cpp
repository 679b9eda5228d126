#include "runner/lock_actions.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <optional>
#include <set>

#include "workflow/action_metadata.h"
#include "workflow/load_workflow.h"

namespace runner {

namespace {

using workflow::RepositoryReference;

constexpr std::size_t kLargestFile = 4U << 20;
constexpr std::string_view kWorkflowFolder = ".github/workflows/";

/// Nothing when there is no such file.
base::Result<std::optional<std::string>> read_if_there(const base::Path& folder, const std::string& path) {
  TRY(const auto root, base::open_directory(folder));
  const auto file = base::open_beneath(root.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (!file && file.error().kind == base::ErrorKind::not_found) return std::optional<std::string>();
  if (!file) return file.error();
  TRY(auto text, base::read_all(file->get(), kLargestFile));
  return std::optional(std::move(text));
}

/// A repository whose files are read: the user's, or one that is locked.
struct Source {
  base::Path folder;
  std::string shown;            ///< in messages: empty, or `owner/repo@ref/`
  std::set<std::string>* read;  ///< paths of its files that were looked at
};
using Pins = std::set<std::string>;

class LockMaker {
 public:
  LockMaker(const LockRequest& request, ActionStore& store, const steps::ActionFetch& fetch)
      : request_(request), store_(store), fetch_(fetch), own_{request.work_tree, "", &own_read_} {}

  base::Result<workflow::ActionsLock> make() {
    workflow::ActionsLock lock;
    for (const auto& path : request_.workflows) {
      Pins pins;
      own_read_.clear();
      TRY(add_workflow(path, own_, pins));
      lock.workflows[path] = {pins.begin(), pins.end()};
    }
    for (const auto& [pin, source] : sources_)
      lock.dependencies[pin] = {source.commit, {source.uses.begin(), source.uses.end()}};
    return lock;
  }

 private:
  struct Locked {
    std::string commit;
    Source source;
    Pins uses;
    std::set<std::string> read;
  };

  base::Result<void> add_workflow(const std::string& path, const Source& source, Pins& pins) {
    if (!source.read->insert(path).second) return {};
    TRY(const auto text, read_if_there(source.folder, path));
    if (!text) {
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("there is no workflow {}{}", source.shown, path));
    }
    const auto draft = workflow::read_workflow(source.shown + path, *text);
    for (const auto& job : draft.workflow.jobs) {
      if (job.uses) TRY(add_called(job.uses->text, source, pins));
      TRY(add_steps(job.steps, source, pins));
    }
    return {};
  }

  base::Result<void> add_called(const std::string& uses, const Source& source, Pins& pins) {
    // Of the repository itself: one of the user's has an entry of its own.
    if (uses.starts_with("./") || uses.starts_with("$/"))
      return source.shown.empty() ? base::Result<void>() : add_workflow(uses.substr(2), source, pins);
    return add_remote(uses, pins);
  }

  base::Result<void> add_steps(const std::vector<workflow::Step>& steps, const Source& source, Pins& pins) {
    for (const auto& step : steps) {
      if (step.uses) TRY(add_action(step.uses->text, source, pins));
      TRY(add_steps(step.parallel, source, pins));
    }
    return {};
  }

  base::Result<void> add_action(const std::string& uses, const Source& source, Pins& pins) {
    if (uses.starts_with("docker://")) return {};
    if (uses.starts_with("$/")) return add_metadata(uses.substr(2), source, pins);
    // `./` is the job's workspace, whoever says it: the user's repository, as far as can be told without a
    // run.
    if (uses.starts_with("./")) return add_metadata(uses.substr(2), own_, pins);
    return add_remote(uses, pins);
  }

  base::Result<void> add_metadata(const std::string& folder, const Source& source, Pins& pins) {
    const auto beneath = base::Path(folder).lexically_normal();
    for (const char* name : {"action.yml", "action.yaml"}) {
      const auto path = (beneath / name).relative_path().string();
      if (!source.read->insert(path).second) return {};
      TRY(const auto text, read_if_there(source.folder, path));
      if (!text) continue;
      const auto draft = workflow::read_action(source.shown + path, *text);
      return add_steps(draft.action.steps, source, pins);
    }
    return {};
  }

  base::Result<void> add_remote(const std::string& uses, Pins& pins) {
    const auto reference = workflow::parse_repository_reference(uses);
    if (!reference) {
      return base::invalid_input(
          fmt::format("'{}' names no action: expected owner/repository[/path]@ref", uses));
    }
    const auto pin = workflow::pin_of(*reference);
    pins.insert(pin);
    TRY(auto* locked, locked_at(pin, *reference));
    if (reference->path.starts_with(kWorkflowFolder))
      return add_workflow(reference->path, locked->source, locked->uses);
    return add_metadata(reference->path, locked->source, locked->uses);
  }

  base::Result<Locked*> locked_at(const std::string& pin, const RepositoryReference& reference) {
    if (const auto found = sources_.find(pin); found != sources_.end()) return &found->second;
    const auto known = request_.known.find(pin);
    const auto& ref = known == request_.known.end() ? reference.ref : known->second;
    TRY(const auto repository, store_.find({reference.repository, "", ref}, "", fetch_));
    if (repository.commit.empty()) {
      return base::invalid_input(
          fmt::format("a folder stands for {}, which has no commit to lock: leave out --replace", pin));
    }
    auto& locked = sources_[pin];
    locked.commit = repository.commit;
    locked.source = {repository.folder, pin + "/", &locked.read};
    return &locked;
  }

  const LockRequest& request_;
  ActionStore& store_;
  const steps::ActionFetch& fetch_;
  std::set<std::string> own_read_;
  Source own_;
  std::map<std::string, Locked> sources_;
};

}  // namespace

base::Result<workflow::ActionsLock> lock_actions(const LockRequest& request, ActionStore& store,
                                                 const steps::ActionFetch& fetch) {
  return LockMaker(request, store, fetch).make();
}

base::Result<std::string> commit_of_pin(const std::string& pin, ActionStore& store,
                                        const steps::ActionFetch& fetch) {
  const auto reference = workflow::parse_repository_reference(pin);
  if (!reference) return base::invalid_input(fmt::format("'{}' is no pin", pin));
  TRY(const auto repository, store.find(*reference, "", fetch));
  return repository.commit;
}

}  // namespace runner
