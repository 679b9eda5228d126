#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/similar_name.h"
#include "workflow/lint/local_references.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/used_actions.h"

namespace workflow::lint {

namespace {

// docs.github.com "Metadata syntax for GitHub Actions", branding.color.
constexpr std::array kColors{
    std::string_view("white"), std::string_view("black"),  std::string_view("yellow"),
    std::string_view("blue"),  std::string_view("green"),  std::string_view("orange"),
    std::string_view("red"),   std::string_view("purple"), std::string_view("gray-dark"),
};
constexpr std::array kRuntimes{
    std::string_view("composite"), std::string_view("docker"), std::string_view("node20"),
    std::string_view("node24"),    std::string_view("node12"), std::string_view("node16"),
};

/// Keys of `runs` that mean something for one kind of action only.
struct RunsKey {
  std::string_view name;
  std::string_view kinds;
};
constexpr std::array<RunsKey, 12> kRunsKeys{{
    {"main", "node"},
    {"pre", "node"},
    {"post", "node"},
    {"pre-if", "node docker"},
    {"post-if", "node docker"},
    {"image", "docker"},
    {"env", "docker"},
    {"args", "docker"},
    {"entrypoint", "docker"},
    {"pre-entrypoint", "docker"},
    {"post-entrypoint", "docker"},
    {"steps", "composite"},
}};

std::string_view kind_of(std::string_view runtime) {
  return runtime.starts_with("node") ? "node" : runtime;
}

template <typename Names>
bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What the runner refuses, besides what the schema does.
Diagnostics errors_of(const LocalAction& action) {
  auto problems = action.draft.diagnostics;
  const Node& runs = action.draft.root["runs"];
  const Node& runtime = runs["using"];
  const auto add = [&](const Node& node, std::string message) {
    problems.push_back({{action.path, node.line, node.column}, std::move(message)});
  };
  if (!problems.empty()) return problems;
  if (!has(kRuntimes, runtime.text)) {
    const auto meant = base::similar_name(runtime.text, kRuntimes);
    add(runtime, fmt::format("there is no runtime '{}'; {}", runtime.text,
                             meant ? fmt::format("did you mean '{}'?", *meant)
                                   : std::string("use composite, docker, node20 or node24")));
  }
  if (runtime.text == "docker" && !runs["image"].present()) add(runs, "Required property is missing: image");
  if (runtime.text == "composite" && !runs["steps"].present())
    add(runs, "Required property is missing: steps");
  return problems;
}

class MetadataCheck {
 public:
  MetadataCheck(const LocalAction& action, const ProjectFiles& files) : action_(action), files_(files) {}

  Diagnostics check() {
    const Node& root = action_.draft.root;
    for (const auto* key : {"name", "description"}) {
      if (!root[key].present())
        add(root, fmt::format("'{}' is missing, which every action should have", key));
    }
    const Node& color = root["branding"]["color"];
    if (color.present() && !has(kColors, color.text)) {
      add(color,
          fmt::format("branding has no color '{}'; there are white, black, yellow, blue, green, orange, "
                      "red, purple and gray-dark",
                      color.text));
    }
    check_keys(root["runs"]);
    check_files(root["runs"]);
    return std::move(found_);
  }

 private:
  void check_keys(const Node& runs) {
    const auto kind = kind_of(runs["using"].text);
    for (const auto& [name, kinds] : kRunsKeys) {
      const Node& value = runs[name];
      if (value.present() && !kind.empty() && kinds.find(kind) == std::string_view::npos)
        add(value, fmt::format("'{}' means nothing in an action with `using: {}`; it is for {} actions", name,
                               runs["using"].text, kinds));
    }
  }

  void check_files(const Node& runs) {
    const auto kind = kind_of(runs["using"].text);
    if (kind == "node") {
      for (const auto* key : {"main", "pre", "post"}) check_file(runs[key]);
    } else if (kind == "docker" && !runs["image"].text.starts_with("docker://")) {
      check_file(runs["image"]);
    }
  }

  void check_file(const Node& name) {
    if (!name.present() || name.text.empty()) return;
    const auto folder = action_.path.substr(0, action_.path.find_last_of('/') + 1);
    const auto path = local_path("./" + folder + name.text);
    if (path && !files_.read(*path))
      add(name, fmt::format("there is no file '{}' beside it; if a step builds it, that step must come first",
                            name.text));
  }

  void add(const Node& node, std::string message) {
    found_.push_back({{action_.path, node.line, node.column}, std::move(message)});
  }

  const LocalAction& action_;
  const ProjectFiles& files_;
  Diagnostics found_;
};

// Where it is used first: what is amiss with it is said once.
void every_local_action(const LintedFile& file,
                        const std::function<void(const Step& step, const LocalAction& action)>& visit) {
  std::set<std::string> seen;
  every_used_action(file, [&](const Job&, const Step& step) {
    const auto* action = file.local.find_action(step.uses->text);
    if (action != nullptr && seen.insert(action->path).second) visit(step, *action);
  });
}

void add_at(const LintedFile& file, const Step& step, std::string message, Diagnostics& findings) {
  findings.push_back({{file.path, step.uses->line, step.uses->column}, std::move(message)});
}

// A step before may have put it there: another repository beside this one, or what a script makes.
bool may_be_made_by(const Step& step) {
  return uses_action(step, "actions/checkout") &&
         (input_of(step, "repository").present() || input_of(step, "path").present());
}

}  // namespace

void check_broken_actions(const LintedFile& file, Diagnostics& findings) {
  every_local_action(file, [&](const Step& step, const LocalAction& action) {
    if (!action.has_metadata) return;
    const auto problems = errors_of(action);
    if (problems.empty()) return;
    const auto others = problems.size() == 1 ? "" : fmt::format(" (and {} more)", problems.size() - 1);
    add_at(
        file, step,
        fmt::format("the action '{}' cannot run: {}{}", step.uses->text, to_string(problems.front()), others),
        findings);
  });
}

void check_action_metadata(const LintedFile& file, Diagnostics& findings) {
  every_local_action(file, [&](const Step& step, const LocalAction& action) {
    if (!action.has_metadata || !action.draft.root.is_mapping() || !is_local(step.uses->text)) return;
    for (const auto& problem : MetadataCheck(action, file.files).check())
      add_at(file, step, fmt::format("the action '{}': {}", step.uses->text, to_string(problem)), findings);
  });
}

void check_missing_actions(const LintedFile& file, Diagnostics& findings) {
  const Job* current = nullptr;
  bool may_be_made = false;
  every_used_action(file, [&](const Job& job, const Step& step) {
    if (current != &job) may_be_made = false;
    current = &job;
    may_be_made = may_be_made || may_be_made_by(step);
    const auto* action = file.local.find_action(step.uses->text);
    if (action == nullptr || !action->path.empty()) return;
    if (!is_local(step.uses->text)) {
      add_at(file, step,
             fmt::format(
                 "the action '{}' is not there: its repository has no action.yml, action.yaml or Dockerfile "
                 "in that folder",
                 step.uses->text),
             findings);
      return;
    }
    if (may_be_made) return;
    add_at(file, step,
           fmt::format("there is no action '{}': the folder '{}' of this repository holds no action.yml, "
                       "action.yaml or Dockerfile",
                       step.uses->text, *local_path(step.uses->text)),
           findings);
  });
}

}  // namespace workflow::lint
