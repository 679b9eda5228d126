#include "workflow/explain_outlook.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "workflow/call_workflow.h"
#include "workflow/expression/template.h"

namespace workflow {

using expression::Knowledge;
using expression::Object;
using expression::Trace;
using expression::Value;
using Extent = expression::Knowledge::Extent;
using Path = std::vector<std::string>;

namespace {

constexpr std::string_view kAtRunTime = "known at run time";

// docs "github context": what a run or a step brings.
constexpr std::array<std::string_view, 17> kGithubOfARun{
    "action", "action_path",  "action_ref", "action_repository", "action_status", "env",        "event_path",
    "job",    "output",       "path",       "run_attempt",       "run_id",        "run_number", "state",
    "token",  "step_summary", "workspace",
};
constexpr std::array<std::string_view, 5> kKnownOfRunner{"os", "arch", "name", "environment", "debug"};

template <typename Names>
bool holds(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return base::equals_ignoring_case(other, name); });
}

Knowledge partly(std::string_view why) {
  return {Extent::partly, std::string(why)};
}
Knowledge unknown(std::string_view why) {
  return {Extent::unknown, std::string(why)};
}

Knowledge of_needs(const Outlook& outlook, const Path& path) {
  if (path.size() == 1)
    return outlook.job->needs.empty() ? Knowledge{} : partly("known when its needs have run");
  const auto named = std::any_of(outlook.job->needs.begin(), outlook.job->needs.end(), [&](const Text& need) {
    return base::equals_ignoring_case(need.text, path[1]);
  });
  if (!named) return {};
  const auto why = fmt::format("known when '{}' has run", path[1]);
  const auto result = outlook.results->of(path[1]);
  if (result == JobConclusion::skipped) return {};
  if (path.size() == 2) return partly(why);
  if (base::equals_ignoring_case(path[2], "result")) return result ? Knowledge{} : unknown(why);
  return base::equals_ignoring_case(path[2], "outputs") ? unknown(why) : Knowledge{};
}

Knowledge of_steps(const Outlook& outlook, const Path& path) {
  const bool any = !outlook.open_steps.empty() || !outlook.doubtful_steps.empty();
  if (path.size() == 1) return any ? partly("known when the steps before it have run") : Knowledge{};
  const auto id = base::to_lower(path[1]);
  const auto why = fmt::format("known when the step '{}' has run", path[1]);
  if (outlook.doubtful_steps.contains(id)) return path.size() == 2 ? partly(why) : unknown(why);
  if (!outlook.open_steps.contains(id)) return {};
  if (path.size() == 2) return partly(why);
  if (base::equals_ignoring_case(path[2], "outputs")) return unknown(why);
  // A step that is not known to have passed may be the one that failed.
  return outlook.so_far == JobSoFar::failed ? unknown(why) : Knowledge{};
}

Knowledge of_env(const Outlook& outlook, const Path& path) {
  const auto* env = outlook.contexts.find("env");
  if (path.size() == 1)
    return outlook.open_env.empty() && !outlook.a_step_ran ? Knowledge{} : partly(kAtRunTime);
  if (outlook.open_env.contains(base::to_lower(path[1]))) return unknown(kAtRunTime);
  const bool declared = env != nullptr && env->is_object() && env->object().find(path[1]) != nullptr;
  return declared || !outlook.a_step_ran ? Knowledge{} : unknown("known when the steps before it have run");
}

Knowledge of_inputs(const Outlook& outlook, const Path& path) {
  constexpr std::string_view kWhen = "known when the workflow is called";
  if (path.size() == 1) return outlook.open_inputs.empty() ? Knowledge{} : partly(kWhen);
  return outlook.open_inputs.contains(base::to_lower(path[1])) ? unknown(kWhen) : Knowledge{};
}

Knowledge knowledge_of(const Outlook& outlook, const Path& path) {
  const auto context = base::to_lower(path[0]);
  if (context == "github") {
    if (path.size() == 1) return partly(kAtRunTime);
    return holds(kGithubOfARun, path[1]) ? unknown(kAtRunTime) : Knowledge{};
  }
  if (context == "runner") {
    if (path.size() == 1) return partly(kAtRunTime);
    return holds(kKnownOfRunner, path[1]) ? Knowledge{} : unknown(kAtRunTime);
  }
  if (context == "job") {
    if (path.size() == 1) return partly(kAtRunTime);
    return base::equals_ignoring_case(path[1], "status") ? Knowledge{} : unknown(kAtRunTime);
  }
  if (context == "needs") return of_needs(outlook, path);
  if (context == "steps") return of_steps(outlook, path);
  if (context == "env") return of_env(outlook, path);
  if (context == "inputs") return of_inputs(outlook, path);
  if ((context == "matrix" || context == "strategy") && !outlook.matrix_known)
    return unknown("known when the matrix is");
  return {};
}

std::string as_written(std::string_view expression) {
  return fmt::format("${{{{ {} }}}}", expression);
}

}  // namespace

expression::PartialSurroundings Outlook::surroundings() const {
  const auto of_steps_so_far = [this](JobSoFar wanted) -> expression::PerhapsStatus {
    return [this, wanted](const auto&) { return std::optional(so_far == wanted); };
  };
  expression::PartialSurroundings made{
      .named_value = [this](std::string_view name) { return contexts.find(name); },
      .knowledge = [this](const Path& path) { return knowledge_of(*this, path); },
      .success = [this](const auto& ids) { return results->succeeded(*job, ids); },
      .failure = [this](const auto& ids) -> base::Result<std::optional<bool>> {
        TRY(const auto failed, results->failed(*job, ids));
        return all_goes_well ? std::optional(failed.value_or(false)) : failed;
      },
      // Nobody cancels a run that has not begun.
      .cancelled = [](const auto&) { return std::optional(false); },
      .when_status_is_known = "known when its needs have run"};
  if (in_steps) {
    made.success = of_steps_so_far(JobSoFar::passed);
    made.failure = of_steps_so_far(JobSoFar::failed);
  }
  return made;
}

Outlook outlook_of(const Job& job, const JobResults& results, const Contexts& contexts) {
  Outlook outlook{.job = &job, .results = &results, .contexts = contexts};
  Object needs;
  for (const auto& need : job.needs) {
    Object entry;
    const auto result = results.of(need.text);
    entry.set("result", result ? Value(to_string(*result)) : Value());
    entry.set("outputs", Value(Object()));
    needs.set(need.text, Value(std::move(entry)));
  }
  outlook.contexts.set("needs", Value(std::move(needs)));
  return outlook;
}

ConditionExplanation explain_condition(const std::optional<Text>& condition, const Outlook& outlook) {
  ConditionExplanation explained{.written = condition ? std::string(base::trim(condition->text)) : ""};
  const auto text = expression::condition_expression(explained.written);
  auto trace =
      text ? expression::trace_expression(*text, outlook.surroundings()) : base::Result<Trace>(text.error());
  if (trace) {
    explained.trace = std::move(*trace);
  } else {
    explained.trace = {.text = explained.written, .error = trace.error().message};
  }
  const auto own = expression::unwrapped_condition(explained.written);
  explained.success_added = !explained.written.empty() && text && own && *own != *text;
  if (explained.trace.truthy) explained.holds = *explained.trace.truthy ? Answer::yes : Answer::no;
  return explained;
}

std::string known_text(std::string_view text, const Outlook& outlook) {
  const auto parts = expression::split_template(text);
  if (!parts) return std::string(text);
  std::string known;
  for (const auto& part : *parts) {
    if (!part.is_expression) {
      known += part.text;
      continue;
    }
    const auto trace = expression::trace_expression(part.text, outlook.surroundings());
    known += trace && trace->value ? trace->value->to_text() : as_written(part.text);
  }
  return known;
}

base::Json known_part(const Node& node, const Outlook& outlook) {
  switch (node.kind) {
    case NodeKind::mapping: {
      auto object = base::Json::object();
      for (const auto& [key, value] : node.members)
        object[known_text(key.text, outlook)] = known_part(value, outlook);
      return object;
    }
    case NodeKind::sequence: {
      auto array = base::Json::array();
      for (const auto& item : node.items) array.push_back(known_part(item, outlook));
      return array;
    }
    case NodeKind::string: {
      const auto parts = expression::split_template(node.text);
      if (!parts || parts->size() != 1 || !parts->front().is_expression)
        return known_text(node.text, outlook);
      const auto trace = expression::trace_expression(parts->front().text, outlook.surroundings());
      if (trace && trace->value) return expression::to_json(*trace->value);
      return as_written(parts->front().text);
    }
    default:
      return to_json(node);
  }
}

base::Result<CallOutlook> outlook_of_call(const Outlook& caller) {
  const auto& job = *caller.job;
  CallOutlook call;
  for (const auto& [key, node] : job.with.members) {
    const auto value = known_part(node, caller);
    if (value.is_string() && expression::has_expression(value.get_ref<const std::string&>()))
      call.open_inputs.insert(base::to_lower(key.text));
  }
  auto contexts = contexts_of_call(job, caller.contexts);
  if (contexts) {
    call.contexts = std::move(*contexts);
    return call;
  }
  // What is not known yet may be what does not fit.
  if (call.open_inputs.empty()) return contexts.error();
  for (const std::string_view name : {"github", "vars", "secrets"})
    call.contexts.set(name, caller.contexts.get(name));
  Object inputs;
  for (const auto& input : job.called->call->inputs) {
    inputs.set(input.name, Value());
    call.open_inputs.insert(base::to_lower(input.name));
  }
  call.contexts.set("inputs", Value(std::move(inputs)));
  return call;
}

std::vector<std::string> open_questions(const Trace& trace) {
  std::vector<std::string> questions;
  const auto add = [&](const auto& self, const Trace& node) -> void {
    if (!node.needed || node.truthy || node.literal) return;
    bool deeper = false;
    for (const auto& child : node.children) {
      if (!child.needed || child.literal || child.value) continue;
      self(self, child);
      deeper = true;
    }
    if (deeper) return;
    auto question = node.error.empty() ? fmt::format("{} is {}", node.text, node.why_unknown)
                                       : fmt::format("{} cannot be evaluated: {}", node.text, node.error);
    if (std::find(questions.begin(), questions.end(), question) == questions.end())
      questions.push_back(std::move(question));
  };
  add(add, trace);
  return questions;
}

}  // namespace workflow
