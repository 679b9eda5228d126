#include "workflow/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/expression/syntax.h"
#include "workflow/expression/template.h"
#include "workflow/matrix.h"

namespace workflow {

namespace {

bool text_uses_needs(std::string_view text) {
  if (!expression::has_expression(text)) return false;
  const auto parts = expression::split_template(text);
  if (!parts) return false;
  for (const auto& part : *parts) {
    if (!part.is_expression) continue;
    const auto tree = expression::parse_expression(part.text);
    if (!tree) continue;
    bool found = false;
    expression::visit_nodes(**tree, [&](const expression::Node& node) {
      found = found ||
              (node.kind == expression::NodeKind::name && base::equals_ignoring_case(node.name, "needs"));
    });
    if (found) return true;
  }
  return false;
}

bool uses_needs(const Node& node) {
  if (node.is_scalar()) return text_uses_needs(node.text);
  return std::any_of(node.items.begin(), node.items.end(), uses_needs) ||
         std::any_of(node.members.begin(), node.members.end(),
                     [](const auto& member) { return uses_needs(member.key) || uses_needs(member.value); });
}

bool waits_for_needs(const Job& job) {
  return uses_needs(job.strategy.computed) || uses_needs(job.strategy.matrix) ||
         uses_needs(job.strategy.fail_fast) || uses_needs(job.strategy.max_parallel) ||
         (job.name && text_uses_needs(job.name->text));
}

base::Result<std::string> display_name(const Job& job, const Combination& combination,
                                       const Contexts& contexts) {
  if (!job.name) return job_display_name(job.id, combination);
  TRY(auto name, evaluate_text(*job.name, {.contexts = contexts, .file = job.file}));
  // A name that says nothing of the leg gets its values, so that legs can be told apart.
  if (!expression::has_expression(job.name->text)) return job_display_name(name, combination);
  return shortened_job_name(std::move(name));
}

// The job and everything it needs, or all jobs.
base::Result<std::set<std::string>> selection(const Workflow& workflow,
                                              const std::optional<std::string>& only) {
  std::set<std::string> chosen;
  if (!only) {
    for (const auto& job : workflow.jobs) chosen.insert(job.id);
    return chosen;
  }
  const auto* start = workflow.find_job(*only);
  if (start == nullptr) {
    std::vector<std::string> ids;
    for (const auto& job : workflow.jobs) ids.push_back(job.id);
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("{} has no job '{}'; its jobs are: {}", workflow.path, *only, base::join(ids, ", ")));
  }
  std::map<std::string_view, const Job*, base::LessIgnoringCase> by_id;
  for (const auto& job : workflow.jobs) by_id.emplace(job.id, &job);
  std::vector<const Job*> open{start};
  while (!open.empty()) {
    const Job& job = *open.back();
    open.pop_back();
    if (!chosen.insert(job.id).second) continue;
    for (const auto& need : job.needs) {
      if (const auto needed = by_id.find(need.text); needed != by_id.end()) open.push_back(needed->second);
    }
  }
  return chosen;
}

struct StrategyValues {
  std::vector<Combination> combinations;
  bool fail_fast = true;
  double max_parallel = 0;
};

base::Result<std::vector<Combination>> expand(const expression::Value& matrix, const Scope& scope,
                                              const Node& written) {
  auto combinations = expand_matrix(matrix);
  if (combinations) return combinations;
  auto error = std::move(combinations).error();
  if (!error.location) error.location = base::Location{std::string(scope.file), written.line, written.column};
  return error;
}

// A strategy that is one expression, which gives all of it.
base::Result<StrategyValues> computed_strategy(const Node& computed, const Scope& scope) {
  TRY(const auto value, evaluate_node(computed, scope));
  if (!value.is_object()) return base::invalid_input("expected the strategy to be a mapping");
  StrategyValues values;
  if (const auto* matrix = value.object().find("matrix")) {
    TRY(values.combinations, expand(*matrix, scope, computed));
  }
  if (const auto* fail_fast = value.object().find("fail-fast")) {
    if (fail_fast->kind() != expression::Kind::boolean)
      return base::invalid_input("expected fail-fast to be a boolean");
    values.fail_fast = fail_fast->boolean();
  }
  if (const auto* max_parallel = value.object().find("max-parallel")) {
    if (max_parallel->kind() != expression::Kind::number)
      return base::invalid_input("expected max-parallel to be a number");
    values.max_parallel = max_parallel->number();
  }
  return values;
}

base::Result<StrategyValues> evaluate_strategy(const Strategy& strategy, const Scope& scope) {
  if (strategy.computed.present()) return computed_strategy(strategy.computed, scope);
  StrategyValues values;
  if (strategy.matrix.present()) {
    TRY(const auto matrix, evaluate_node(strategy.matrix, scope));
    TRY(values.combinations, expand(matrix, scope, strategy.matrix));
  }
  TRY(values.fail_fast, evaluate_boolean(strategy.fail_fast, true, scope));
  TRY(values.max_parallel, evaluate_number(strategy.max_parallel, 0, scope));
  return values;
}

// A name that is cut could be that of another job; `#` stands in no id.
std::string key_of(const Job& job, const Combination& combination, std::size_t index) {
  if (combination.segments.empty()) return job.id;
  const auto whole = fmt::format("{} ({})", job.id, base::join(combination.segments, ", "));
  return shortened_job_name(whole) == whole ? whole : fmt::format("{} #{}", job.id, index + 1);
}

}  // namespace

expression::Value strategy_context(const PlannedJob& leg) {
  expression::Object strategy;
  strategy.set("fail-fast", leg.fail_fast);
  strategy.set("job-index", leg.index);
  strategy.set("job-total", leg.total);
  strategy.set("max-parallel", leg.max_parallel > 0 ? leg.max_parallel : leg.total);
  return strategy;
}

base::Result<std::vector<PlannedJob>> expand_job(const Workflow& workflow, const Job& job,
                                                 const Contexts& contexts) {
  const Scope scope{.contexts = contexts, .file = job.file};
  const auto what = fmt::format("expanding the job '{}'", job.id);
  TRY(auto strategy, evaluate_strategy(job.strategy, scope).while_doing(what));
  auto& combinations = strategy.combinations;
  // Without a matrix, and when all of it is excluded, the job runs once.
  if (combinations.empty()) combinations.emplace_back();
  std::vector<PlannedJob> legs;
  for (std::size_t i = 0; i < combinations.size(); ++i) {
    PlannedJob leg{.workflow = &workflow,
                   .job = &job,
                   .matrix = combinations[i].values,
                   .index = static_cast<int>(i),
                   .total = static_cast<int>(combinations.size()),
                   .fail_fast = strategy.fail_fast,
                   .max_parallel = static_cast<int>(std::max(0.0, std::min(strategy.max_parallel, 1000.0)))};
    Contexts with_matrix = contexts;
    with_matrix.set("matrix", leg.matrix);
    with_matrix.set("strategy", strategy_context(leg));
    TRY(leg.name, display_name(job, combinations[i], with_matrix).while_doing(what));
    leg.key = key_of(job, combinations[i], i);
    for (const auto& other : legs) {
      if (other.key == leg.key) leg.key = fmt::format("{} #{}", leg.key, i + 1);
    }
    legs.push_back(std::move(leg));
  }
  return legs;
}

base::Result<Plan> make_plan(const Workflow& workflow, const Contexts& contexts,
                             const std::optional<std::string>& only) {
  Plan plan{.workflow = &workflow};
  TRY(const auto chosen, selection(workflow, only));
  for (const auto& job : workflow.jobs) {
    if (!chosen.contains(job.id)) continue;
    JobGroup group{.job = &job};
    for (const auto& need : job.needs) group.needs.push_back(need.text);
    if (!waits_for_needs(job)) {
      TRY(group.legs, expand_job(workflow, job, contexts));
      group.expanded = true;
    }
    plan.groups.push_back(std::move(group));
  }
  return plan;
}

base::Json to_json(const Plan& plan) {
  base::Json jobs = base::Json::array();
  for (const auto& group : plan.groups) {
    base::Json legs = base::Json::array();
    for (const auto& leg : group.legs) {
      base::Json entry = {{"name", leg.name}};
      if (!leg.matrix.is_null()) entry["matrix"] = expression::to_json(leg.matrix);
      legs.push_back(std::move(entry));
    }
    base::Json steps = base::Json::array();
    for (const auto& step : group.job->steps) {
      base::Json entry = {{"id", step.id}};
      if (step.name) entry["name"] = step.name->text;
      if (step.condition) entry["if"] = step.condition->text;
      if (step.uses) entry["uses"] = step.uses->text;
      if (step.run) entry["run"] = step.run->text;
      steps.push_back(std::move(entry));
    }
    base::Json job = {{"id", group.job->id}, {"needs", group.needs}};
    if (group.job->condition) job["if"] = group.job->condition->text;
    if (group.expanded) job["legs"] = std::move(legs);
    if (group.job->uses) job["uses"] = group.job->uses->text;
    if (group.job->called) {
      base::Json called = base::Json::array();
      for (const auto& inner : group.job->called->jobs) called.push_back(inner.id);
      job["called"] = std::move(called);
    }
    job["steps"] = std::move(steps);
    jobs.push_back(std::move(job));
  }
  return {{"workflow", plan.workflow->path},
          {"name", plan.workflow->name.value_or(plan.workflow->path)},
          {"jobs", std::move(jobs)}};
}

}  // namespace workflow
