#include "workflow/lint/scope_types.h"

#include <fmt/format.h>

#include "workflow/expression/template.h"
#include "workflow/lint/expression_types.h"

namespace workflow::lint {

namespace {

bool is_under(const Path& path, std::initializer_list<std::string_view> keys) {
  if (path.size() < keys.size()) return false;
  std::size_t at = 0;
  for (const auto key : keys) {
    if (key != "*" && path[at].key != key) return false;
    ++at;
  }
  return true;
}

using JobsOfSteps = std::map<std::string_view, std::string_view, base::LessIgnoringCase>;

void add_jobs_of_steps(std::string_view job, const Node& steps, JobsOfSteps& found) {
  for (const auto& step : steps.items) {
    if (step["id"].present()) found.emplace(step["id"].text, job);
    add_jobs_of_steps(job, step["parallel"], found);
  }
}

// An action's inputs are texts, whatever was given.
TypePointer action_inputs_type(const Node& root) {
  Type type{.kind = TypeKind::object};
  for (const auto& [key, declaration] : root["inputs"].members) type.set(key.text, string_type());
  return make_type(std::move(type));
}

}  // namespace

ScopeTypes::ScopeTypes(const Node& root, const LintConfig& config, ProjectTypes& project)
    : root_(root), project_(project) {
  const Node& on = root["on"];
  types_.env = map_of(string_type());
  types_.runner = runner_type();
  types_.strategy = strategy_type();
  types_.github = github_type(on);
  if (root["runs"].present()) {
    types_.inputs = action_inputs_type(root);
    all_steps_ = steps_type(root["runs"]["steps"]);
  } else {
    types_.inputs = inputs_type(on);
    types_.vars = vars_type(config);
    types_.secrets = secrets_type(on, config);
    types_.jobs = jobs_type(root["jobs"], project);
  }
  all_inputs_ = types_.inputs;
}

const ContextTypes& ScopeTypes::at(const ExpressionPlace& place) {
  const Path& path = place.path;
  types_.inputs = all_inputs_;
  if (is_under(path, {"on", "workflow_call", "inputs", "*", "default"})) input_defaults(path);
  if (is_under(path, {"jobs", "*"})) {
    if (path[1].node != job_) enter_job(path[1]);
    types_.steps = all_steps_;
    if (is_under(path, {"jobs", "*", "steps", "*"})) enter_step(path, 2);
  } else if (is_under(path, {"runs", "steps", "*"})) {
    enter_step(path, 1);
  } else if (is_under(path, {"outputs", "*", "value"})) {
    types_.steps = all_steps_;
  }
  return types_;
}

void ScopeTypes::enter_job(const PathSegment& job) {
  job_ = job.node;
  types_.needs = needs_type(*job_, *types_.jobs);
  types_.job = job_type(*job_);
  types_.matrix = nullptr;
  types_.matrix =
      matrix_type((*job_)["strategy"], [&](const Node& text) { return type_of_matrix_text(text); });
  all_steps_ = steps_type((*job_)["steps"]);
  steps_before_ = nullptr;
  steps_passed_ = 0;
}

void ScopeTypes::enter_step(const Path& path, std::size_t steps_at) {
  if (steps_before_ == nullptr) steps_before_ = std::make_shared<Type>(Type{.kind = TypeKind::object});
  const Node& steps = *path[steps_at].node;
  const auto position = path[steps_at + 1].position;
  while (steps_passed_ < position) pass_step(steps.items[steps_passed_++]);
  types_.steps = steps_before_;
}

TypePointer ScopeTypes::steps_type(const Node& steps) {
  Type type{.kind = TypeKind::object};
  for (const auto& step : steps.items) add_step(step, type);
  return make_type(std::move(type));
}

void ScopeTypes::add_step(const Node& step, Type& steps) {
  const Node& id = step["id"];
  if (id.present()) steps.set(id.text, step_type(step, project_));
  for (const auto& inner : step["parallel"].items) add_step(inner, steps);
}

void ScopeTypes::pass_step(const Node& step) {
  const Node& id = step["id"];
  if (id.present()) steps_before_->set(id.text, all_steps_->member(id.text));
  for (const auto& inner : step["parallel"].items) pass_step(inner);
}

// A default sees the inputs that are declared before its own.
void ScopeTypes::input_defaults(const Path& path) {
  if (inputs_before_ == nullptr) inputs_before_ = std::make_shared<Type>(Type{.kind = TypeKind::object});
  const auto& declarations = path[2].node->members;
  for (; inputs_passed_ < path[3].position; ++inputs_passed_) {
    const auto& [name, declaration] = declarations[inputs_passed_];
    inputs_before_->set(name.text, type_of_input(declaration));
  }
  types_.inputs = inputs_before_;
}

TypePointer ScopeTypes::type_of_matrix_text(const Node& scalar) const {
  const auto parts = expression::split_template(scalar.text);
  const bool mixed = !parts || parts->size() != 1 || !parts->front().is_expression;
  if (mixed) return string_type();
  const auto tree = expression::parse_expression(parts->front().text);
  if (!tree) return any_type();
  std::vector<TypeProblem> said_at_its_place;
  const TypeScope scope{[&](std::string_view name) { return types_.find(name); }, {}};
  return type_of_expression(**tree, scope, said_at_its_place);
}

std::string ScopeTypes::why_missing(std::string_view context, std::string_view name) {
  if (base::equals_ignoring_case(context, "needs") && types_.jobs->member(name) != nullptr) {
    const bool own = job_ != nullptr && root_["jobs"][name].present() && &root_["jobs"][name] == job_;
    return own ? "a job cannot need itself" : fmt::format("add '{}' to the needs of this job", name);
  }
  if (base::equals_ignoring_case(context, "steps")) return why_step_is_missing(name);
  if (base::equals_ignoring_case(context, "inputs") && all_inputs_->member(name) != nullptr)
    return "it is declared behind this one";
  if (base::equals_ignoring_case(context, "inputs") && all_inputs_->members.empty())
    return "no inputs are declared";
  if (base::equals_ignoring_case(context, "matrix") && types_.matrix != nullptr &&
      types_.matrix->members.empty())
    return "the job has no matrix";
  return "";
}

std::string ScopeTypes::why_step_is_missing(std::string_view id) {
  if (all_steps_ != nullptr && all_steps_->member(id) != nullptr) return "that step comes later";
  if (!jobs_of_steps_) {
    jobs_of_steps_.emplace();
    for (const auto& [job, node] : root_["jobs"].members)
      add_jobs_of_steps(job.text, node["steps"], *jobs_of_steps_);
  }
  const auto found = jobs_of_steps_->find(id);
  if (found == jobs_of_steps_->end()) return "";
  return fmt::format(
      "it is a step of the job '{}': give what it made out as an output of that job, and read "
      "it from needs",
      found->second);
}

}  // namespace workflow::lint
