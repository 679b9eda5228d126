#include "base/json.h"
#include "workflow/explain.h"

namespace workflow {

namespace {

base::Json json_of(const ConditionExplanation& condition) {
  return {{"if", condition.written},
          {"holds", to_string(condition.holds)},
          {"trace", expression::to_json(condition.trace)}};
}

base::Json json_of(const TriggerExplanation& trigger) {
  auto filters = base::Json::array();
  for (const auto& filter : trigger.filters) {
    auto patterns = base::Json::array();
    for (const auto& pattern : filter.patterns) {
      patterns.push_back({{"pattern", pattern.pattern},
                          {"held_against", pattern.held_against},
                          {"matches", pattern.matches}});
    }
    base::Json json = {{"filter", filter.key}, {"passes", filter.passes}, {"patterns", std::move(patterns)}};
    if (!filter.note.empty()) json["note"] = filter.note;
    filters.push_back(std::move(json));
  }
  base::Json json = {{"event", trigger.event}, {"line", trigger.line}, {"column", trigger.column},
                     {"fires", trigger.fires}, {"why", trigger.why},   {"filters", std::move(filters)}};
  return json;
}

base::Json json_of(const StepExplanation& step) {
  base::Json json = {{"id", step.id},
                     {"title", step.title},
                     {"runs", to_string(step.runs)},
                     {"runs_after_a_failure", to_string(step.runs_after_a_failure)}};
  if (!step.why.empty()) json["why"] = step.why;
  if (!step.condition.written.empty()) json["condition"] = json_of(step.condition);
  return json;
}

base::Json json_of(const JobExplanation& job);

base::Json json_of(const LegExplanation& leg) {
  base::Json json = {{"name", leg.name}};
  if (!leg.matrix.is_null()) json["matrix"] = expression::to_json(leg.matrix);
  json["settings"] = leg.settings;
  auto steps = base::Json::array();
  for (const auto& step : leg.steps) steps.push_back(json_of(step));
  json["steps"] = std::move(steps);
  if (!leg.call_fails.empty()) json["call_fails"] = leg.call_fails;
  if (!leg.called.empty()) {
    auto called = base::Json::array();
    for (const auto& job : leg.called) called.push_back(json_of(job));
    json["called"] = std::move(called);
  }
  return json;
}

base::Json json_of(const JobExplanation& job) {
  auto needs = base::Json::array();
  for (const auto& need : job.job->needs) needs.push_back(need.text);
  base::Json json = {{"id", job.job->id},
                     {"needs", std::move(needs)},
                     {"runs", to_string(job.runs)},
                     {"runs_if_all_goes_well", to_string(job.runs_if_all_goes_well)},
                     {"why", job.why}};
  if (!job.because_of.empty()) json["because_of"] = job.because_of;
  if (job.assumed) json["assumed"] = to_string(*job.assumed);
  json["condition"] = json_of(job.condition);
  json["permissions"] = {{"from", job.permissions_from}, {"value", job.permissions}};
  if (job.job->uses) json["uses"] = job.job->uses->text;
  if (!job.legs_unknown.empty()) json["legs_unknown"] = job.legs_unknown;
  auto legs = base::Json::array();
  for (const auto& leg : job.legs) legs.push_back(json_of(leg));
  json["legs"] = std::move(legs);
  return json;
}

}  // namespace

base::Json to_json(const Explanation& explanation) {
  auto triggers = base::Json::array();
  for (const auto& trigger : explanation.triggers) triggers.push_back(json_of(trigger));
  auto jobs = base::Json::array();
  for (const auto& job : explanation.jobs) jobs.push_back(json_of(job));
  base::Json json = {{"workflow", explanation.workflow->path},
                     {"name", explanation.workflow->name.value_or(explanation.workflow->path)},
                     {"event", {{"name", explanation.event.name}, {"ref", explanation.event.ref}}},
                     {"triggered", explanation.triggered}};
  if (!explanation.event.action.empty()) json["event"]["action"] = explanation.event.action;
  if (!explanation.triggered) json["why_not_triggered"] = explanation.why_not_triggered;
  if (!explanation.concurrency.is_null()) json["concurrency"] = explanation.concurrency;
  json["triggers"] = std::move(triggers);
  json["jobs"] = std::move(jobs);
  return json;
}

}  // namespace workflow
