#include "workflow/reusable_workflows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/read_workflow.h"

namespace workflow {

namespace {

bool is_local(std::string_view reference) {
  return reference.starts_with("./") || reference.starts_with("$/");
}

// Two lists of what is asked for and what there is: "actions: write, checks: read".
std::string listed(const std::vector<PermissionViolation>& violations,
                   PermissionLevel PermissionViolation::*level) {
  std::vector<std::string> texts;
  for (const auto& violation : violations)
    texts.push_back(fmt::format("{}: {}", violation.scope, name_of(violation.*level)));
  return base::join(texts, ", ");
}

// A called workflow may ask for less than its caller has, never for more.
void hand_down_permissions(const std::string& caller, Job& job, Workflow& called, PermissionsPolicy policy,
                           Diagnostics& problems) {
  const auto allowed =
      job.effective_permissions ? *job.effective_permissions : permissions_of(policy, is_local(called.path));
  const auto check = [&](const Permissions& requested, const std::string& who) {
    const auto violations = violations_of(requested, allowed);
    if (violations.empty()) return;
    problems.push_back(
        {{caller, job.line, job.column},
         fmt::format("Error calling workflow '{}'. {} is requesting '{}', but is only allowed '{}'.",
                     called.path, who, listed(violations, &PermissionViolation::requested),
                     listed(violations, &PermissionViolation::allowed))});
  };
  const auto of_the_workflow = permissions_of(called.permissions);
  if (of_the_workflow) {
    check(*of_the_workflow, fmt::format("The workflow '{}'", called.path));
    job.effective_permissions = of_the_workflow;
  }
  for (auto& embedded : called.jobs) {
    if (const auto own = permissions_of(embedded.permissions)) {
      check(*own, fmt::format("The nested job '{}'", embedded.name ? embedded.name->text : embedded.id));
    } else {
      embedded.effective_permissions = job.effective_permissions;
    }
  }
}

// The same with caches, where the caller says what it gives.
void hand_down_cache_mode(const std::string& caller, const Job& job, Workflow& called,
                          Diagnostics& problems) {
  if (!job.cache_mode) return;
  for (auto& embedded : called.jobs) {
    if (!embedded.cache_mode) embedded.cache_mode = job.cache_mode;
    if (is_within(*embedded.cache_mode, *job.cache_mode)) continue;
    problems.push_back(
        {{caller, job.line, job.column},
         fmt::format(
             "Error calling workflow '{}'. The nested job '{}' is requesting 'cache-mode: {}', but is "
             "only allowed 'cache-mode: {}'.",
             called.path, embedded.name ? embedded.name->text : embedded.id, name_of(*embedded.cache_mode),
             name_of(*job.cache_mode))});
  }
}

class Loader {
 public:
  Loader(const LoadOptions& options, SchemaReading& reading, LoadedWorkflow& loaded)
      : options_(options), reading_(reading), loaded_(loaded) {}

  // The workflows that these jobs call; false at the first problem.
  bool load_all(const std::string& caller, std::vector<Job>& jobs, int depth) {
    return std::all_of(jobs.begin(), jobs.end(),
                       [&](Job& job) { return !job.uses || load(caller, job, depth); });
  }

  bool count_jobs(std::size_t jobs) {
    jobs_ += jobs;
    const auto most = options_.limits.jobs;
    if (most == 0 || jobs_ <= most) return true;
    add({{}, fmt::format("The workflow may not contain more than {} jobs", most)});
    return false;
  }

 private:
  bool load(const std::string& caller, Job& job, int depth) {
    if (depth > options_.limits.nested_calls) {
      add({.location = {caller, job.uses->line, job.uses->column},
           .message =
               fmt::format("Nested reusable workflow depth exceeded {}.", options_.limits.nested_calls),
           .hint = fmt::format("{} calls {}", caller, job.uses->text),
           .named_by_github = NamedByGithub::nothing});
      return false;
    }
    const auto reference = resolve_call(job.uses->text, caller);
    Diagnostics problems;
    auto called = read(reference, *job.uses, caller, problems);
    if (problems.empty()) check_call(caller, job, *called, problems);
    if (problems.empty()) hand_down(caller, job, *called, options_.permissions_policy, problems);
    if (!problems.empty()) {
      for (auto& problem : problems) {
        if (problem.location.file != caller) problem.called_from = {caller, job.uses->line, job.uses->column};
        add(std::move(problem));
      }
      return false;
    }
    if (!count_jobs(called->jobs.size()) || !load_all(called->path, called->jobs, depth + 1)) return false;
    job.called = std::move(called);
    return true;
  }

  std::shared_ptr<Workflow> read(const std::string& reference, const Text& uses, const std::string& caller,
                                 Diagnostics& problems) {
    auto& files = loaded_.files;
    if (std::find(files.begin(), files.end(), reference) == files.end()) {
      if (files.size() >= options_.limits.files) {
        problems.push_back(
            {{}, fmt::format("The maximum file count of {} has been exceeded", options_.limits.files)});
        return nullptr;
      }
      files.push_back(reference);
    } else {
      // Its name is paid for.
      reading_.bytes_left += weight_of_text(reference);
    }
    const auto text = options_.called_workflow(reference);
    if (!text) {
      problems.push_back(
          {{caller, uses.line, uses.column},
           fmt::format("error parsing called workflow \"{}\": {}", reference, text.error().message)});
      return nullptr;
    }
    auto draft = read_workflow(reference, *text, options_, reading_);
    problems = std::move(draft.diagnostics);
    if (!problems.empty()) return nullptr;
    draft.workflow.root = std::make_shared<const Node>(std::move(draft.root));
    return std::make_shared<Workflow>(std::move(draft.workflow));
  }

  void add(Diagnostic problem) {
    if (loaded_.diagnostics.size() < reading_.most_problems)
      loaded_.diagnostics.push_back(std::move(problem));
  }

  const LoadOptions& options_;
  SchemaReading& reading_;
  LoadedWorkflow& loaded_;
  std::size_t jobs_ = 0;
};

}  // namespace

void hand_down(const std::string& caller, Job& job, Workflow& called, PermissionsPolicy policy,
               Diagnostics& diagnostics) {
  Diagnostics problems;
  hand_down_permissions(caller, job, called, policy, problems);
  if (problems.empty()) hand_down_cache_mode(caller, job, called, problems);
  diagnostics.insert(diagnostics.end(), problems.begin(), problems.end());
}

std::string resolve_call(std::string_view uses, std::string_view caller) {
  if (!is_local(uses)) return std::string(uses);
  const auto path = uses.substr(2);
  const auto at = caller.rfind('@');
  const auto owner = caller.find('/');
  const auto repository = owner == std::string_view::npos ? owner : caller.find('/', owner + 1);
  // The first workflow has a path and no ref, and what it calls by ./ is beside it.
  if (is_local(caller) || at == std::string_view::npos || repository == std::string_view::npos)
    return fmt::format("./{}", path);
  return fmt::format("{}/{}{}", caller.substr(0, repository), path, caller.substr(at));
}

std::string problem_of_call(std::string_view uses) {
  const auto parts = base::split(uses.substr(0, uses.rfind('@')), '/');
  const std::size_t begin = is_local(uses) ? 1 : 2;
  const auto is_forge = [](std::string_view name) {
    return name == ".github" || name == ".gitea" || name == ".forgejo";
  };
  if (parts.size() < begin + 3 || !is_forge(parts[begin]) || parts[begin + 1] != "workflows")
    return "references to workflows must be rooted in '.github/workflows'";
  if (parts.size() > begin + 3)
    return "workflows must be defined at the top level of the .github/workflows/ directory";
  if (!parts.back().ends_with(".yml") && !parts.back().ends_with(".yaml"))
    return "references to workflows must have a '.yml' or '.yaml' file extension";
  return "";
}

void load_called_workflows(Workflow& workflow, const LoadOptions& options, SchemaReading& reading,
                           LoadedWorkflow& loaded) {
  Loader loader(options, reading, loaded);
  if (!loader.count_jobs(workflow.jobs.size()) || !options.called_workflow) return;
  loader.load_all(workflow.path, workflow.jobs, 1);
}

}  // namespace workflow
