#include "steps/action_uses.h"

#include <utility>

#include "workflow/workflow.h"

namespace steps {

std::shared_ptr<ActionUse> ActionUses::find(const workflow::Step& step) const {
  const std::lock_guard lock(mutex_);
  const auto found = uses_.find(&step);
  const bool same = found != uses_.end() && step.uses && found->second->uses == step.uses->text;
  return same ? found->second : nullptr;
}

void ActionUses::add(const workflow::Step& step, std::shared_ptr<ActionUse> use) {
  const std::lock_guard lock(mutex_);
  auto& kept = uses_[&step];
  if (kept) replaced_.push_back(std::move(kept));
  kept = std::move(use);
}

std::shared_ptr<const JobRepository> ActionUses::find_repository(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = repositories_.find(name);
  return found == repositories_.end() ? nullptr : found->second;
}

void ActionUses::add_repository(const std::string& name, JobRepository repository) {
  const std::lock_guard lock(mutex_);
  repositories_[name] = std::make_shared<const JobRepository>(std::move(repository));
}

std::shared_ptr<const ecr::Image> ActionUses::find_image(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = images_.find(key);
  return found == images_.end() ? nullptr : found->second;
}

void ActionUses::add_image(const std::string& key, std::shared_ptr<const ecr::Image> image) {
  const std::lock_guard lock(mutex_);
  images_[key] = std::move(image);
}

void ActionUses::add_run_by_newer_node(const std::string& uses) {
  const std::lock_guard lock(mutex_);
  run_by_newer_node_.insert(uses);
}

std::vector<std::string> ActionUses::run_by_newer_node() const {
  const std::lock_guard lock(mutex_);
  return {run_by_newer_node_.begin(), run_by_newer_node_.end()};
}

ActionUses& actions_of(RunningJob& job) {
  if (!job.actions) job.actions = std::make_shared<ActionUses>();
  return *job.actions;
}

}  // namespace steps
