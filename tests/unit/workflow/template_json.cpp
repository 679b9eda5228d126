#include "template_json.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/expression/template_scalar.h"
#include "workflow/expression/value.h"

namespace workflow {
namespace {

// Fields of a job that are given as they stand in the file.
constexpr const char* kJobFields[] = {"strategy",
                                      "timeout-minutes",
                                      "cancel-timeout-minutes",
                                      "continue-on-error",
                                      "container",
                                      "services",
                                      "concurrency",
                                      "env",
                                      "environment",
                                      "outputs",
                                      "defaults",
                                      "snapshot",
                                      "runs-on"};

base::Result<void> any_expression(std::string_view) {
  return {};
}

class Writer {
 public:
  explicit Writer(const TemplateJson& options) : options_(options) {}

  base::Json workflow(const Workflow& workflow) {
    enter(workflow);
    const Node& root = *workflow.root;
    base::Json json = {{"jobs", jobs(workflow)}};
    enter(workflow);
    for (const char* field : {"env", "defaults", "concurrency"}) {
      if (root[field].present()) json[field] = token(root[field]);
    }
    if (const auto permissions = permissions_of(workflow.permissions))
      json["permissions"] = levels(*permissions);
    for (const auto& input : workflow.dispatch_inputs) json["input-types"][input.name] = input.type;
    if (options_.include_source) json["file-table"] = options_.files;
    return json;
  }

 private:
  void enter(const Workflow& workflow) {
    const auto& files = options_.files;
    file_ = static_cast<int>(std::find(files.begin(), files.end(), workflow.path) - files.begin()) + 1;
  }

  base::Json placed(base::Json token, int line, int column) const {
    if (!options_.include_source || line == 0) return token;
    token.update({{"file", file_}, {"line", line}, {"col", column}});
    return token;
  }

  // A scalar is its plain value, or a token with a type of its own when its place is asked for.
  base::Json scalar(int type, const char* field, const base::Json& value, int line, int column) const {
    if (!options_.include_source) return value;
    base::Json token = {{"type", type}};
    if (field != nullptr) token[field] = value;
    return placed(std::move(token), line, column);
  }

  base::Json text(const Text& text) const {
    const auto read = expression::read_template_scalar(text.text, any_expression);
    if (!read) return "error: " + read.error().message;
    switch (read->kind) {
      case expression::ScalarKind::literal:
        return scalar(0, "lit", read->text, text.line, text.column);
      case expression::ScalarKind::expression:
        return placed({{"type", 3}, {"expr", read->text}}, text.line, text.column);
      case expression::ScalarKind::insert:
        break;
    }
    return placed({{"type", 4}, {"directive", read->text}}, text.line, text.column);
  }

  base::Json number(const Node& node) const {
    const double value = number_of(node);
    const bool finite = !std::isnan(value) && !std::isinf(value);
    const auto json = finite ? base::Json(value) : base::Json(expression::number_to_text(value));
    return scalar(6, "num", json, node.line, node.column);
  }

  base::Json token(const Node& node) const {
    switch (node.kind) {
      case NodeKind::boolean:
        return scalar(5, "bool", base::to_lower(node.text) == "true", node.line, node.column);
      case NodeKind::number:
        return number(node);
      case NodeKind::string:
        return text({node.text, node.line, node.column});
      case NodeKind::sequence: {
        base::Json items = base::Json::array();
        for (const auto& item : node.items) items.push_back(token(item));
        return placed({{"type", 1}, {"seq", items}}, node.line, node.column);
      }
      case NodeKind::mapping: {
        base::Json members = base::Json::array();
        for (const auto& [key, value] : node.members)
          members.push_back({{"Key", token(key)}, {"Value", token(value)}});
        return placed({{"type", 2}, {"map", members}}, node.line, node.column);
      }
      default:
        return scalar(7, nullptr, nullptr, node.line, node.column);
    }
  }

  base::Json condition(const std::optional<Text>& written) const {
    const auto condition = expression::condition_expression(written ? written->text : "");
    const base::Json token = {{"type", 3}, {"expr", condition ? *condition : condition.error().message}};
    return written ? placed(token, written->line, written->column) : token;
  }

  static base::Json levels(const Permissions& permissions) {
    base::Json json = base::Json::object();
    for (const auto& [scope, level] : permissions.requested()) json[scope] = name_of(level);
    return json;
  }

  base::Json step(const Step& step) const {
    base::Json json = {{"id", step.id}};
    const auto add = [&](const char* field, const Node& node) {
      if (node.present()) json[field] = token(node);
    };
    if (step.name) json["name"] = text(*step.name);
    if (step.run || step.uses) json["if"] = condition(step.condition);
    if (step.run) json["run"] = text(*step.run);
    if (step.uses) json["uses"] = text(*step.uses);
    if (step.shell) json["shell"] = text(*step.shell);
    if (step.working_directory) json["working-directory"] = text(*step.working_directory);
    add("env", step.env);
    add("with", step.with);
    add("continue-on-error", step.continue_on_error);
    add("timeout-minutes", step.timeout_minutes);
    add("background", step.background);
    add("cancel", step.cancel);
    const auto wait = [&](const char* name, const char* field, const base::Json& value) {
      json[field] = value;
      if (!step.name) json["name"] = name;
    };
    if (step.wait.is_sequence()) wait("Wait", "wait", token(step.wait)["seq"]);
    if (step.wait.is_scalar()) wait("Wait", "wait", base::Json::array({step.wait.text}));
    if (step.wait_all.present()) wait("Wait for all", "wait-all", true);
    if (step.cancel.present()) wait("Cancel", "cancel", step.cancel.text);
    base::Json parallel = base::Json::array();
    for (const auto& inner : step.parallel) parallel.push_back(this->step(inner));
    if (!parallel.empty()) wait("Parallel group", "parallel", parallel);
    return json;
  }

  base::Json job(const Workflow& workflow, const Job& job) {
    const Text id{job.id, job.line, job.column};
    base::Json json = {{"type", job.uses ? "reusableWorkflowJob" : "job"},
                       {"id", text(id)},
                       {"name", text(job.name ? *job.name : id)},
                       {"if", condition(job.condition)}};
    for (const auto& need : job.needs) json["needs"].push_back(text(need));
    if (job.effective_permissions) json["permissions"] = levels(*job.effective_permissions);
    const Node& node = (*workflow.root)["jobs"][job.id];
    for (const char* field : kJobFields) {
      if (node[field].present()) json[field] = token(node[field]);
    }
    for (const auto& one : job.steps) json["steps"].push_back(step(one));
    if (job.uses) call(job, json);
    return json;
  }

  void call(const Job& job, base::Json& json) {
    json["ref"] = text(*job.uses);
    if (!json.contains("needs")) json["needs"] = base::Json::array();
    if (job.with.present()) json["input-values"] = token(job.with);
    if (job.secrets.is_mapping()) json["secret-values"] = token(job.secrets);
    if (job.secrets.is_scalar()) json["inherit-secrets"] = true;
    json["jobs"] = base::Json::array();
    if (!job.called) return;
    const int caller = file_;
    json["jobs"] = jobs(*job.called);
    enter(*job.called);
    const Node& root = *job.called->root;
    const Node& definition = root["on"]["workflow_call"];
    const auto add = [&](const char* field, const Node& value) {
      if (value.present()) json[field] = token(value);
    };
    add("input-definitions", definition["inputs"]);
    add("secret-definitions", definition["secrets"]);
    add("outputs", definition["outputs"]);
    add("defaults", root["defaults"]);
    add("env", root["env"]);
    add("embedded-concurrency", root["concurrency"]);
    file_ = caller;
  }

  base::Json jobs(const Workflow& workflow) {
    base::Json list = base::Json::array();
    for (const auto& one : workflow.jobs) {
      enter(workflow);
      list.push_back(job(workflow, one));
    }
    return list;
  }

  const TemplateJson& options_;
  int file_ = 1;
};

}  // namespace

base::Json template_json(const Workflow& workflow, const TemplateJson& options) {
  return Writer(options).workflow(workflow);
}

}  // namespace workflow
