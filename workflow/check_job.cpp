#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "workflow/check_workflow.h"
#include "workflow/contexts.h"
#include "workflow/expression/template.h"
#include "workflow/matrix.h"

namespace workflow {

namespace {

bool is_computed(const Node& node) {
  return (node.is_scalar() && expression::has_expression(node.text)) ||
         std::any_of(node.items.begin(), node.items.end(), is_computed) ||
         std::any_of(node.members.begin(), node.members.end(),
                     [](const auto& member) { return is_computed(member.key) || is_computed(member.value); });
}

class JobChecker {
 public:
  JobChecker(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  void check(const Job& job) {
    if (job.uses) {
      called_workflow(*job.uses);
    } else {
      runner_group(job.runs_on["group"]);
    }
    if (job.strategy.matrix.is_mapping()) matrix(job.strategy.matrix);
    if (job.concurrency["queue"].text == "max" &&
        base::to_lower(job.concurrency["cancel-in-progress"].text) == "true")
      report(job.concurrency["queue"], "'queue: max' and 'cancel-in-progress: true' exclude each other");
    check_steps(file_, job.steps, diagnostics_);
  }

 private:
  void called_workflow(const Text& uses) {
    const auto& text = uses.text;
    const auto at = text.rfind('@');
    const bool local = text.starts_with("./") || text.starts_with("$/");
    const bool remote = at != std::string::npos && at + 1 < text.size() &&
                        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '/') >= 2 &&
                        text.front() != '/' && !text.starts_with("../");
    if (local ? at != std::string::npos : !remote) {
      report(
          uses.line, uses.column,
          fmt::format("invalid value workflow reference '{}': expected owner/repository/path@ref, or ./path "
                      "without a ref",
                      text));
    }
  }

  void runner_group(const Node& group) {
    if (!group.present() || expression::has_expression(group.text)) return;
    const auto slash = group.text.find('/');
    if (slash == std::string::npos) return;
    const auto prefix = base::to_lower(group.text.substr(0, slash));
    const auto name = group.text.substr(slash + 1);
    const bool known =
        prefix == "org" || prefix == "organization" || prefix == "ent" || prefix == "enterprise";
    if (!known || name.find('/') != std::string::npos) {
      report(group,
             fmt::format("Invalid runs-on group name '{}'. Please use 'organization/' or 'enterprise/' "
                         "prefix to target a single runner group.",
                         group.text));
    } else if (name.empty()) {
      report(group, fmt::format("Invalid runs-on group name '{}'.", group.text));
    }
  }

  void matrix(const Node& node) {
    bool excluded_wrongly = false;
    for (const auto& filter : node["exclude"].items) {
      for (const auto& [key, value] : filter.members) {
        const auto is_key = [&, &text = key.text](const auto& member) {
          return base::equals_ignoring_case(member.key.text, text) || is_computed(member.key);
        };
        if (std::any_of(node.members.begin(), node.members.end(), is_key) || is_computed(key)) continue;
        excluded_wrongly = true;
        report(key,
               fmt::format("Matrix exclude key '{}' does not match any key within the matrix", key.text));
      }
    }
    if (excluded_wrongly || is_computed(node)) return;
    const auto value = evaluate_node(node, Scope{Contexts()});
    if (!value) return;
    if (const auto combinations = expand_matrix(*value); !combinations) {
      report(node, combinations.error().message);
    } else if (combinations->empty()) {
      report(node, "the matrix has no combination left");
    }
  }

  void report(const Node& node, std::string message) { report(node.line, node.column, std::move(message)); }
  void report(int line, int column, std::string message) {
    diagnostics_.push_back({{file_, line, column}, std::move(message)});
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
};

class StepsChecker {
 public:
  StepsChecker(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  void check(const std::vector<Step>& steps) {
    for (const auto& step : steps) {
      if (step.has_own_id && !step.parallel.empty()) known_.insert(base::to_lower(step.id));
      for (const auto& target : step.wait.items) target_of(step, target);
      if (step.wait.is_scalar()) target_of(step, step.wait);
      if (step.cancel.present()) target_of(step, step.cancel);
      if (step.wait_all.kind == NodeKind::boolean && base::to_lower(step.wait_all.text) == "false")
        report(step.wait_all, "The value of 'wait-all' must be true or omitted");
      for (const auto& inner : step.parallel) inside_parallel(inner);
      if (step.has_own_id) known_.insert(base::to_lower(step.id));
    }
  }

 private:
  void target_of(const Step& step, const Node& target) {
    if (target.text.starts_with("__")) {
      report(target, fmt::format("The identifier '{}' is invalid. IDs starting with '__' are reserved.",
                                 target.text));
    } else if (step.has_own_id && base::equals_ignoring_case(target.text, step.id)) {
      report(target, fmt::format("Step '{}' cannot reference itself", step.id));
    } else if (!known_.contains(base::to_lower(target.text))) {
      report(target, fmt::format("Step references unknown step ID '{}'", target.text));
    }
  }

  void inside_parallel(const Step& step) {
    const auto refuse = [&](bool found, std::string_view message) {
      if (found) diagnostics_.push_back({{file_, step.line, step.column}, std::string(message)});
    };
    refuse(step.background.present(),
           "'background' is not allowed inside a parallel block. Steps in a parallel block are automatically "
           "run "
           "as background steps.");
    refuse(step.wait.present(), "'wait' is not allowed inside a parallel block.");
    refuse(step.wait_all.present(), "'wait-all' is not allowed inside a parallel block.");
    refuse(step.cancel.present(), "'cancel' is not allowed inside a parallel block.");
    refuse(!step.parallel.empty(), "Nested 'parallel' blocks are not allowed.");
    if (step.has_own_id) known_.insert(base::to_lower(step.id));
  }

  void report(const Node& node, std::string message) {
    diagnostics_.push_back({{file_, node.line, node.column}, std::move(message)});
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
  std::set<std::string> known_;
};

}  // namespace

void check_job(const std::string& file, const Job& job, Diagnostics& diagnostics) {
  JobChecker(file, diagnostics).check(job);
}

void check_steps(const std::string& file, const std::vector<Step>& steps, Diagnostics& diagnostics) {
  StepsChecker(file, diagnostics).check(steps);
}

}  // namespace workflow
