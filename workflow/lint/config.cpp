#include "workflow/lint/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/lint/rule_ids.h"
#include "workflow/yaml_reader.h"

namespace workflow::lint {

namespace {

class ConfigReader {
 public:
  ConfigReader(const std::string& path, Diagnostics& problems) : path_(path), problems_(problems) {}

  LintConfig run(const Node& root) {
    LintConfig config;
    if (!root.present() || root.kind == NodeKind::null) return config;
    if (!is_mapping(root, "the configuration", "check, environments, network, limits, action-server"))
      return config;
    for (const auto& [key, value] : root.members) {
      if (key.text == "check") {
        if (value.kind != NodeKind::null) check_section(value, config);
      } else if (key.text == "action-server") {
        if (const auto servers = texts(key, value); !servers.empty()) config.action_server = servers.front();
      } else if (key.text != "environments" && key.text != "network" &&
                 key.text != "limits") {  // those are of runs
        unknown(key, {"check", "environments", "network", "limits", "action-server"});
      }
    }
    return config;
  }

 private:
  void check_section(const Node& section, LintConfig& config) {
    const std::vector<std::string> keys{"disable", "runner-labels", "variables", "secrets"};
    if (!is_mapping(section, "check", base::join(keys, ", "))) return;
    for (const auto& [key, value] : section.members) {
      if (key.text == "disable") {
        config.disabled_rules = rules(value);
      } else if (key.text == "runner-labels") {
        config.runner_labels = texts(key, value);
      } else if (key.text == "variables") {
        config.variables = texts(key, value);
      } else if (key.text == "secrets") {
        config.secrets = texts(key, value);
      } else {
        unknown(key, keys);
      }
    }
  }

  std::vector<std::string> rules(const Node& node) {
    std::vector<std::string> ids;
    for (const Node* item : items(node, "disable")) {
      if (const auto wrong = why_not_disabled(item->text); !wrong.empty()) {
        report(*item, wrong);
      } else {
        ids.push_back(item->text);
      }
    }
    return ids;
  }

  std::vector<std::string> texts(const Node& key, const Node& node) {
    std::vector<std::string> found;
    for (const Node* item : items(node, key.text)) found.push_back(item->text);
    return found;
  }

  /// One text, or a list of them.
  std::vector<const Node*> items(const Node& node, std::string_view name) {
    std::vector<const Node*> found;
    const auto add = [&](const Node& item) {
      if (item.is_scalar() && !item.text.empty()) {
        found.push_back(&item);
      } else {
        report(item, fmt::format("expected a list of texts for '{}', found a {}", name, name_of(item.kind)));
      }
    };
    if (node.is_sequence()) {
      for (const auto& item : node.items) add(item);
    } else if (node.kind != NodeKind::null) {
      add(node);
    }
    return found;
  }

  bool is_mapping(const Node& node, std::string_view name, std::string_view keys) {
    if (node.is_mapping()) return true;
    report(node,
           fmt::format("expected {} to be a mapping with {}, found a {}", name, keys, name_of(node.kind)));
    return false;
  }

  void unknown(const Node& key, const std::vector<std::string>& known) {
    const auto meant = base::similar_name(key.text, known);
    report(key, fmt::format("unknown key '{}'; {}", key.text,
                            meant ? fmt::format("did you mean '{}'?", *meant)
                                  : fmt::format("expected {}", base::join(known, ", "))));
  }

  void report(const Node& node, std::string message) {
    problems_.push_back({{path_, node.line, node.column}, std::move(message), kConfiguration});
  }

  const std::string& path_;
  Diagnostics& problems_;
};

}  // namespace

LintConfig read_lint_config(const std::string& path, std::string_view text, Diagnostics& problems) {
  Diagnostics reading;
  const Node root = read_yaml(path, text, reading);
  for (auto& problem : reading) {
    problem.rule = kConfiguration;
    problems.push_back(std::move(problem));
  }
  if (!reading.empty()) return {};
  return ConfigReader(path, problems).run(root);
}

}  // namespace workflow::lint
