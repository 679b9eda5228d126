#include "steps/action_stages.h"

#include <algorithm>
#include <utility>

#include "steps/run_step.h"

namespace steps {
namespace {

workflow::Text condition_of(ActionStage stage, const workflow::ActionMetadata& metadata) {
  const std::string& written = stage == ActionStage::pre ? metadata.pre_if : metadata.post_if;
  return {written.empty() ? "always()" : written, 0, 0};
}

}  // namespace

// NOLINTNEXTLINE(misc-no-recursion): as deep as composite actions
bool has_pre_part(const ActionUse& use, const RunningJob& job) {
  return use.action.is_remote() && has_local_pre_part(use, job);
}

// NOLINTNEXTLINE(misc-no-recursion)
bool has_local_pre_part(const ActionUse& use, const RunningJob& job) {
  const auto& metadata = use.action.metadata;
  if (metadata.kind != workflow::ActionKind::composite) return !metadata.pre.empty();
  return std::any_of(metadata.steps.begin(), metadata.steps.end(), [&](const workflow::Step& step) {
    const auto inner = job.actions ? job.actions->find(step) : nullptr;
    return inner && has_pre_part(*inner, job);
  });
}

std::string name_of_part(ActionStage stage, const std::string& name) {
  std::string_view plain = name;
  if (stage == ActionStage::main) return name;
  if (stage == ActionStage::pre) return "Pre " + name;
  if (plain.starts_with("Pre ")) plain.remove_prefix(4);
  return plain.starts_with("Post ") ? std::string(plain) : "Post " + std::string(plain);
}

base::Result<StepResult> run_action_part(const workflow::Step& step, const std::shared_ptr<ActionUse>& use,
                                         RunningJob& job, StepScope scope) {
  workflow::Step part = step;
  part.condition = condition_of(scope.stage, use->action.metadata);
  scope.use = use;
  StepResult result;
  std::string name;
  {
    const ContextsOfStep contexts(job);
    auto start = start_of_step(part, job, scope);
    name = name_of_part(scope.stage, start.ready ? start.ready->name : display_name(part, job));
    if (start.ready) {
      start.ready->name = name;
      TRY(result, run_ready_step(part, job, scope, std::move(*start.ready)));
    } else {
      result = std::move(start.result);
    }
  }
  merge_into_status(result.conclusion, name, job);
  return result;
}

void register_post_part(const StepRun& run, const std::shared_ptr<ActionUse>& use) {
  if (std::exchange(use->post_registered, true)) return;
  PostStep post;
  post.name = name_of_part(ActionStage::post, run.name);
  // A copy of the step: the part may run when what it stands in is gone.
  post.step = [step = run.step, scope = run.scope, use](RunningJob& job) {
    StepScope own = scope;
    own.stage = ActionStage::post;
    return run_action_part(step, use, job, own);
  };
  run.job.post_steps.push_back(std::move(post));
}

}  // namespace steps
