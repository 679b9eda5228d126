#include "workflow/job_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/expression/trace.h"

namespace workflow {

namespace {

using Perhaps = std::optional<bool>;

// false decides, whatever is not known yet.
Perhaps both(Perhaps a, Perhaps b) {
  if ((a && !*a) || (b && !*b)) return false;
  return a && b ? Perhaps(true) : std::nullopt;
}

Perhaps either(Perhaps a, Perhaps b) {
  if ((a && *a) || (b && *b)) return true;
  return a && b ? Perhaps(false) : std::nullopt;
}

Perhaps is(std::optional<JobConclusion> conclusion, JobConclusion wanted) {
  return conclusion ? Perhaps(*conclusion == wanted) : std::nullopt;
}

bool did_not_succeed(std::optional<JobConclusion> conclusion) {
  return conclusion && *conclusion != JobConclusion::success;
}

std::string ended_in(std::string_view id, std::optional<JobConclusion> conclusion) {
  if (conclusion == JobConclusion::skipped) return fmt::format("'{}' was skipped", id);
  return fmt::format("'{}' ended in {}", id, to_string(conclusion.value_or(JobConclusion::failure)));
}

bool needs(const Job& job, const Job& other) {
  return std::any_of(job.needs.begin(), job.needs.end(),
                     [&](const Text& need) { return base::equals_ignoring_case(need.text, other.id); });
}

}  // namespace

std::string_view to_string(JobConclusion conclusion) {
  switch (conclusion) {
    case JobConclusion::success:
      return "success";
    case JobConclusion::failure:
      return "failure";
    case JobConclusion::cancelled:
      return "cancelled";
    case JobConclusion::skipped:
      return "skipped";
  }
  return "";
}

std::optional<JobConclusion> parse_job_conclusion(std::string_view text) {
  for (const auto conclusion :
       {JobConclusion::success, JobConclusion::failure, JobConclusion::cancelled, JobConclusion::skipped}) {
    if (text == to_string(conclusion)) return conclusion;
  }
  return std::nullopt;
}

JobResults::JobResults(const Workflow& workflow) {
  for (const auto& job : workflow.jobs) entries_[base::to_lower(job.id)].job = &job;
}

const JobResults::Entry* JobResults::find(std::string_view id) const {
  const auto found = entries_.find(base::to_lower(id));
  return found == entries_.end() ? nullptr : &found->second;
}

JobResults::Entry JobResults::above(const Job& job) const {
  Entry result{.job = &job};
  for (const auto& need : job.needs) {
    const auto* entry = find(need.text);
    if (entry == nullptr) continue;
    result.all_above_succeeded =
        both(result.all_above_succeeded,
             both(entry->all_above_succeeded, is(entry->conclusion, JobConclusion::success)));
    result.any_above_failed =
        either(result.any_above_failed,
               either(entry->any_above_failed, is(entry->conclusion, JobConclusion::failure)));
    if (!result.above_in_the_way.empty()) continue;
    if (did_not_succeed(entry->conclusion)) {
      result.above_in_the_way = entry->job->id;
    } else {
      result.above_in_the_way = entry->above_in_the_way;
    }
  }
  return result;
}

void JobResults::set(const Job& job, std::optional<JobConclusion> conclusion, SkipReason skip) {
  auto entry = above(job);
  entry.conclusion = conclusion;
  entry.skip = std::move(skip);
  if (entry.skip.because_of.empty()) entry.skip.because_of = job.id;
  entries_[base::to_lower(job.id)] = std::move(entry);
}

std::optional<JobConclusion> JobResults::of(std::string_view id) const {
  const auto* entry = find(id);
  return entry == nullptr ? std::nullopt : entry->conclusion;
}

base::Result<std::vector<const JobResults::Entry*>> JobResults::named(
    const Job& job, const std::vector<std::string>& ids) const {
  std::unordered_set<const Entry*> ancestors;
  std::vector<const Job*> open{&job};
  while (!open.empty()) {
    const auto* next = open.back();
    open.pop_back();
    for (const auto& need : next->needs) {
      const auto* entry = find(need.text);
      if (entry != nullptr && ancestors.insert(entry).second) open.push_back(entry->job);
    }
  }
  std::vector<const Entry*> found;
  for (const auto& id : ids) {
    const auto* entry = find(id);
    if (entry == nullptr || !ancestors.contains(entry)) {
      return base::invalid_input(fmt::format(
          "The job '{}' asks for the status of '{}', which it does not need, directly or through others",
          job.id, id));
    }
    found.push_back(entry);
  }
  return found;
}

base::Result<Perhaps> JobResults::succeeded(const Job& job, const std::vector<std::string>& ids) const {
  if (ids.empty()) return above(job).all_above_succeeded;
  TRY(const auto entries, named(job, ids));
  Perhaps result = true;
  for (const auto* entry : entries) result = both(result, is(entry->conclusion, JobConclusion::success));
  return result;
}

base::Result<Perhaps> JobResults::failed(const Job& job, const std::vector<std::string>& ids) const {
  if (ids.empty()) return above(job).any_above_failed;
  TRY(const auto entries, named(job, ids));
  Perhaps result = false;
  for (const auto* entry : entries) result = either(result, is(entry->conclusion, JobConclusion::failure));
  return result;
}

std::optional<SkipReason> JobResults::ancestor_in_the_way(const Job& job) const {
  for (const auto& need : job.needs) {
    const auto* entry = find(need.text);
    if (entry == nullptr || !did_not_succeed(entry->conclusion)) continue;
    const auto& id = entry->job->id;
    if (*entry->conclusion != JobConclusion::skipped)
      return SkipReason{fmt::format("it needs '{}', which ended in {}", id, to_string(*entry->conclusion)),
                        id};
    const auto* origin = find(entry->skip.because_of);
    if (origin == nullptr || entry->skip.text.empty())
      return SkipReason{fmt::format("it needs '{}', which was skipped", id), id};
    // However long the line is, it is told in one sentence: the need, and where it comes from.
    if (origin == entry || needs(*entry->job, *origin->job))
      return SkipReason{fmt::format("it needs '{}', which was skipped ({})", id, entry->skip.text),
                        origin->job->id};
    auto text = fmt::format("it needs '{}', which was skipped because {}", id,
                            ended_in(origin->job->id, origin->conclusion));
    if (origin->conclusion == JobConclusion::skipped) text += fmt::format(" ({})", origin->skip.text);
    return SkipReason{std::move(text), origin->job->id};
  }
  const auto entry = above(job);
  const auto* origin = find(entry.above_in_the_way);
  if (origin == nullptr || !origin->conclusion) return std::nullopt;
  return SkipReason{fmt::format("'{}', which its needs depend on, ended in {}", origin->job->id,
                                to_string(*origin->conclusion)),
                    origin->job->id};
}

namespace {

// Whether the condition would hold if all that the job needs had succeeded.
bool success_decides(const std::string& condition, const Scope& scope) {
  Scope with_success = scope;
  with_success.status.success = [](const auto&) { return true; };
  const auto holds = evaluate_condition(Text{condition}, with_success);
  return holds && *holds;
}

expression::PartialSurroundings surroundings_of(const Scope& scope) {
  const auto perhaps = [](const auto& ask) -> expression::PerhapsStatus {
    return [&ask](const std::vector<std::string>& ids) -> base::Result<std::optional<bool>> {
      TRY(const bool holds, ask(ids));
      return std::optional(holds);
    };
  };
  return {.named_value = [&scope](std::string_view name) { return scope.contexts.find(name); },
          .success = perhaps(scope.status.success),
          .failure = perhaps(scope.status.failure),
          .cancelled = [&scope](const auto&) { return std::optional(scope.status.cancelled()); }};
}

}  // namespace

std::string why_condition_fails(const std::optional<Text>& condition, const Scope& scope) {
  const auto text = expression::unwrapped_condition(condition ? condition->text : "");
  if (!text) return "its condition does not hold";
  auto reason = fmt::format("its condition does not hold: {}", *text);
  if (const auto trace = expression::trace_expression(*text, surroundings_of(scope))) {
    if (const auto seen = expression::observations(*trace); !seen.empty())
      reason += fmt::format(" ({})", base::join(seen, ", "));
  }
  return reason;
}

SkipReason reason_of_skip(const Job& job, const JobResults& results, const Scope& scope) {
  const std::string condition = job.condition ? job.condition->text : "";
  if (const auto succeeded = scope.status.success({});
      succeeded && !*succeeded && success_decides(condition, scope)) {
    if (auto reason = results.ancestor_in_the_way(job)) return *reason;
  }
  return {.text = why_condition_fails(job.condition, scope), .because_of = job.id};
}

}  // namespace workflow
