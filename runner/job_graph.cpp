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

workflow::Contexts contexts_of(const Leg& leg) {
  auto contexts = leg.group->contexts;
  contexts.set("matrix", leg.planned->matrix);
  contexts.set("strategy", workflow::strategy_context(*leg.planned));
  return contexts;
}

std::size_t running_legs(const Group& group) {
  return static_cast<std::size_t>(std::count_if(
      group.legs.begin(), group.legs.end(), [](const Leg& leg) { return leg.state == LegState::running; }));
}

std::vector<std::string> keys_above(const Leg& leg) {
  std::vector<std::string> keys;
  for (const Leg* up = leg.group->graph->caller(); up != nullptr; up = up->group->graph->caller())
    keys.push_back(up->planned->key);
  return keys;
}

void note_run(Group& group) {
  if (group.job().called != nullptr) return;
  for (Group* up = &group; up != nullptr;) {
    up->ran = true;
    up = up->graph->caller() == nullptr ? nullptr : up->graph->caller()->group;
  }
}

void finish_group_if_done(Group& group) {
  if (group.state != GroupState::running) return;
  Conclusion worst = Conclusion::success;
  for (const auto& leg : group.legs) {
    if (leg.state != LegState::done) return;
    const bool forgiven = leg.may_fail && leg.result.conclusion == Conclusion::failure;
    if (forgiven || leg.result.conclusion == Conclusion::success ||
        leg.result.conclusion == Conclusion::skipped)
      continue;
    if (worst != Conclusion::failure) worst = leg.result.conclusion;
  }
  group.state = GroupState::done;
  group.conclusion = worst;
  group.graph->set_result(group, {});
}

}  // namespace runner
