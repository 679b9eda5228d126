#include <fmt/format.h>

#include <algorithm>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/lint/local_references.h"
#include "workflow/lint/rules.h"
#include "workflow/reusable_workflows.h"

namespace workflow::lint {

namespace {

// Of a mapping without regard to case, as inputs and secrets are named; null when it has none.
const Member* find_member(const Node& mapping, std::string_view name) {
  for (const auto& member : mapping.members) {
    if (base::equals_ignoring_case(member.key.text, name)) return &member;
  }
  return nullptr;
}

bool is_true(const Node& node) {
  return base::to_lower(node.text) == "true";
}

bool has_computed_keys(const Node& mapping) {
  return std::any_of(mapping.members.begin(), mapping.members.end(),
                     [](const Member& member) { return expression::has_expression(member.key.text); });
}

class CallCheck {
 public:
  CallCheck(const LintedFile& file, const Job& job, Diagnostics& findings)
      : file_(file), job_(job), findings_(findings) {}

  void check(const LocalWorkflow& called) {
    if (!called.exists) {
      report(*job_.uses, fmt::format("there is no workflow '{}' in this repository", called.path));
    } else if (!called.draft.root.is_mapping()) {
      report(*job_.uses, fmt::format("the workflow '{}' cannot be read", called.path));
    } else if (!called.can_be_called()) {
      report(*job_.uses,
             fmt::format("the workflow '{}' cannot be called: its `on:` has no workflow_call", called.path));
    } else {
      check_given(job_.with, called.call()["inputs"], "input");
      for (const auto& [name, value] : job_.with.members) check_type(called, name, value);
      if (!job_.secrets.is_scalar()) check_given(job_.secrets, called.call()["secrets"], "secret");
      Job job = job_;
      follow(file_.path, job, called, 1);
    }
  }

 private:
  // Down to the last workflow that is called, until something is wrong; false then.
  bool follow(const std::string& caller, Job& job, const LocalWorkflow& called, int depth) {
    if (++calls_ > kMostCalls) return false;
    if (depth > ReadingLimits().nested_calls) {
      report(*job_.uses, fmt::format("Nested reusable workflow depth exceeded {}.; {} calls {}",
                                     ReadingLimits().nested_calls, caller, job.uses->text));
      return false;
    }
    Workflow workflow = called.draft.workflow;
    workflow.path = job.uses->text;
    Diagnostics problems;
    hand_down(caller, job, workflow, PermissionsPolicy::write, problems);
    for (auto& problem : problems) report(job_, std::move(problem.message));
    if (!problems.empty()) return false;
    return std::all_of(workflow.jobs.begin(), workflow.jobs.end(), [&](Job& nested) {
      if (!nested.uses || !is_local(nested.uses->text)) return true;
      const auto* next = file_.local.find_workflow(nested.uses->text);
      return next == nullptr || !next->can_be_called() || follow(called.path, nested, *next, depth + 1);
    });
  }

  void check_given(const Node& given, const Node& taken, std::string_view what) {
    if (has_computed_keys(given)) return;
    std::vector<std::string> names;
    for (const auto& [name, config] : taken.members) names.push_back(name.text);
    for (const auto& [name, value] : given.members) {
      if (find_member(taken, name.text) != nullptr) continue;
      const auto meant = base::similar_name(name.text, names);
      std::string advice = names.empty() ? "it takes none" : "it takes " + base::join(names, ", ");
      if (meant) advice = fmt::format("did you mean '{}'?", *meant);
      report(name,
             fmt::format("the workflow '{}' has no {} '{}'; {}", job_.uses->text, what, name.text, advice));
    }
    for (const auto& [name, config] : taken.members) {
      if (!is_true(config["required"]) || config["default"].present()) continue;
      if (find_member(given, name.text) == nullptr)
        report(*job_.uses, fmt::format("the workflow '{}' needs the {} '{}', which is not given",
                                       job_.uses->text, what, name.text));
    }
  }

  // Of what stands there as it is; expressions have types of their own.
  void check_type(const LocalWorkflow& called, const Node& name, const Node& value) {
    const auto* input = find_member(called.call()["inputs"], name.text);
    if (input == nullptr || !value.is_scalar() || expression::has_expression(value.text)) return;
    const auto& type = input->value["type"].text;
    const bool fits = (type != "boolean" || value.kind == NodeKind::boolean) &&
                      (type != "number" || value.kind == NodeKind::number);
    if (!fits)
      report(value, fmt::format("the input '{}' of the workflow '{}' is a {}; found the {} '{}'", name.text,
                                job_.uses->text, type, name_of(value.kind), value.text));
  }

  template <typename Where>
  void report(const Where& where, std::string message) {
    findings_.push_back({{file_.path, where.line, where.column}, std::move(message)});
  }

  static constexpr int kMostCalls = 1000;  ///< of one job: those that call much of each other are many

  const LintedFile& file_;
  const Job& job_;
  Diagnostics& findings_;
  int calls_ = 0;
};

}  // namespace

void check_called_workflows(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    if (!job.uses) continue;
    if (const auto problem = problem_of_call(job.uses->text); !problem.empty()) {
      findings.push_back({{file.path, job.uses->line, job.uses->column},
                          fmt::format("invalid value workflow reference '{}': {}", job.uses->text, problem)});
    } else if (const auto* called = file.local.find_workflow(job.uses->text)) {
      CallCheck(file, job, findings).check(*called);
    }
  }
}

}  // namespace workflow::lint
