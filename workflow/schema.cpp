#include "workflow/schema.h"

namespace workflow {

namespace {

// Contexts by place (docs.github.com contexts "Context availability").
constexpr std::string_view kRunName = "github inputs vars";
constexpr std::string_view kWorkflowEnv = "github inputs vars secrets";
constexpr std::string_view kStrategy = "github inputs vars needs";
constexpr std::string_view kJob = "github inputs vars needs strategy matrix";
constexpr std::string_view kJobIf = "github inputs vars needs status";
constexpr std::string_view kJobEnv = "github inputs vars needs strategy matrix secrets";
constexpr std::string_view kJobDefaults = "github inputs vars needs strategy matrix env";
constexpr std::string_view kContainer = "github inputs vars needs strategy matrix env secrets job";
constexpr std::string_view kOutputs = "github inputs vars needs strategy matrix secrets steps job runner env";
constexpr std::string_view kEnvironmentUrl = "github inputs vars needs strategy matrix steps job runner env";
constexpr std::string_view kStep =
    "github inputs vars needs strategy matrix secrets steps job runner env hashFiles";
constexpr std::string_view kStepIf =
    "github inputs vars needs strategy matrix steps job runner env hashFiles status";
constexpr std::string_view kCallDefault = "github inputs vars";
constexpr std::string_view kCallOutput = "github inputs vars jobs";
constexpr std::string_view kComposite = "github inputs strategy matrix steps job runner env hashFiles";
constexpr std::string_view kCompositeIf =
    "github inputs strategy matrix steps job runner env hashFiles status";
constexpr std::string_view kNone;

constexpr unsigned kTextOrList = kScalar | kSequence;

const ValueRule kAnyScalar{kScalar | kNull, kNone};
const ValueRule kStringItem{kScalar, kNone};

const ValueRule& env_value(std::string_view contexts) {
  static const ValueRule workflow{kScalar | kNull, kWorkflowEnv};
  static const ValueRule job{kScalar | kNull, kJobEnv};
  static const ValueRule container{kScalar | kNull, kContainer};
  static const ValueRule composite{kScalar | kNull, kComposite};
  static const ValueRule outputs{kScalar | kNull, kOutputs};
  static const ValueRule step{kScalar | kNull, kStep};
  if (contexts == kWorkflowEnv) return workflow;
  if (contexts == kJobEnv) return job;
  if (contexts == kContainer) return container;
  if (contexts == kComposite) return composite;
  return contexts == kOutputs ? outputs : step;
}

const MappingRule& open_mapping(std::string_view name, std::string_view contexts) {
  static const MappingRule workflow{"env", {}, &env_value(kWorkflowEnv)};
  static const MappingRule job{"env", {}, &env_value(kJobEnv)};
  static const MappingRule container{"env", {}, &env_value(kContainer)};
  static const MappingRule composite{"env", {}, &env_value(kComposite)};
  static const MappingRule outputs{"outputs", {}, &env_value(kOutputs)};
  static const MappingRule step{"env", {}, &env_value(kStep)};
  if (contexts == kWorkflowEnv) return workflow;
  if (contexts == kJobEnv) return job;
  if (contexts == kContainer) return container;
  if (contexts == kComposite) return composite;
  return name == "outputs" ? outputs : step;
}

ValueRule env_rule(std::string_view contexts) {
  return {kMapping | kNull | kString, contexts, &open_mapping("env", contexts)};
}

// Any node below, with expressions: matrix vectors, `with` of reusable workflows.
const ValueRule& any_value() {
  static ValueRule rule{kScalar | kNull | kSequence | kMapping, kStrategy, nullptr, nullptr};
  static MappingRule self{"value", {}, &rule};
  rule.mapping = &self;
  rule.item = &rule;
  return rule;
}

const MappingRule& defaults_rule(std::string_view contexts) {
  static const auto make = [](std::string_view allowed) {
    auto* run =
        new MappingRule{"run", {{"shell", {kString, allowed}}, {"working-directory", {kScalar, allowed}}}};
    return MappingRule{"defaults", {{"run", {kMapping, kNone, run}}}};
  };
  static const MappingRule workflow = make(kNone);
  static const MappingRule job = make(kJobDefaults);
  return contexts.empty() ? workflow : job;
}

const MappingRule& concurrency_rule(std::string_view contexts) {
  static const auto make = [](std::string_view allowed) {
    return MappingRule{"concurrency",
                       {{"group", {kScalar, allowed}, true},
                        {"cancel-in-progress", {kBoolean, allowed}},
                        {"queue", {kString, allowed}}}};
  };
  static const MappingRule workflow = make(kRunName);
  static const MappingRule job = make(kJob);
  return contexts == kJob ? job : workflow;
}

const MappingRule& permissions_rule() {
  static const MappingRule rule = [] {
    MappingRule made{"permissions", {}};
    for (const std::string_view scope : {"actions",
                                         "artifact-metadata",
                                         "attestations",
                                         "checks",
                                         "code-quality",
                                         "contents",
                                         "copilot-requests",
                                         "deployments",
                                         "discussions",
                                         "drives",
                                         "id-token",
                                         "issues",
                                         "models",
                                         "packages",
                                         "pages",
                                         "pull-requests",
                                         "repository-projects",
                                         "security-events",
                                         "statuses",
                                         "vulnerability-alerts"}) {
      made.keys.push_back({scope, {kString, kNone}});
    }
    return made;
  }();
  return rule;
}

const MappingRule& container_rule() {
  static const MappingRule credentials{
      "credentials", {{"username", {kScalar, kContainer}}, {"password", {kScalar, kContainer}}}};
  static const ValueRule item{kScalar, kContainer};
  static const MappingRule rule{"container",
                                {{"image", {kScalar | kNull, kContainer}},
                                 {"credentials", {kMapping | kString, kContainer, &credentials}},
                                 {"env", env_rule(kContainer)},
                                 {"ports", {kSequence, kContainer, nullptr, &item}},
                                 {"volumes", {kSequence, kContainer, nullptr, &item}},
                                 {"options", {kScalar, kContainer}},
                                 {"entrypoint", {kScalar, kContainer}},
                                 {"command", {kScalar, kContainer}}}};
  return rule;
}

const MappingRule& services_rule() {
  static const ValueRule service{kString | kMapping, kContainer, &container_rule()};
  static const MappingRule rule{"services", {}, &service};
  return rule;
}

const ValueRule& step_rule();

std::vector<KeyRule> step_keys() {
  static const MappingRule with{"with", {}, &env_value(kStep)};
  return {{"id", {kScalar, kNone}},
          {"name", {kScalar, kStep}},
          {"if", {kScalar | kNull, kStepIf, nullptr, nullptr, true}},
          {"env", env_rule(kStep)},
          {"continue-on-error", {kBoolean, kStep}},
          {"timeout-minutes", {kNumber, kStep}},
          {"run", {kScalar, kStep}},
          {"shell", {kScalar, kNone}},
          {"working-directory", {kScalar, kStep}},
          {"uses", {kString, kNone}},
          {"with", {kMapping | kNull, kNone, &with}},
          {"background", {kBoolean, kNone}},
          {"wait", {kTextOrList, kNone, nullptr, &kStringItem}},
          {"wait-all", {kNull | kBoolean, kNone}},
          {"cancel", {kScalar, kNone}},
          {"parallel", {kSequence, kNone, nullptr, &step_rule()}}};
}

const ValueRule& step_rule() {
  static MappingRule mapping{"step", {}};
  static const ValueRule rule{kMapping, kNone, &mapping};
  if (mapping.keys.empty()) {
    mapping.keys.push_back({"id", {kScalar, kNone}});  // marks it as being filled
    mapping.keys = step_keys();
  }
  return rule;
}

const MappingRule& job_rule() {
  static const MappingRule matrix{"matrix", {}, &any_value()};
  static const MappingRule strategy{"strategy",
                                    {{"fail-fast", {kBoolean, kStrategy}},
                                     {"max-parallel", {kNumber, kStrategy}},
                                     {"matrix", {kMapping | kString, kStrategy, &matrix}}}};
  static const ValueRule label{kScalar, kJob};
  static const MappingRule runs_on{
      "runs-on", {{"group", {kScalar, kJob}}, {"labels", {kTextOrList, kJob, nullptr, &label}}}};
  static const MappingRule environment{"environment",
                                       {{"name", {kScalar, kJob}, true},
                                        {"url", {kScalar, kEnvironmentUrl}},
                                        {"deployment", {kBoolean, kJob}}}};
  static const MappingRule with{"with", {}, &env_value(kJobEnv)};
  static const MappingRule snapshot{
      "snapshot",
      {{"image-name", {kScalar, kNone}, true}, {"version", {kScalar, kNone}}, {"if", {kScalar, kJobIf}}}};
  static const MappingRule rule{"job",
                                {{"name", {kScalar, kJob}},
                                 {"needs", {kTextOrList, kNone, nullptr, &kStringItem}},
                                 {"if", {kScalar | kNull, kJobIf, nullptr, nullptr, true}},
                                 {"runs-on", {kTextOrList | kMapping, kJob, &runs_on, &label}},
                                 {"strategy", {kMapping, kNone, &strategy}},
                                 {"env", env_rule(kJobEnv)},
                                 {"defaults", {kMapping, kNone, &defaults_rule(kJobDefaults)}},
                                 {"permissions", {kString | kMapping | kNull, kNone, &permissions_rule()}},
                                 {"concurrency", {kScalar | kMapping, kJob, &concurrency_rule(kJob)}},
                                 {"environment", {kScalar | kMapping | kNull, kJob, &environment}},
                                 {"outputs", {kMapping | kNull, kNone, &open_mapping("outputs", kOutputs)}},
                                 {"timeout-minutes", {kNumber, kJob}},
                                 {"cancel-timeout-minutes", {kNumber, kJob}},
                                 {"continue-on-error", {kBoolean, kJob}},
                                 {"container", {kString | kMapping, kContainer, &container_rule()}},
                                 {"services", {kMapping, kNone, &services_rule()}},
                                 {"snapshot", {kString | kMapping, kNone, &snapshot}},
                                 {"steps", {kSequence, kNone, nullptr, &step_rule()}},
                                 {"uses", {kString, kNone}},
                                 {"with", {kMapping | kNull, kNone, &with}},
                                 {"secrets", {kMapping | kString | kNull, kNone, &with}}}};
  return rule;
}

const MappingRule& on_rule() {
  static const MappingRule dispatch_input{"input",
                                          {{"description", {kScalar | kNull, kNone}},
                                           {"required", {kBoolean, kNone}},
                                           {"default", {kScalar | kNull, kNone}},
                                           {"deprecationMessage", {kScalar, kNone}},
                                           {"type", {kString, kNone}},
                                           {"options", {kSequence, kNone, nullptr, &kStringItem}}}};
  static const ValueRule dispatch_input_value{kMapping | kNull, kNone, &dispatch_input};
  static const MappingRule dispatch_inputs{"inputs", {}, &dispatch_input_value};
  static const MappingRule dispatch{"workflow_dispatch",
                                    {{"inputs", {kMapping | kNull, kNone, &dispatch_inputs}}}};
  static const MappingRule call_input{"input",
                                      {{"description", {kScalar | kNull, kNone}},
                                       {"required", {kBoolean, kNone}},
                                       {"default", {kScalar | kNull, kCallDefault}},
                                       {"deprecationMessage", {kScalar, kNone}},
                                       {"type", {kString, kNone}, true}}};
  static const ValueRule call_input_value{kMapping, kNone, &call_input};
  static const MappingRule call_inputs{"inputs", {}, &call_input_value};
  static const MappingRule call_output{
      "output", {{"description", {kScalar | kNull, kNone}}, {"value", {kScalar, kCallOutput}, true}}};
  static const ValueRule call_output_value{kMapping, kNone, &call_output};
  static const MappingRule call_outputs{"outputs", {}, &call_output_value};
  static const MappingRule call_secret{
      "secret", {{"description", {kScalar | kNull, kNone}}, {"required", {kBoolean, kNone}}}};
  static const ValueRule call_secret_value{kMapping | kNull, kNone, &call_secret};
  static const MappingRule call_secrets{"secrets", {}, &call_secret_value};
  static const MappingRule call{"workflow_call",
                                {{"inputs", {kMapping | kNull, kNone, &call_inputs}},
                                 {"outputs", {kMapping | kNull, kNone, &call_outputs}},
                                 {"secrets", {kMapping | kNull, kNone, &call_secrets}}}};
  static const MappingRule cron{"schedule",
                                {{"cron", {kString, kNone}, true}, {"timezone", {kString, kNone}}}};
  static const ValueRule cron_item{kMapping, kNone, &cron};
  static const ValueRule filter{kTextOrList | kNull, kNone, nullptr, &kStringItem};
  static const MappingRule event{"event",
                                 {{"types", filter},
                                  {"branches", filter},
                                  {"branches-ignore", filter},
                                  {"tags", filter},
                                  {"tags-ignore", filter},
                                  {"paths", filter},
                                  {"paths-ignore", filter},
                                  {"workflows", filter},
                                  {"names", filter},
                                  {"versions", filter}}};
  static const MappingRule rule = [] {
    MappingRule made{"on",
                     {{"workflow_dispatch", {kMapping | kNull, kNone, &dispatch}},
                      {"workflow_call", {kMapping | kNull, kNone, &call}},
                      {"schedule", {kSequence, kNone, nullptr, &cron_item}}}};
    for (const std::string_view name : {"branch_protection_rule",
                                        "check_run",
                                        "check_suite",
                                        "create",
                                        "delete",
                                        "deployment",
                                        "deployment_status",
                                        "discussion",
                                        "discussion_comment",
                                        "fork",
                                        "gollum",
                                        "image_version",
                                        "issue_comment",
                                        "issues",
                                        "label",
                                        "merge_group",
                                        "milestone",
                                        "page_build",
                                        "project",
                                        "project_card",
                                        "project_column",
                                        "public",
                                        "pull_request",
                                        "pull_request_comment",
                                        "pull_request_review",
                                        "pull_request_review_comment",
                                        "pull_request_target",
                                        "push",
                                        "registry_package",
                                        "release",
                                        "repository_dispatch",
                                        "status",
                                        "watch",
                                        "workflow_run"}) {
      made.keys.push_back({name, {kMapping | kNull, kNone, &event}});
    }
    return made;
  }();
  return rule;
}

}  // namespace

const MappingRule& workflow_rule() {
  static const ValueRule job{kMapping, kNone, &job_rule()};
  static const MappingRule jobs{"jobs", {}, &job};
  static const MappingRule rule{
      "workflow",
      {{"on", {kString | kSequence | kMapping, kNone, &on_rule(), &kStringItem}, true},
       {"name", {kScalar, kNone}},
       {"description", {kScalar, kNone}},
       {"run-name", {kScalar, kRunName}},
       {"defaults", {kMapping, kNone, &defaults_rule(kNone)}},
       {"env", env_rule(kWorkflowEnv)},
       {"permissions", {kString | kMapping | kNull, kNone, &permissions_rule()}},
       {"concurrency", {kScalar | kMapping, kRunName, &concurrency_rule(kRunName)}},
       {"jobs", {kMapping, kNone, &jobs}, true}}};
  return rule;
}

const MappingRule& action_rule() {
  static const MappingRule input{
      "input",
      {{"description", {kScalar | kNull, kNone}},
       {"required", {kScalar | kNull, kNone}},
       {"default", {kScalar | kNull, "github inputs strategy matrix job runner env hashFiles"}},
       {"deprecationMessage", {kScalar, kNone}}},
      &kAnyScalar};
  static const ValueRule input_value{kMapping | kNull, kNone, &input};
  static const MappingRule inputs{"inputs", {}, &input_value};
  static const MappingRule output{
      "output",
      {{"description", {kScalar | kNull, kNone}}, {"value", {kScalar | kNull, kComposite}}},
      &kAnyScalar};
  static const ValueRule output_value{kMapping | kNull, kNone, &output};
  static const MappingRule outputs{"outputs", {}, &output_value};
  static const MappingRule with{"with", {}, &env_value(kComposite)};
  static const MappingRule step{"step",
                                {{"id", {kScalar, kNone}},
                                 {"name", {kScalar, kComposite}},
                                 {"if", {kScalar | kNull, kCompositeIf, nullptr, nullptr, true}},
                                 {"env", env_rule(kComposite)},
                                 {"continue-on-error", {kBoolean, kComposite}},
                                 {"run", {kScalar, kComposite}},
                                 {"shell", {kScalar, kComposite}},
                                 {"working-directory", {kScalar, kComposite}},
                                 {"uses", {kString, kNone}},
                                 {"with", {kMapping | kNull, kNone, &with}}}};
  static const ValueRule step_item{kMapping, kNone, &step};
  static const ValueRule argument{kScalar, "inputs"};
  static const MappingRule runs{"runs",
                                {{"using", {kScalar, kNone}, true},
                                 {"main", {kScalar, kNone}},
                                 {"pre", {kScalar, kNone}},
                                 {"pre-if", {kScalar, kNone}},
                                 {"post", {kScalar, kNone}},
                                 {"post-if", {kScalar, kNone}},
                                 {"image", {kScalar, kNone}},
                                 {"env", env_rule(kComposite)},
                                 {"entrypoint", {kScalar, kNone}},
                                 {"pre-entrypoint", {kScalar, kNone}},
                                 {"post-entrypoint", {kScalar, kNone}},
                                 {"args", {kSequence, kNone, nullptr, &argument}},
                                 {"steps", {kSequence, kNone, nullptr, &step_item}}},
                                &any_value()};
  static const MappingRule rule{"action",
                                {{"name", {kScalar, kNone}},
                                 {"inputs", {kMapping | kNull, kNone, &inputs}},
                                 {"outputs", {kMapping | kNull, kNone, &outputs}},
                                 {"runs", {kMapping, kNone, &runs}, true}},
                                &any_value()};
  return rule;
}

}  // namespace workflow
