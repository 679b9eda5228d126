#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "base/http_client.h"
#include "base/json.h"
#include "cli/action_options.h"
#include "cli/check_report.h"
#include "cli/commands.h"
#include "cli/fetched_references.h"
#include "cli/project.h"
#include "cli/sarif.h"
#include "cli/script_linters.h"
#include "workflow/action_metadata.h"
#include "workflow/json_schema.h"
#include "workflow/lint/config.h"
#include "workflow/lint/rule_ids.h"
#include "workflow/lint/suppressions.h"

namespace cli {

using workflow::Severity;

namespace {

/// Projects by their roots, so that each is opened and configured once.
class Projects {
 public:
  base::Result<std::shared_ptr<Project>> of(const base::Path& path) {
    const auto root = Project::root_of(path);
    auto& project = projects_[root.string()];
    if (!project) {
      TRY(project, Project::open(root));
      fresh_ = true;
    }
    return project;
  }
  /// Whether the last one was opened just now.
  bool take_fresh() { return std::exchange(fresh_, false); }

 private:
  std::map<std::string, std::shared_ptr<Project>> projects_;
  bool fresh_ = false;
};

bool is_action(const std::string& file) {
  const auto name = base::Path(file).filename();
  return name == "action.yml" || name == "action.yaml";
}

/// A file to check, as people named it, with its text.
struct Checked {
  std::string file;
  std::string text;
  std::shared_ptr<Project> project;
};

bool is_enabled(const workflow::lint::LintConfig& config, std::string_view rule) {
  return std::count(config.disabled_rules.begin(), config.disabled_rules.end(), rule) == 0;
}

void add_path(const Checked& checked, CheckReport& report) {
  const auto path = std::filesystem::absolute(checked.file).lexically_normal();
  const auto relative = path.lexically_relative(checked.project->root()).string();
  const bool outside = relative.empty() || relative.starts_with("..");
  report.paths[checked.file] = outside ? path.string() : relative;
  report.texts[checked.file] = checked.text;
}

workflow::Diagnostics problems_of(const Checked& checked, const FetchedReferences& fetched) {
  const auto readable = fetched.beside(checked.project->files());
  if (is_action(checked.file))
    return workflow::lint::lint_action(checked.file, checked.text, readable, checked.project->config());
  return workflow::lint::lint(checked.file, checked.text, readable, checked.project->config());
}

void add_scripts(const Checked& checked, std::vector<LintedScript>& scripts) {
  const auto& config = checked.project->config();
  const bool shellcheck = is_enabled(config, workflow::lint::kShellcheck);
  const bool pyflakes = is_enabled(config, workflow::lint::kPyflakes);
  if (!shellcheck && !pyflakes) return;
  auto found = is_action(checked.file)
                   ? workflow::lint::scripts_of(
                         workflow::read_action(checked.file, checked.text).action.steps, checked.text)
                   : workflow::lint::scripts_of(workflow::read_workflow(checked.file, checked.text).workflow,
                                                checked.text);
  for (auto& script : found) scripts.push_back({checked.file, std::move(script), shellcheck, pyflakes});
}

void check_files(const std::vector<Checked>& files, const FetchedReferences& fetched, CheckReport& report) {
  std::vector<LintedScript> scripts;
  for (const auto& file : files) add_scripts(file, scripts);
  std::map<std::string, workflow::Diagnostics> of_scripts;
  for (auto& problem : run_script_linters(scripts)) {
    auto& problems = of_scripts[problem.location.file];
    problems.push_back(std::move(problem));
  }
  for (const auto& file : files) {
    ++(is_action(file.file) ? report.actions : report.workflows);
    add_path(file, report);
    auto problems = problems_of(file, fetched);
    auto& more = of_scripts[file.file];
    workflow::Diagnostics told_already;
    workflow::lint::remove_suppressed(workflow::lint::read_suppressions(file.file, file.text, told_already),
                                      file.file, more);
    problems.insert(problems.end(), more.begin(), more.end());
    std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) {
      return std::pair(a.location.line, a.location.column) < std::pair(b.location.line, b.location.column);
    });
    report.problems.insert(report.problems.end(), problems.begin(), problems.end());
    more.clear();
  }
}

void add_configuration(const Project& project, CheckReport& report) {
  const auto file = project.config_file();
  const auto& problems = project.config_problems();
  report.problems.insert(report.problems.end(), problems.begin(), problems.end());
  report.texts[file] = project.read(workflow::lint::kConfigFile).value_or("");
  report.paths[file] = workflow::lint::kConfigFile;
}

base::Result<std::vector<Checked>> named_files(const std::vector<std::string>& names, Projects& projects,
                                               CheckReport& report) {
  std::vector<Checked> files;
  for (const auto& name : names) {
    TRY(auto text, base::read_file(name));
    TRY(auto project, projects.of(name));
    if (projects.take_fresh()) add_configuration(*project, report);
    files.push_back({name, std::move(text), std::move(project)});
  }
  return files;
}

/// All workflows and actions of the repository that the current folder belongs to.
base::Result<std::vector<Checked>> all_files(Projects& projects, CheckReport& report) {
  TRY(const auto project, projects.of(std::filesystem::current_path() / "."));
  add_configuration(*project, report);
  std::vector<Checked> files;
  std::vector<std::string> texts;
  const auto add = [&](const std::string& path) -> base::Result<void> {
    auto text = project->read(path);
    if (!text) {
      return base::make_error(base::ErrorKind::denied,
                              fmt::format("cannot read {}: expected a file of at most 8 MiB inside of {}",
                                          path, project->root().string()));
    }
    files.push_back({path_from_here(project->root() / path), *text, project});
    return {};
  };
  for (const auto& path : project->workflows()) TRY(add(path));
  for (const auto& file : files) texts.push_back(file.text);
  for (const auto& path : project->actions(texts)) TRY(add(path));
  if (!files.empty()) return files;
  return base::make_error(
      base::ErrorKind::not_found,
      fmt::format("no workflows found: {} holds no .yml or .yaml file; name a workflow file, "
                  "or run this in a repository that has some",
                  (project->root() / ".github/workflows").string()));
}

int list_rules(CheckFormat format) {
  base::Json rules = base::Json::array();
  for (const auto& rule : workflow::lint::all_rule_ids()) {
    const auto* severity = rule.severity == Severity::error ? "error" : "warning";
    if (format == CheckFormat::json) {
      rules.push_back(
          {{"id", std::string(rule.id)}, {"severity", severity}, {"summary", std::string(rule.summary)}});
    } else {
      fmt::print("{:<28} {:<8} {}\n", rule.id, severity, rule.summary);
    }
  }
  if (format == CheckFormat::json) fmt::print("{}\n", base::to_text(rules, 2));
  return kPassed;
}

int print_schema(const std::string& of) {
  const auto schema = of == "action" ? workflow::json_schema(workflow::action_rule(), "Action metadata")
                                     : workflow::json_schema(workflow::workflow_rule(), "Workflow");
  fmt::print("{}\n", base::to_text(schema, 2));
  return kPassed;
}

std::string report_text(const CheckReport& report, CheckFormat format) {
  switch (format) {
    case CheckFormat::json:
      return json_report(report);
    case CheckFormat::sarif:
      return sarif_report(report);
    case CheckFormat::github:
      return github_report(report);
    case CheckFormat::text:
      break;
  }
  return text_report(report, colours_of_terminal(STDOUT_FILENO));
}

base::Result<void> fetch_all(const CommonFlags& common, const CheckFlags& flags,
                             const std::vector<Checked>& files, FetchedReferences& fetched) {
  const auto http = base::make_curl_http_client();
  std::map<std::string, std::unique_ptr<runner::ActionStore>> stores;
  for (const auto& file : files) {
    auto& store = stores[file.project->root().string()];
    if (!store) {
      TRY(auto options, action_store_options(common, flags.actions, file.project->root(), *http));
      store = std::make_unique<runner::ActionStore>(std::move(options));
    }
    TRY(fetched.add({.name = file.file,
                     .in_repository = runner::path_in_repository(file.file, file.project->root()),
                     .text = file.text},
                    *store));
  }
  return {};
}

}  // namespace

int check_command(const CommonFlags& common, const CheckFlags& flags) {
  if (flags.rules) return list_rules(flags.format);
  if (!flags.schema.empty()) return print_schema(flags.schema);
  Projects projects;
  CheckReport report;
  const auto files =
      flags.files.empty() ? all_files(projects, report) : named_files(flags.files, projects, report);
  if (!files) {
    fmt::print(stderr, "pipeline: {}\n", files.error().to_string());
    return kUsage;
  }
  FetchedReferences fetched;
  if (flags.fetch) {
    if (auto done = fetch_all(common, flags, *files, fetched); !done) return complain(done.error());
  }
  check_files(*files, fetched, report);
  fmt::print("{}", report_text(report, flags.format));
  const bool failed =
      count_of(report, Severity::error) > 0 || (flags.strict && count_of(report, Severity::warning) > 0);
  return failed ? kUsage : kPassed;
}

}  // namespace cli
