#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/check_workflow.h"
#include "workflow/expression/template.h"

namespace workflow {

namespace {

class JobChecker {
 public:
  JobChecker(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  void check(const Job& job) {
    if (job.uses) {
      called_workflow(*job.uses);
    } else {
      runner_group(job.runs_on["group"]);
    }
    containers(job);
    snapshot(job.snapshot);
    check_strategy(file_, job.strategy, diagnostics_);
    check_concurrency(file_, job.concurrency, diagnostics_);
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
    const auto names = base::split(group.text, '/');
    if (names.size() == 1) return;
    const auto& prefix = names[0];
    const bool known =
        prefix == "org" || prefix == "organization" || prefix == "ent" || prefix == "enterprise";
    if (names.size() == 2 && names[1].empty()) {
      report(group, fmt::format("Invalid runs-on group name '{}'.", group.text));
    } else if (names.size() > 2 || !known) {
      report(group,
             fmt::format("Invalid runs-on group name '{}'. Please use 'organization/' or 'enterprise/' "
                         "prefix to target a single runner group.",
                         group.text));
    }
  }

  // The text of an image that says where it is from, or of a service, must not be empty.
  void container(const Node& value, bool service) {
    constexpr std::string_view kDocker = "docker://";
    if (!value.present() || is_computed(value)) return;
    const std::string_view image = value.is_mapping() ? value["image"].text : value.text;
    const bool prefixed = image.starts_with(kDocker);
    if ((prefixed && image.size() == kDocker.size()) || (service && image.empty()))
      report(value, "Container image cannot be empty");
  }

  void containers(const Job& job) {
    container(job.container, false);
    if (is_computed(job.services)) return;
    for (const auto& [name, service] : job.services.members) container(service, true);
  }

  void snapshot(const Node& node) {
    const auto& version = node["version"];
    if (!version.present() || is_computed(version)) return;
    const auto major = version.text.substr(0, version.text.find('.'));
    const bool valid = !major.empty() && major.find_first_not_of("0123456789") == std::string::npos &&
                       version.text.substr(major.size()) == ".*";
    if (!valid) report(node, fmt::format("Expected format '{{major-version}}.*' Actual '{}'", version.text));
  }

  void report(const Node& node, std::string message) { report(node.line, node.column, std::move(message)); }
  void report(int line, int column, std::string message) {
    diagnostics_.push_back({{file_, line, column}, std::move(message)});
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
};

}  // namespace

bool is_computed(const Node& node) {
  return (node.is_scalar() && expression::has_expression(node.text)) ||
         std::any_of(node.items.begin(), node.items.end(), is_computed) ||
         std::any_of(node.members.begin(), node.members.end(),
                     [](const auto& member) { return is_computed(member.key) || is_computed(member.value); });
}

void check_concurrency(const std::string& file, const Node& node, Diagnostics& diagnostics) {
  constexpr std::size_t kLongestGroup = 400;
  const auto& group = node.is_mapping() ? node["group"] : node;
  if (group.text.size() > kLongestGroup && !is_computed(group))
    diagnostics.push_back(
        {{file, node.line, node.column}, "Concurrency group name must be less than 400 characters"});
  const auto& queue = node["queue"];
  if (queue.text == "max" && base::to_lower(node["cancel-in-progress"].text) == "true")
    diagnostics.push_back(
        {{file, queue.line, queue.column}, "'queue: max' and 'cancel-in-progress: true' exclude each other"});
}

void check_job(const std::string& file, const Job& job, Diagnostics& diagnostics) {
  JobChecker(file, diagnostics).check(job);
}

}  // namespace workflow
