#include "runner/environment_rules.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/github_context.h"
#include "workflow/yaml_reader.h"

namespace runner {

namespace {

using workflow::Node;

// docs "Wait timer": 30 days.
constexpr double kLongestWait = 43'200;

class EnvironmentReader {
 public:
  explicit EnvironmentReader(const std::string& path) : path_(path) {}

  base::Result<std::map<std::string, EnvironmentRules>> read(const Node& section) const {
    std::map<std::string, EnvironmentRules> environments;
    if (!section.present() || section.kind == workflow::NodeKind::null) return environments;
    if (!section.is_mapping()) return wrong(section, "expected environments by name");
    for (const auto& [key, value] : section.members) {
      TRY(auto rules, environment(key.text, value));
      environments[base::to_lower(key.text)] = std::move(rules);
    }
    return environments;
  }

 private:
  base::Result<EnvironmentRules> environment(const std::string& name, const Node& node) const {
    EnvironmentRules rules{.name = name};
    if (node.kind == workflow::NodeKind::null) return rules;
    if (!node.is_mapping()) return wrong(node, fmt::format("expected the rules of environment '{}'", name));
    for (const auto& [key, value] : node.members) TRY(rule(key, value, rules));
    return rules;
  }

  base::Result<void> rule(const Node& key, const Node& value, EnvironmentRules& rules) const {
    const std::vector<std::string> keys{"wait-timer", "reviewers", "branches", "variables", "secrets"};
    if (key.text == "wait-timer") return wait_timer(value, rules);
    if (key.text == "reviewers") return reviewers(value, rules);
    if (key.text == "branches") return texts(value, "branches", rules.branches);
    if (key.text == "variables") return variables(value, rules);
    if (key.text == "secrets") {
      if (!value.is_scalar() || value.text.empty())
        return wrong(value, "expected the name of a file with lines NAME=VALUE for 'secrets'");
      rules.secrets_file = value.text;
      return {};
    }
    const auto meant = base::similar_name(key.text, keys);
    return wrong(key, fmt::format("unknown key '{}'; {}", key.text,
                                  meant ? fmt::format("did you mean '{}'?", *meant)
                                        : "expected " + base::join(keys, ", ")));
  }

  base::Result<void> wait_timer(const Node& node, EnvironmentRules& rules) const {
    const double minutes = node.kind == workflow::NodeKind::number ? workflow::number_of(node) : -1;
    if (!(minutes >= 0 && minutes <= kLongestWait))
      return wrong(node, fmt::format("expected minutes from 0 to {} for 'wait-timer'", kLongestWait));
    rules.wait_minutes = minutes;
    return {};
  }

  base::Result<void> reviewers(const Node& node, EnvironmentRules& rules) const {
    if (node.kind == workflow::NodeKind::boolean) {
      rules.needs_approval = node.text == "true";
      return {};
    }
    TRY(texts(node, "reviewers", rules.reviewers));
    rules.needs_approval = !rules.reviewers.empty();
    return {};
  }

  base::Result<void> variables(const Node& node, EnvironmentRules& rules) const {
    if (!node.is_mapping()) return wrong(node, "expected names with values for 'variables'");
    for (const auto& [key, value] : node.members) {
      if (!value.is_scalar()) return wrong(value, fmt::format("expected a text for '{}'", key.text));
      rules.variables[key.text] = workflow::text_of(value);
    }
    return {};
  }

  /// One text, or a list of them.
  base::Result<void> texts(const Node& node, const char* name, std::vector<std::string>& found) const {
    const auto add = [&](const Node& item) -> base::Result<void> {
      if (!item.is_scalar() || item.text.empty())
        return wrong(item, fmt::format("expected a list of texts for '{}'", name));
      found.push_back(item.text);
      return {};
    };
    if (!node.is_sequence()) return add(node);
    for (const auto& item : node.items) TRY(add(item));
    return {};
  }

  base::Error wrong(const Node& node, std::string message) const {
    auto error = base::invalid_input(std::move(message));
    error.location = base::Location{path_, node.line, node.column};
    return error;
  }

  const std::string& path_;
};

}  // namespace

base::Result<std::map<std::string, EnvironmentRules>> read_environments(const std::string& path,
                                                                        std::string_view text) {
  workflow::Diagnostics problems;
  const Node root = workflow::read_yaml(path, text, problems);
  if (!problems.empty()) {
    auto error = base::invalid_input(problems.front().message);
    error.location = problems.front().location;
    return error;
  }
  return EnvironmentReader(path).read(root["environments"]);
}

base::Result<std::string> environment_name(const workflow::Node& environment, const workflow::Scope& scope) {
  if (!environment.present()) return std::string();
  TRY(const auto value,
      workflow::evaluate_node(environment.is_mapping() ? environment["name"] : environment, scope));
  return value.to_text();
}

std::optional<std::string> why_ref_is_refused(const EnvironmentRules& rules, const std::string& ref) {
  if (rules.branches.empty()) return std::nullopt;
  const auto name = workflow::short_ref_name(ref);
  const bool allowed =
      std::any_of(rules.branches.begin(), rules.branches.end(), [&](const std::string& pattern) {
        // docs "Deployment branches": as Ruby's File.fnmatch with FNM_PATHNAME.
        return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0;
      });
  if (allowed) return std::nullopt;
  return fmt::format("{} \"{}\" is not allowed to deploy to {} due to environment protection rules.",
                     ref.starts_with("refs/tags/") ? "Tag" : "Branch", name, rules.name);
}

}  // namespace runner
