#pragma once
// The actions that the steps of one job use, as they were prepared: each with what its parts (pre, main,
// post) share. Not for preparing them (prepare_actions) nor for running them (action_stages).

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "steps/action_source.h"
#include "workflow/expression/value.h"

namespace ecr {
struct Image;
}

namespace steps {

/// One step's use of an action. Its parts run one after the other, on whatever thread runs the step.
struct ActionUse {
  std::string uses;  ///< as written
  LoadedAction action;
  std::map<std::string, std::string> state;  ///< STATE_*, from part to part
  bool post_registered = false;
  std::shared_ptr<const ecr::Image> image;  ///< docker: once it was built or pulled
  workflow::expression::Value steps;        ///< composite: the `steps` context of its main part
  std::vector<PostStep> posts;              ///< composite: of its steps, in the order of their registration
};

/// By the step that uses it: steps of the workflow, and those in metadata that is kept here.
class ActionUses {
 public:
  [[nodiscard]] std::shared_ptr<ActionUse> find(const workflow::Step& step) const;
  /// Replaces an older one of the step.
  void add(const workflow::Step& step, std::shared_ptr<ActionUse> use);

  /// A repository that the job has already, by `owner/repo@ref`.
  [[nodiscard]] std::shared_ptr<const JobRepository> find_repository(const std::string& name) const;
  void add_repository(const std::string& name, JobRepository repository);

  /// An image that the job has already, by what it was made of.
  [[nodiscard]] std::shared_ptr<const ecr::Image> find_image(const std::string& key) const;
  void add_image(const std::string& key, std::shared_ptr<const ecr::Image> image);

  /// The action, as its step names it, was made for an older node than the one that runs it.
  void add_run_by_newer_node(const std::string& uses);
  /// Each once, in their order.
  [[nodiscard]] std::vector<std::string> run_by_newer_node() const;

 private:
  mutable std::mutex mutex_;
  std::map<const workflow::Step*, std::shared_ptr<ActionUse>> uses_;
  std::vector<std::shared_ptr<ActionUse>> replaced_;  ///< kept, as steps in their metadata may still run
  std::map<std::string, std::shared_ptr<const JobRepository>> repositories_;
  std::map<std::string, std::shared_ptr<const ecr::Image>> images_;
  std::set<std::string> run_by_newer_node_;
};

/// Those of the job; made when there are none yet.
ActionUses& actions_of(RunningJob& job);

}  // namespace steps
