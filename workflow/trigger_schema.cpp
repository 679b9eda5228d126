#include <deque>

#include "workflow/schema.h"

namespace workflow {

namespace {

constexpr std::string_view kCallDefault = "github inputs vars";
constexpr std::string_view kCallOutput = "github inputs vars jobs";
constexpr unsigned kInputValue = kBoolean | kNumber | kText;

const ValueRule kFilter{kString | kSequence | kNull, kNone, nullptr, &kItem};

struct EventRow {
  std::string_view event;
  std::string_view filters;
};

constexpr std::string_view kPullRequestFilters = "types branches branches-ignore paths paths-ignore";

// languageservices workflow-v1.0.json, on-mapping-strict. Which types there are: event_table and the linter.
constexpr EventRow kEvents[] = {
    {"branch_protection_rule", "types"},
    {"check_run", "types"},
    {"check_suite", "types"},
    {"create", ""},
    {"delete", ""},
    {"deployment", ""},
    {"deployment_status", ""},
    {"discussion", "types"},
    {"discussion_comment", "types"},
    {"fork", ""},
    {"gollum", ""},
    {"image_version", "types names versions"},
    {"issue_comment", "types"},
    {"issues", "types"},
    {"label", "types"},
    {"merge_group", "types branches branches-ignore"},
    {"milestone", "types"},
    {"page_build", ""},
    {"project", "types"},
    {"project_card", "types"},
    {"project_column", "types"},
    {"public", ""},
    {"pull_request", kPullRequestFilters},
    {"pull_request_comment", "types"},
    {"pull_request_review", "types"},
    {"pull_request_review_comment", "types"},
    {"pull_request_target", kPullRequestFilters},
    {"push", "branches branches-ignore tags tags-ignore paths paths-ignore"},
    {"registry_package", "types"},
    {"release", "types"},
    {"repository_dispatch", "types"},
    {"status", ""},
    {"watch", "types"},
    {"workflow_run", "types workflows branches branches-ignore"},
};

const MappingRule& dispatch_rule() {
  static const ValueRule option{kText, kNone};
  static const MappingRule input{
      "input",
      {{"description", {kText, kNone}},
       {"required", {kBoolean, kNone}},
       {"default", {kInputValue | kNull, kNone}},
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
       {"type", {kString, kNone, nullptr, nullptr, false, "string boolean number"}, true},
       {"required", {kBoolean, kNone}},
       {"default", {kInputValue, kCallDefault}}}};
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
                                {{"inputs", {kMapping, kNone, &inputs}},
                                 {"outputs", {kMapping, kNone, &outputs}},
                                 {"secrets", {kMapping, kNone, &secrets}}}};
  return rule;
}

void add_words(std::string_view words, MappingRule& rule) {
  while (!words.empty()) {
    const auto end = words.find(' ');
    rule.keys.push_back({words.substr(0, end), kFilter});
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  }
}

MappingRule make_trigger_rule() {
  static const MappingRule cron{"schedule",
                                {{"cron", {kString, kNone}, true}, {"timezone", {kString, kNone}}}};
  static const ValueRule cron_item{kMapping, kNone, &cron};
  // A deque: the rules point at each other and must stay where they are.
  static std::deque<MappingRule> events;
  MappingRule made{"on", {}};
  for (const auto& row : kEvents) {
    auto& rule = events.emplace_back(MappingRule{row.event, {}});
    add_words(row.filters, rule);
    made.keys.push_back({row.event, {kMapping | kNull, kNone, &rule}});
  }
  made.keys.push_back({"schedule", {kSequence, kNone, nullptr, &cron_item}});
  made.keys.push_back({"workflow_call", {kMapping | kNull, kNone, &call_rule()}});
  made.keys.push_back({"workflow_dispatch", {kMapping | kNull, kNone, &dispatch_rule()}});
  return made;
}

}  // namespace

const MappingRule& trigger_rule() {
  static const MappingRule rule = make_trigger_rule();
  return rule;
}

}  // namespace workflow
