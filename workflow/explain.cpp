#include "workflow/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/explain_outlook.h"
#include "workflow/expression/template.h"

namespace workflow {

namespace {

// Matrices of calls within matrices of calls: more than this nobody reads.
constexpr int kMostCalls = 500;
constexpr int kDefaultTimeoutMinutes = 360;

// What stands for all jobs does not make one run that is skipped.
std::optional<JobConclusion> assumed_end(const Job& job, Answer runs, const Assumptions& assumptions) {
  auto found = assumptions.find(base::to_lower(job.id));
  if (found == assumptions.end() && runs != Answer::no) found = assumptions.find("*");
  return found == assumptions.end() ? std::nullopt : std::optional(found->second);
}

std::string quoted_list(const std::vector<std::string>& ids) {
  std::string text;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) text += i + 1 == ids.size() ? " and " : ", ";
    text += fmt::format("'{}'", ids[i]);
  }
  return text;
}

base::Json settings_of(const PlannedJob& leg, Outlook outlook) {
  const auto& job = *leg.job;
  outlook.contexts.set("matrix", leg.matrix);
  outlook.contexts.set("strategy", outlook.matrix_known ? strategy_context(leg) : expression::Value());
  auto settings = base::Json::object();
  const auto add = [&](const char* name, const Node& node) {
    if (node.present()) settings[name] = known_part(node, outlook);
  };
  add("runs-on", job.runs_on);
  add("container", job.container);
  add("services", job.services);
  add("environment", job.environment);
  add("concurrency", job.concurrency);
  if (!job.uses) {
    settings["timeout-minutes"] = kDefaultTimeoutMinutes;
    add("timeout-minutes", job.timeout_minutes);
    add("cancel-timeout-minutes", job.cancel_timeout_minutes);
  }
  add("continue-on-error", job.continue_on_error);
  if (leg.total > 1) {
    settings["fail-fast"] = leg.fail_fast;
    if (leg.max_parallel > 0) settings["max-parallel"] = leg.max_parallel;
  }
  if (job.uses) {
    settings["uses"] = job.uses->text;
    add("with", job.with);
  }
  return settings;
}

class Explainer {
 public:
  Explainer(const Plan& plan, const CallOutlook& call, const Assumptions& assumptions, int& calls_left)
      : plan_(plan),
        contexts_(call.contexts),
        open_inputs_(call.open_inputs),
        assumptions_(assumptions),
        calls_left_(calls_left),
        strict_(*plan.workflow),
        hopeful_(*plan.workflow) {
    for (const auto& group : plan.groups) groups_[base::to_lower(group.job->id)] = &group;
  }

  std::vector<JobExplanation> run() {
    for (const auto* group : needs_first()) explained_[group->job] = explain(*group);
    std::vector<JobExplanation> jobs;
    for (const auto& group : plan_.groups) jobs.push_back(std::move(explained_[group.job]));
    return jobs;
  }

 private:
  // Without recursion: a line of needs may be as long as the file.
  std::vector<const JobGroup*> needs_first() const {
    std::vector<const JobGroup*> order;
    std::unordered_map<const JobGroup*, bool> seen;  // true: in order
    for (const auto& start : plan_.groups) {
      std::vector<const JobGroup*> open{&start};
      while (!open.empty()) {
        const auto* group = open.back();
        const auto [entry, is_new] = seen.try_emplace(group, false);
        if (!is_new) {
          open.pop_back();
          if (!entry->second) order.push_back(group);
          entry->second = true;
          continue;
        }
        for (const auto& need : group->needs) {
          const auto needed = groups_.find(base::to_lower(need));
          if (needed != groups_.end() && !seen.contains(needed->second)) open.push_back(needed->second);
        }
      }
    }
    return order;
  }

  JobExplanation explain(const JobGroup& group) {
    const auto& job = *group.job;
    JobExplanation explained{.job = &job};
    auto outlook = outlook_of(job, strict_, contexts_);
    auto hope = outlook_of(job, hopeful_, contexts_);
    outlook.open_inputs = hope.open_inputs = open_inputs_;
    hope.all_goes_well = true;
    explained.condition = explain_condition(job.condition, outlook);
    explained.runs = explained.condition.holds;
    explained.assumed = assumed_end(job, explained.runs, assumptions_);
    const auto hoped = explain_condition(job.condition, hope);
    explained.runs_if_all_goes_well = hoped.holds;
    set_sentence(explained, outlook, hoped);
    set_permissions(explained);
    if (explained.runs != Answer::no) set_legs(explained, group, outlook);
    record(explained);
    return explained;
  }

  void record(const JobExplanation& explained) {
    const SkipReason skip{explained.why, explained.because_of};
    const auto end_of = [&](Answer runs, std::optional<JobConclusion> if_it_runs) {
      if (explained.assumed) return explained.assumed;
      if (runs == Answer::no) return std::optional(JobConclusion::skipped);
      return runs == Answer::yes ? if_it_runs : std::nullopt;
    };
    const bool fails = !explained.condition.trace.error.empty();
    strict_.set(*explained.job,
                fails ? std::optional(JobConclusion::failure) : end_of(explained.runs, std::nullopt), skip);
    hopeful_.set(*explained.job, end_of(explained.runs_if_all_goes_well, JobConclusion::success), skip);
  }

  void set_sentence(JobExplanation& explained, const Outlook& outlook, const ConditionExplanation& hoped) {
    const auto& job = *explained.job;
    const auto& trace = explained.condition.trace;
    if (!trace.error.empty()) {
      explained.why = "it fails, for its condition cannot be evaluated: " + trace.error;
    } else if (explained.runs == Answer::no) {
      set_skip(explained, outlook);
    } else if (explained.runs == Answer::yes) {
      explained.why = yes_sentence(job);
    } else if (hoped.holds == Answer::no) {
      explained.why = "not as long as all goes well";
      if (const auto reason = hopeful_.ancestor_in_the_way(job); reason && !asks_for_status(job))
        explained.why += fmt::format(", since '{}' does not run then", reason->because_of);
    } else {
      explained.why = condition_sentence(explained, hoped);
    }
  }

  static bool asks_for_status(const Job& job) {
    const auto text = expression::unwrapped_condition(job.condition ? job.condition->text : "true");
    const auto tree =
        text ? expression::parse_expression(*text) : base::Result<expression::NodePointer>(text.error());
    return tree && expression::asks_for_status(**tree);
  }

  static std::string yes_sentence(const Job& job) {
    if (job.condition) return "its condition holds";
    return job.needs.empty() ? "it waits for no other job" : "all that it needs succeeds";
  }

  // The name of the ancestor when that decides, else the condition with its values.
  void set_skip(JobExplanation& explained, const Outlook& outlook) {
    const auto& job = *explained.job;
    auto with_success = outlook.surroundings();
    with_success.success = [](const auto&) { return std::optional(true); };
    const auto again = expression::trace_expression(explained.condition.trace.text, with_success);
    const bool success_decides = again && !(again->truthy && !*again->truthy);
    if (const auto reason = strict_.ancestor_in_the_way(job); success_decides && reason) {
      explained.why = reason->text;
      explained.because_of = reason->because_of;
      return;
    }
    explained.because_of = job.id;
    explained.why = fmt::format("its condition does not hold: {}", explained.condition.written);
    const auto seen = expression::observations(explained.condition.own());
    if (!seen.empty()) explained.why += fmt::format(" ({})", base::join(seen, ", "));
  }

  std::string condition_sentence(const JobExplanation& explained, const ConditionExplanation& hoped) const {
    std::vector<std::string> waits_for;
    for (const auto& need : explained.job->needs) {
      if (!strict_.of(need.text)) waits_for.push_back(need.text);
    }
    std::string sentence;
    const auto& root = explained.condition.trace;
    const bool on_success = root.text.starts_with("success()") &&
                            !(root.children.empty() ? root.truthy : root.children.front().truthy);
    if (on_success && !waits_for.empty())
      sentence = fmt::format("if {} succeed{}", quoted_list(waits_for), waits_for.size() == 1 ? "s" : "");
    const auto questions = open_questions(hoped.trace);
    if (!questions.empty()) {
      if (!sentence.empty()) sentence += "; ";
      sentence += base::join(questions, ", ");
    }
    return sentence.empty() ? "known when its needs have run" : sentence;
  }

  void set_permissions(JobExplanation& explained) const {
    const auto& job = *explained.job;
    const auto& workflow = *plan_.workflow;
    if (!job.effective_permissions) {
      explained.permissions_from = "repository";
      explained.permissions = "default";
      return;
    }
    explained.permissions_from =
        job.permissions.present() ? "job" : (workflow.permissions.present() ? "workflow" : "caller");
    const auto& permissions = *job.effective_permissions;
    if (permissions.all) {
      explained.permissions = fmt::format("{}-all", name_of(*permissions.all));
      return;
    }
    explained.permissions = base::Json::object();
    for (const auto& [scope, level] : permissions.levels) explained.permissions[scope] = name_of(level);
  }

  void set_legs(JobExplanation& explained, const JobGroup& group, const Outlook& outlook) const {
    const auto& job = *group.job;
    auto legs = group.legs;
    auto of_leg = outlook;
    if (!group.expanded) {
      explained.legs_unknown = "known when its needs have run";
      of_leg.matrix_known = false;
      legs = {PlannedJob{
          .job = &job, .key = job.id, .name = job.name ? known_text(job.name->text, of_leg) : job.id}};
    }
    for (const auto& leg : legs) {
      explained.legs.push_back({.name = leg.name,
                                .matrix = leg.matrix,
                                .settings = settings_of(leg, of_leg),
                                .steps = explain_steps(*plan_.workflow, leg, of_leg)});
      if (job.called) explain_call(leg, of_leg, explained.legs.back());
    }
  }

  void explain_call(const PlannedJob& leg, Outlook outlook, LegExplanation& explained) const {
    if (--calls_left_ < 0) return;
    outlook.contexts.set("matrix", leg.matrix);
    outlook.contexts.set("strategy", outlook.matrix_known ? strategy_context(leg) : expression::Value());
    const auto call = outlook_of_call(outlook);
    const auto plan =
        call ? make_plan(*leg.job->called, call->contexts, std::nullopt) : base::Result<Plan>(call.error());
    if (!plan) {
      explained.call_fails = plan.error().message;
      return;
    }
    // What is assumed of `caller/job` is of the job in there.
    Assumptions inner;
    const auto prefix = base::to_lower(leg.job->id) + "/";
    for (const auto& [id, conclusion] : assumptions_) {
      if (id == "*") inner[id] = conclusion;
      if (id.starts_with(prefix)) inner[id.substr(prefix.size())] = conclusion;
    }
    explained.called = Explainer(*plan, *call, inner, calls_left_).run();
  }

  const Plan& plan_;
  const Contexts& contexts_;
  const std::set<std::string>& open_inputs_;
  const Assumptions& assumptions_;
  int& calls_left_;
  JobResults strict_;   ///< only what is certain
  JobResults hopeful_;  ///< if what runs succeeds
  std::unordered_map<std::string, const JobGroup*> groups_;
  std::unordered_map<const Job*, JobExplanation> explained_;
};

}  // namespace

std::string_view to_string(Answer answer) {
  switch (answer) {
    case Answer::yes:
      return "yes";
    case Answer::no:
      return "no";
    case Answer::unknown:
      return "unknown";
  }
  return "";
}

Explanation explain(const Plan& plan, const Event& event, const Contexts& contexts,
                    const Assumptions& assumptions) {
  const auto verdict = matches(*plan.workflow, event);
  Explanation explanation{.workflow = plan.workflow,
                          .event = event,
                          .triggered = verdict.fires,
                          .why_not_triggered = verdict.fires ? "" : verdict.reason,
                          .triggers = explain_triggers(*plan.workflow, event)};
  if (plan.workflow->concurrency.present()) {
    static const Job none;
    const JobResults no_results(*plan.workflow);
    explanation.concurrency = known_part(plan.workflow->concurrency, outlook_of(none, no_results, contexts));
  }
  const CallOutlook not_called{.contexts = contexts};
  int calls_left = kMostCalls;
  explanation.jobs = Explainer(plan, not_called, assumptions, calls_left).run();
  return explanation;
}

}  // namespace workflow
