#include "runner/job_graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/call_workflow.h"

namespace runner {

using steps::Conclusion;
using workflow::expression::Object;
using workflow::expression::Value;

namespace {

workflow::JobConclusion job_conclusion(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::failure:
      return workflow::JobConclusion::failure;
    case Conclusion::cancelled:
      return workflow::JobConclusion::cancelled;
    case Conclusion::skipped:
      return workflow::JobConclusion::skipped;
    default:
      return workflow::JobConclusion::success;
  }
}

// As others see it in `needs` and `jobs`.
Value entry_of(const Group& group) {
  Object outputs;
  for (const auto& [name, value] : group.outputs) outputs.set(name, Value(value));
  Object entry;
  entry.set("result", Value(std::string(steps::to_string(group.conclusion))));
  entry.set("outputs", Value(std::move(outputs)));
  return Value(std::move(entry));
}

}  // namespace

JobGraph::JobGraph(workflow::Plan plan, workflow::Contexts contexts, Leg* caller)
    : plan_(std::move(plan)), contexts_(std::move(contexts)), caller_(caller), results_(*plan_.workflow) {
  for (auto& planned : plan_.groups) {
    auto& group = groups_.emplace_back();
    group.planned = &planned;
    group.graph = this;
    by_id_[base::to_lower(planned.job->id)] = &group;
  }
}

const Group& JobGraph::group(std::string_view id) const {
  return *by_id_.at(base::to_lower(id));
}

bool JobGraph::all_done() const {
  return std::all_of(groups_.begin(), groups_.end(),
                     [](const Group& group) { return group.state == GroupState::done; });
}

bool JobGraph::needs_are_done(const Group& of) const {
  const auto& needs = of.planned->needs;
  return std::all_of(needs.begin(), needs.end(),
                     [&](const std::string& need) { return group(need).state == GroupState::done; });
}

bool JobGraph::needs_ran(const Group& of) const {
  const auto& needs = of.planned->needs;
  if (std::any_of(needs.begin(), needs.end(), [&](const auto& need) { return group(need).ran; })) return true;
  return caller_ != nullptr && caller_->group->graph->needs_ran(*caller_->group);
}

workflow::Contexts JobGraph::contexts_of(const Group& of) const {
  auto contexts = contexts_;
  Object needs;
  for (const auto& need : of.planned->needs) needs.set(need, entry_of(group(need)));
  contexts.set("needs", Value(std::move(needs)));
  return contexts;
}

bool JobGraph::caller_is_stopped() const {
  for (const Leg* leg = caller_; leg != nullptr; leg = leg->group->graph->caller()) {
    if (leg->stop.stop_requested()) return true;
  }
  return false;
}

Conclusion JobGraph::conclusion() const {
  auto worst = Conclusion::success;
  for (const auto& group : groups_) {
    if (group.conclusion == Conclusion::failure) return Conclusion::failure;
    if (group.conclusion == Conclusion::cancelled) worst = Conclusion::cancelled;
  }
  return worst;
}

base::Result<steps::Outputs> JobGraph::outputs() const {
  auto contexts = contexts_;
  Object jobs;
  for (const auto& group : groups_) jobs.set(group.job().id, entry_of(group));
  contexts.set("jobs", Value(std::move(jobs)));
  TRY(const auto list, workflow::outputs_of_call(*plan_.workflow, contexts));
  steps::Outputs outputs;
  for (const auto& [name, value] : list) outputs[name] = value;
  return outputs;
}

void JobGraph::set_result(const Group& group, workflow::SkipReason reason) {
  results_.set(group.job(), job_conclusion(group.conclusion), std::move(reason));
}

std::string JobGraph::full_name(std::string_view name) const {
  return caller_ == nullptr ? std::string(name) : fmt::format("{} / {}", caller_->planned->name, name);
}

std::string JobGraph::full_key(std::string_view key) const {
  return caller_ == nullptr ? std::string(key) : fmt::format("{} / {}", caller_->planned->key, key);
}

}  // namespace runner
