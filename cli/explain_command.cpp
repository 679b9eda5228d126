#include <fmt/format.h>

#include <cstdio>

#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/run_contexts.h"
#include "cli/run_inputs.h"
#include "cli/workflow_files.h"
#include "workflow/explain_text.h"

namespace cli {

namespace {

struct Explained {
  runner::RunOptions options;
  steps::SecretMasker masker;
};

// `caller/job` is a job of the workflow that `caller` calls.
bool has_job(const workflow::Workflow& workflow, std::string_view id) {
  if (workflow.find_job(id) != nullptr) return true;
  const auto slash = id.find('/');
  if (slash == std::string_view::npos) return false;
  const auto* caller = workflow.find_job(id.substr(0, slash));
  return caller != nullptr && caller->called && has_job(*caller->called, id.substr(slash + 1));
}

// `JOB=failure` …; a job that no workflow has is a mistake, not nothing.
base::Result<workflow::Assumptions> read_assumptions(const std::vector<std::string>& given,
                                                     const workflow::Workflow& workflow) {
  workflow::Assumptions assumptions;
  TRY(const auto pairs, parse_pairs(given, BareName::refused));
  for (const auto& [job, word] : pairs) {
    const auto conclusion = workflow::parse_job_conclusion(word);
    if (!conclusion) {
      return base::invalid_input(fmt::format(
          "--assume {}={}: expected success, failure, cancelled or skipped, found '{}'", job, word, word));
    }
    if (job != "*" && !has_job(workflow, job)) {
      std::vector<std::string> ids;
      for (const auto& known : workflow.jobs) ids.push_back(known.id);
      return base::invalid_input(fmt::format("--assume {}={}: {} has no job '{}'; its jobs are: {}", job,
                                             word, workflow.path, job, base::join(ids, ", ")));
    }
    assumptions[base::to_lower(job)] = *conclusion;
  }
  return assumptions;
}

base::Result<workflow::Explanation> explain_one(const workflow::Workflow& workflow, const ExplainFlags& flags,
                                                const Explained& session, workflow::Plan& plan) {
  TRY(auto contexts, outer_contexts(session.options, workflow, {.id = 1, .number = 1}));
  TRY(plan, workflow::make_plan(workflow, contexts, chosen_job(flags)));
  for (const auto& [name, value] : session.options.environment)
    contexts.set_member("env", name, workflow::expression::Value(value));
  TRY(const auto assumptions, read_assumptions(flags.assumptions, workflow));
  auto explanation = workflow::explain(plan, session.options.event, contexts, assumptions);
  if (const auto why = workflow::starts_nothing(session.options.event); why && !flags.event_file.empty()) {
    explanation.triggered = false;
    explanation.why_not_triggered = *why;
  }
  return explanation;
}

}  // namespace

int explain_command(const ExplainFlags& flags) {
  Explained session;
  if (auto filled = fill_event_options(flags, session.options, session.masker); !filled)
    return complain(filled.error());
  auto files = flags.workflows;
  const bool named = !files.empty();
  if (!named) {
    auto found = list_workflow_files(".");
    if (!found) return complain(found.error());
    files = std::move(*found);
  }
  base::Json all = base::Json::array();
  std::string text;
  for (const auto& file : files) {
    const auto loaded = load_workflow_file(file, {.repository = session.options.repository.work_tree});
    if (!loaded) return complain(loaded.error());
    print_diagnostics(loaded->diagnostics);
    if (!loaded->workflow) return kUsage;
    workflow::Plan plan;
    auto explanation = explain_one(*loaded->workflow, flags, session, plan);
    if (!explanation) return complain(explanation.error());
    // Of many files those that do not run are told in a few lines.
    if (!named && !explanation->triggered) explanation->jobs.clear();
    if (!text.empty()) text += "\n";
    if (flags.json) {
      all.push_back(workflow::to_json(*explanation));
    } else {
      text += workflow::explanation_text(*explanation);
    }
  }
  if (flags.json) text = base::to_text(named && all.size() == 1 ? all.front() : all, 2) + "\n";
  fmt::print("{}", session.masker.mask(text));
  return kPassed;
}

}  // namespace cli
