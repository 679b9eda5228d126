#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/explain_outlook.h"
#include "workflow/expression/template.h"

namespace workflow {

using expression::Object;
using expression::Value;

namespace {

std::string first_line(std::string_view text) {
  const auto trimmed = base::trim(text);
  return std::string(base::trim(trimmed.substr(0, trimmed.find('\n'))));
}

std::string list_of(const Node& node) {
  if (!node.is_sequence()) return node.text;
  std::vector<std::string> items;
  for (const auto& item : node.items) items.push_back(item.text);
  return base::join(items, ", ");
}

// As GitHub titles steps in its log.
std::string title_of(const Step& step, const Outlook& outlook) {
  if (step.name) return known_text(step.name->text, outlook);
  if (step.run) return "Run " + first_line(known_text(step.run->text, outlook));
  if (step.uses) return "Run " + step.uses->text;
  if (step.wait.present()) return "Wait for " + list_of(step.wait);
  if (step.wait_all.present()) return "Wait for all steps in the background";
  if (step.cancel.present()) return "Cancel " + list_of(step.cancel);
  return step.id;
}

// Later ones win; what is not known yet is remembered as such.
void add_env(const Node& env, Outlook& outlook) {
  for (const auto& [key, node] : env.members) {
    const auto value = known_part(node, outlook);
    const bool open = value.is_string() && expression::has_expression(value.get_ref<const std::string&>());
    const auto name = base::to_lower(key.text);
    if (open) {
      outlook.open_env.insert(name);
    } else {
      outlook.open_env.erase(name);
    }
    outlook.contexts.set_member("env", key.text, Value(expression::from_json(value).to_text()));
  }
  // One expression may give any names.
  if (env.kind == NodeKind::string) outlook.a_step_ran = true;
}

std::string because(std::string_view condition, const expression::Trace& trace) {
  const auto seen = expression::observations(trace);
  if (seen.empty()) return fmt::format("its condition does not hold: {}", condition);
  return fmt::format("its condition does not hold: {} ({})", condition, base::join(seen, ", "));
}

void set_sentence(StepExplanation& step) {
  const auto& condition = step.condition;
  if (!condition.trace.error.empty()) {
    step.why = "it fails, for its condition cannot be evaluated: " + condition.trace.error;
  } else if (step.runs == Answer::unknown) {
    step.why = base::join(open_questions(condition.trace), ", ");
  } else if (step.runs == Answer::yes) {
    if (step.runs_after_a_failure == Answer::yes) step.why = "also when a step before it failed";
  } else if (step.runs_after_a_failure == Answer::no) {
    step.why = because(condition.written, condition.own());
  } else {
    step.why = "only when a step before it failed";
    if (step.runs_after_a_failure == Answer::unknown) step.why += ", and then perhaps";
  }
}

class Walk {
 public:
  explicit Walk(Outlook outlook) : outlook_(std::move(outlook)) {}

  void steps(const std::vector<Step>& steps) {
    for (const auto& step : steps) {
      explained_.push_back(explain(step));
      record(step, explained_.back());
      Walk::steps(step.parallel);
    }
  }
  std::vector<StepExplanation> take() { return std::move(explained_); }

 private:
  StepExplanation explain(const Step& step) {
    const auto env = outlook_.contexts.get("env");
    const auto open_env = outlook_.open_env;
    const bool a_step_ran = outlook_.a_step_ran;
    add_env(step.env, outlook_);
    StepExplanation explained{.id = step.id, .title = title_of(step, outlook_)};
    if (step.wait.present() || step.wait_all.present() || step.cancel.present() || !step.parallel.empty()) {
      // languageservices: these take no `if`; theirs is always().
      explained.runs = explained.runs_after_a_failure = Answer::yes;
    } else {
      explained.condition = explain_condition(step.condition, outlook_);
      explained.runs = explained.condition.holds;
      set_status(JobSoFar::failed);
      explained.runs_after_a_failure =
          a_step_ran ? explain_condition(step.condition, outlook_).holds : Answer::no;
      set_status(JobSoFar::passed);
      set_sentence(explained);
    }
    outlook_.contexts.set("env", env);
    outlook_.open_env = open_env;
    outlook_.a_step_ran = a_step_ran;
    return explained;
  }

  void set_status(JobSoFar so_far) {
    outlook_.so_far = so_far;
    outlook_.contexts.set_member("job", "status", Value(so_far == JobSoFar::passed ? "success" : "failure"));
  }

  // As long as nothing fails: what runs succeeds.
  void record(const Step& step, const StepExplanation& explained) {
    if (explained.runs != Answer::no) outlook_.a_step_ran = true;
    if (!step.has_own_id) return;
    const auto id = base::to_lower(step.id);
    const bool runs = explained.runs == Answer::yes;
    if (runs) outlook_.open_steps.insert(id);
    if (explained.runs == Answer::unknown || step.continue_on_error.present())
      outlook_.doubtful_steps.insert(id);
    Object entry;
    entry.set("outputs", Value(Object()));
    entry.set("outcome", Value(runs ? "success" : "skipped"));
    entry.set("conclusion", Value(runs ? "success" : "skipped"));
    outlook_.contexts.set_member("steps", step.id, Value(std::move(entry)));
  }

  Outlook outlook_;
  std::vector<StepExplanation> explained_;
};

Value runner_of_this_machine() {
  Object runner;
  runner.set("name", Value("pipeline"));
  runner.set("os", Value("Linux"));
#if defined(__aarch64__)
  runner.set("arch", Value("ARM64"));
#else
  runner.set("arch", Value("X64"));
#endif
  runner.set("environment", Value("self-hosted"));
  return Value(std::move(runner));
}

}  // namespace

std::vector<StepExplanation> explain_steps(const Workflow& workflow, const PlannedJob& leg, Outlook outlook) {
  outlook.in_steps = true;
  auto& contexts = outlook.contexts;
  if (outlook.matrix_known) {
    contexts.set("matrix", leg.matrix);
    contexts.set("strategy", strategy_context(leg));
  } else {
    contexts.set("matrix", Value());
    contexts.set("strategy", Value());
  }
  contexts.set("runner", runner_of_this_machine());
  contexts.set("steps", Value(Object()));
  contexts.set_member("job", "status", Value("success"));
  if (!contexts.get("env").is_object()) contexts.set("env", Value(Object()));
  add_env(workflow.env, outlook);
  add_env(leg.job->env, outlook);
  Walk walk(std::move(outlook));
  walk.steps(leg.job->steps);
  return walk.take();
}

}  // namespace workflow
