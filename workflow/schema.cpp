#include "workflow/schema.h"

#include <map>

namespace workflow {

namespace {

// Contexts by place (docs.github.com contexts "Context availability").
constexpr std::string_view kRunName = "github inputs vars";
constexpr std::string_view kWorkflowEnv = "github inputs vars secrets";
constexpr std::string_view kStrategy = "github inputs vars needs";
constexpr std::string_view kJob = "github inputs vars needs strategy matrix";
constexpr std::string_view kJobIf = "github inputs vars needs job-status";
constexpr std::string_view kJobEnv = "github inputs vars needs strategy matrix secrets";
constexpr std::string_view kJobDefaults = "github inputs vars needs strategy matrix env";
constexpr std::string_view kCredentials = "github inputs vars needs strategy matrix env secrets";
constexpr std::string_view kRunner = "github inputs vars needs strategy matrix secrets steps job runner env";
constexpr std::string_view kEnvironmentUrl = "github inputs vars needs strategy matrix steps job runner env";
constexpr std::string_view kStep =
    "github inputs vars needs strategy matrix secrets steps job runner env hashFiles";
constexpr std::string_view kSecretsOfACall = "github inputs vars needs secrets strategy matrix";
constexpr std::string_view kStepIf =
    "github inputs vars needs strategy matrix steps job runner env hashFiles status";

/// Any keys, each with a text: env, with, outputs. One rule for each set of contexts.
const MappingRule* texts(std::string_view contexts) {
  static std::map<std::string_view, ValueRule> values;
  static std::map<std::string_view, MappingRule> mappings;
  const auto [value, fresh] = values.try_emplace(contexts, ValueRule{kText, contexts});
  return &mappings.try_emplace(contexts, MappingRule{"mapping", {}, &value->second}).first->second;
}

ValueRule texts_value(std::string_view contexts) {
  return {kMapping, contexts, texts(contexts)};
}

// The mapping itself cannot be computed.
ValueRule computed_texts(std::string_view contexts) {
  return {kMapping, kNone, texts(contexts)};
}

MappingRule make_defaults_rule(std::string_view contexts) {
  static std::map<std::string_view, MappingRule> runs;
  auto& run = runs[contexts];
  run = {"run", {{"shell", {kString, contexts}}, {"working-directory", {kString, contexts}}}};
  return {"defaults", {{"run", {kMapping, contexts, &run}}}};
}

MappingRule make_concurrency_rule(std::string_view contexts) {
  return {"concurrency",
          {{"group", {kString, contexts}, true},
           {"cancel-in-progress", {kBoolean, contexts}},
           {"queue", {kString, kNone, nullptr, nullptr, false, "single max"}}}};
}

const MappingRule& permissions_rule() {
  static const MappingRule rule = [] {
    MappingRule made{"permissions", {}};
    const auto add = [&](std::string_view scope, std::string_view allowed) {
      made.keys.push_back({scope, {kString, kNone, nullptr, nullptr, false, allowed}});
    };
    for (const std::string_view scope :
         {"actions", "artifact-metadata", "attestations", "checks", "code-quality", "contents", "deployments",
          "discussions", "drives", "issues", "packages", "pages", "pull-requests", "repository-projects",
          "security-events", "statuses"}) {
      add(scope, "read write none");
    }
    add("copilot-requests", "write none");
    add("id-token", "write none");
    add("models", "read none");
    add("vulnerability-alerts", "read none");
    return made;
  }();
  return rule;
}

ValueRule cache_mode_value() {
  return {kString, kNone, nullptr, nullptr, false, "read write write-only none"};
}

ValueRule permissions_value() {
  return {kString | kMapping, kNone, &permissions_rule(), nullptr, false, "read-all write-all"};
}

const MappingRule& container_rule() {
  static const MappingRule credentials{
      "credentials", {{"username", {kString, kCredentials}}, {"password", {kString, kCredentials}}}};
  static const ValueRule item{kString, kJob};
  static const MappingRule rule{"container",
                                {{"image", {kString, kJob}},
                                 {"options", {kText, kJob}},
                                 {"env", {kMapping, kJob, texts(kRunner)}},
                                 {"ports", {kSequence, kJob, nullptr, &item}},
                                 {"volumes", {kSequence, kJob, nullptr, &item}},
                                 {"credentials", {kMapping, kCredentials, &credentials}}}};
  return rule;
}

const MappingRule& services_rule() {
  static const MappingRule service = [] {
    MappingRule made = container_rule();
    made.name = "service";
    made.keys.push_back({"entrypoint", {kText, kJob}});
    made.keys.push_back({"command", {kText, kJob}});
    return made;
  }();
  static const ValueRule value{kString | kMapping, kJob, &service};
  static const MappingRule rule{"services", {}, &value};
  return rule;
}

enum StepVariant : unsigned {
  kRunStep = 1,
  kUsesStep = 2,
  kWait = 4,
  kWaitAll = 8,
  kCancel = 16,
  kParallel = 32
};

const ValueRule& step_rule() {
  constexpr unsigned kReal = kRunStep | kUsesStep;
  constexpr unsigned kWithError = kReal | kWait | kWaitAll | kCancel;
  static MappingRule mapping{"step", {}};
  static const ValueRule rule{kMapping, kNone, &mapping};
  if (mapping.keys.empty()) {
    mapping.keys = {{"id", {kString, kNone}, false, kWithError},
                    {"name", {kText, kStep}, false, kWithError},
                    {"if", {kText, kStepIf, nullptr, nullptr, true}, false, kReal},
                    {"env", texts_value(kStep), false, kReal},
                    {"continue-on-error", {kBoolean, kStep}, false, kWithError},
                    {"timeout-minutes", {kNumber, kStep}, false, kReal},
                    {"background", {kBoolean, kNone}, false, kReal},
                    {"run", {kText, kStep}, true, kRunStep},
                    {"shell", {kString, kNone}, false, kRunStep},
                    {"working-directory", {kText, kStep}, false, kRunStep},
                    {"uses", {kString, kNone}, true, kUsesStep},
                    {"with", texts_value(kStep), false, kUsesStep},
                    {"wait", {kString | kSequence, kNone, nullptr, &kItem}, true, kWait},
                    {"wait-all", {kNull | kBoolean, kNone}, true, kWaitAll},
                    {"cancel", {kString, kNone}, true, kCancel},
                    {"parallel", {kSequence, kNone, nullptr, &rule}, true, kParallel}};
  }
  return rule;
}

const MappingRule& strategy_rule() {
  static const ValueRule any{kScalar | kSequence | kMapping, kStrategy};
  static const MappingRule filter{"filter", {}, &any};
  static const ValueRule filter_item{kMapping, kStrategy, &filter};
  static const ValueRule filters{kSequence, kStrategy, nullptr, &filter_item};
  static const ValueRule vector{kSequence, kStrategy};
  static const MappingRule matrix{"matrix", {{"include", filters}, {"exclude", filters}}, &vector};
  static const MappingRule rule{"strategy",
                                {{"fail-fast", {kBoolean, kStrategy}},
                                 {"max-parallel", {kNumber, kStrategy}},
                                 {"matrix", {kMapping, kStrategy, &matrix}}}};
  return rule;
}

enum JobVariant : unsigned { kOwnSteps = 1, kCallsWorkflow = 2 };

std::vector<KeyRule> keys_of_every_job() {
  static const MappingRule concurrency = make_concurrency_rule(kJob);
  return {{"name", {kText, kJob}},
          {"needs", {kString | kSequence, kNone, nullptr, &kItem}},
          {"if", {kText, kJobIf, nullptr, nullptr, true}},
          {"permissions", permissions_value()},
          {"cache-mode", cache_mode_value()},
          {"concurrency", {kString | kMapping, kJob, &concurrency}},
          {"strategy", {kMapping, kStrategy, &strategy_rule()}}};
}

std::vector<KeyRule> keys_of_a_job_with_steps() {
  static const ValueRule label{kString, kJob};
  static const MappingRule runs_on{
      "runs-on", {{"group", {kString, kJob}}, {"labels", {kString | kSequence, kJob, nullptr, &label}}}};
  static const MappingRule environment{
      "environment",
      {{"name", {kText, kJob}, true}, {"url", {kText, kEnvironmentUrl}}, {"deployment", {kBoolean, kJob}}}};
  static const MappingRule snapshot{"snapshot",
                                    {{"image-name", {kString, kJob}, true},
                                     {"version", {kString, kJob}},
                                     {"if", {kText, kStepIf, nullptr, nullptr, true}}}};
  static const MappingRule defaults = make_defaults_rule(kJobDefaults);
  return {{"runs-on", {kString | kSequence | kMapping, kJob, &runs_on, &label}, true, kOwnSteps},
          {"env", texts_value(kJobEnv), false, kOwnSteps},
          {"defaults", {kMapping, kNone, &defaults}, false, kOwnSteps},
          {"environment", {kText | kMapping, kJob, &environment}, false, kOwnSteps},
          {"outputs", computed_texts(kRunner), false, kOwnSteps},
          {"timeout-minutes", {kNumber, kJob}, false, kOwnSteps},
          {"cancel-timeout-minutes", {kNumber, kJob}, false, kOwnSteps},
          {"continue-on-error", {kBoolean, kJob}, false, kOwnSteps},
          {"container", {kText | kMapping, kJob, &container_rule()}, false, kOwnSteps},
          {"services", {kMapping, kJob, &services_rule()}, false, kOwnSteps},
          {"snapshot", {kString | kMapping, kJob, &snapshot}, false, kOwnSteps},
          {"steps", {kSequence, kNone, nullptr, &step_rule()}, false, kOwnSteps}};
}

const MappingRule& job_rule() {
  constexpr unsigned kInput = kBoolean | kNumber | kText;
  static const ValueRule input{kInput, kJob};
  static const MappingRule with{"with", {}, &input};
  static const ValueRule secret{kInput, kSecretsOfACall};
  static const MappingRule secrets{"secrets", {}, &secret};
  static const MappingRule rule = [] {
    MappingRule made{"job", keys_of_every_job()};
    for (auto& key : keys_of_a_job_with_steps()) made.keys.push_back(key);
    made.keys.push_back({"uses", {kString, kNone}, true, kCallsWorkflow});
    made.keys.push_back({"with", {kMapping, kNone, &with}, false, kCallsWorkflow});
    made.keys.push_back(
        {"secrets", {kMapping | kString, kNone, &secrets, nullptr, false, "inherit"}, false, kCallsWorkflow});
    return made;
  }();
  return rule;
}

}  // namespace

const MappingRule& workflow_rule() {
  static const ValueRule job{kMapping, kNone, &job_rule()};
  static const MappingRule jobs{"jobs", {}, &job};
  static const MappingRule defaults = make_defaults_rule(kNone);
  static const MappingRule concurrency = make_concurrency_rule(kRunName);
  static const MappingRule rule{
      "workflow",
      {{"on", {kString | kSequence | kMapping, kNone, &trigger_rule(), &kItem}, true},
       {"name", {kText, kNone}},
       {"description", {kText, kNone}},
       {"run-name", {kText, kRunName}},
       {"defaults", {kMapping, kNone, &defaults}},
       {"env", texts_value(kWorkflowEnv)},
       {"permissions", permissions_value()},
       {"cache-mode", cache_mode_value()},
       {"concurrency", {kText | kMapping, kRunName, &concurrency}},
       {"jobs", {kMapping, kNone, &jobs}, true}}};
  return rule;
}

}  // namespace workflow
