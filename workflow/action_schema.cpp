#include "workflow/schema.h"

namespace workflow {

namespace {

constexpr std::string_view kInputDefault = "github strategy matrix job runner hashFiles";
constexpr std::string_view kOutput = "github inputs strategy matrix steps job runner env";
constexpr std::string_view kRunsIf = "github inputs strategy matrix job runner env hashFiles status";
constexpr std::string_view kComposite = "github inputs strategy matrix steps job runner env hashFiles";
constexpr std::string_view kCompositeIf =
    "github inputs strategy matrix steps job runner env hashFiles status";

const ValueRule& composite_step() {
  static const ValueRule text{kText, kComposite};
  static const MappingRule env{"env", {}, &text};
  static const MappingRule with{"with", {}, &text};
  static const MappingRule step{"step",
                                {{"id", {kString, kNone}},
                                 {"name", {kText, kComposite}},
                                 {"if", {kText, kCompositeIf, nullptr, nullptr, true}},
                                 {"env", {kMapping | kNull, kComposite, &env}},
                                 {"continue-on-error", {kBoolean, kComposite}},
                                 {"run", {kText, kComposite}, true, 1},
                                 {"shell", {kString, kComposite}, true, 1},
                                 {"working-directory", {kText, kComposite}, false, 1},
                                 {"uses", {kString, kNone}, true, 2},
                                 {"with", {kMapping | kNull, kComposite, &with}, false, 2}}};
  static const ValueRule rule{kMapping, kNone, &step};
  return rule;
}

}  // namespace

const MappingRule& action_rule() {
  static const MappingRule input{"input",
                                 {{"description", {kText, kNone}},
                                  {"required", {kText, kNone}},
                                  {"default", {kText, kInputDefault}},
                                  {"deprecationMessage", {kText, kNone}}},
                                 &kAny};
  static const ValueRule input_value{kMapping | kNull, kNone, &input};
  static const MappingRule inputs{"inputs", {}, &input_value};
  static const MappingRule output{
      "output", {{"description", {kText, kNone}}, {"value", {kText, kOutput}}}, &kAny};
  static const ValueRule output_value{kMapping | kNull, kNone, &output};
  static const MappingRule outputs{"outputs", {}, &output_value};
  static const ValueRule argument{kText, "inputs"};
  static const MappingRule env{"env", {}, &argument};
  static const MappingRule runs{"runs",
                                {{"using", {kString, kNone}, true},
                                 {"main", {kString, kNone}},
                                 {"pre", {kString, kNone}},
                                 {"pre-if", {kText, kRunsIf, nullptr, nullptr, true}},
                                 {"post", {kString, kNone}},
                                 {"post-if", {kText, kRunsIf, nullptr, nullptr, true}},
                                 {"image", {kString, kNone}},
                                 {"env", {kMapping | kNull, "inputs", &env}},
                                 {"entrypoint", {kText, kNone}},
                                 {"pre-entrypoint", {kText, kNone}},
                                 {"post-entrypoint", {kText, kNone}},
                                 {"args", {kSequence, kNone, nullptr, &argument}},
                                 {"steps", {kSequence, kNone, nullptr, &composite_step()}}},
                                &kAny};
  static const MappingRule rule{"action",
                                {{"name", {kText, kNone}},
                                 {"inputs", {kMapping | kNull, kNone, &inputs}},
                                 {"outputs", {kMapping | kNull, kNone, &outputs}},
                                 {"runs", {kMapping, kNone, &runs}, true}},
                                &kAny};
  return rule;
}

}  // namespace workflow
