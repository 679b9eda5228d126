#include "workflow/schema.h"

namespace workflow {

namespace {

constexpr std::string_view kCallDefault = "github inputs vars";
constexpr std::string_view kCallOutput = "github inputs vars jobs";

const ValueRule kFilter{kScalar | kSequence | kNull, kNone, nullptr, &kItem};

const MappingRule& dispatch_rule() {
  static const ValueRule option{kText, kNone};
  static const MappingRule input{
      "input",
      {{"description", {kText, kNone}},
       {"required", {kBoolean, kNone}},
       {"default", {kText, kNone}},
       {"deprecationMessage", {kText, kNone}},
       {"type", {kString, kNone, nullptr, nullptr, false, "string boolean number choice environment"}},
       {"options", {kSequence, kNone, nullptr, &option}}}};
  static const ValueRule input_value{kMapping | kNull, kNone, &input};
  static const MappingRule inputs{"inputs", {}, &input_value};
  // GitHub reads past keys that it does not know here.
  static const MappingRule rule{"workflow_dispatch", {{"inputs", {kMapping | kNull, kNone, &inputs}}}, &kAny};
  return rule;
}

const MappingRule& call_rule() {
  static const MappingRule input{
      "input",
      {{"description", {kText, kNone}},
       {"required", {kBoolean, kNone}},
       {"default", {kText, kCallDefault}},
       {"type", {kString, kNone, nullptr, nullptr, false, "string boolean number"}, true}}};
  static const ValueRule input_value{kMapping, kNone, &input};
  static const MappingRule inputs{"inputs", {}, &input_value};
  static const MappingRule output{"output",
                                  {{"description", {kText, kNone}}, {"value", {kText, kCallOutput}, true}}};
  static const ValueRule output_value{kMapping, kNone, &output};
  static const MappingRule outputs{"outputs", {}, &output_value};
  static const MappingRule secret{"secret",
                                  {{"description", {kText, kNone}}, {"required", {kBoolean, kNone}}}};
  static const ValueRule secret_value{kMapping | kNull, kNone, &secret};
  static const MappingRule secrets{"secrets", {}, &secret_value};
  static const MappingRule rule{"workflow_call",
                                {{"inputs", {kMapping | kNull, kNone, &inputs}},
                                 {"outputs", {kMapping | kNull, kNone, &outputs}},
                                 {"secrets", {kMapping | kNull, kNone, &secrets}}}};
  return rule;
}

const MappingRule& plain_event_rule() {
  static const MappingRule rule{"event", {{"types", kFilter}}};
  return rule;
}

}  // namespace

const MappingRule& trigger_rule() {
  static const MappingRule cron{"schedule",
                                {{"cron", {kString, kNone}, true}, {"timezone", {kString, kNone}}}};
  static const ValueRule cron_item{kMapping, kNone, &cron};
  static const MappingRule push{"push",
                                {{"branches", kFilter},
                                 {"branches-ignore", kFilter},
                                 {"tags", kFilter},
                                 {"tags-ignore", kFilter},
                                 {"paths", kFilter},
                                 {"paths-ignore", kFilter}}};
  static const MappingRule pull_request{"pull_request",
                                        {{"types", kFilter},
                                         {"branches", kFilter},
                                         {"branches-ignore", kFilter},
                                         {"paths", kFilter},
                                         {"paths-ignore", kFilter}}};
  static const MappingRule merge_group{
      "merge_group", {{"types", kFilter}, {"branches", kFilter}, {"branches-ignore", kFilter}}};
  static const MappingRule workflow_run{
      "workflow_run",
      {{"types", kFilter}, {"workflows", kFilter}, {"branches", kFilter}, {"branches-ignore", kFilter}}};
  static const MappingRule image_version{"image_version",
                                         {{"types", kFilter}, {"names", kFilter}, {"versions", kFilter}}};
  static const MappingRule rule = [] {
    MappingRule made{"on",
                     {{"image_version", {kMapping | kNull, kNone, &image_version}},
                      {"merge_group", {kMapping | kNull, kNone, &merge_group}},
                      {"pull_request", {kMapping | kNull, kNone, &pull_request}},
                      {"pull_request_target", {kMapping | kNull, kNone, &pull_request}},
                      {"push", {kMapping | kNull, kNone, &push}},
                      {"schedule", {kSequence, kNone, nullptr, &cron_item}},
                      {"workflow_call", {kMapping | kNull, kNone, &call_rule()}},
                      {"workflow_dispatch", {kMapping | kNull, kNone, &dispatch_rule()}},
                      {"workflow_run", {kMapping | kNull, kNone, &workflow_run}}}};
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
                                        "issue_comment",
                                        "issues",
                                        "label",
                                        "milestone",
                                        "page_build",
                                        "project",
                                        "project_card",
                                        "project_column",
                                        "public",
                                        "pull_request_comment",
                                        "pull_request_review",
                                        "pull_request_review_comment",
                                        "registry_package",
                                        "release",
                                        "repository_dispatch",
                                        "status",
                                        "watch"}) {
      made.keys.push_back({name, {kMapping | kNull, kNone, &plain_event_rule()}});
    }
    return made;
  }();
  return rule;
}

}  // namespace workflow
