#include "cli/sarif.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "cli/version.h"
#include "workflow/lint/rule_ids.h"

namespace cli {

using workflow::Severity;
using workflow::lint::RuleId;

namespace {

constexpr const char* kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

const char* level_of(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

base::Json rules_json() {
  base::Json rules = base::Json::array();
  for (const auto& rule : workflow::lint::all_rule_ids()) {
    rules.push_back({{"id", std::string(rule.id)},
                     {"shortDescription", {{"text", std::string(rule.summary)}}},
                     {"helpUri", fmt::format("{}{}.md", kRuleDocuments, rule.id)},
                     {"defaultConfiguration", {{"level", level_of(rule.severity)}}}});
  }
  return rules;
}

base::Json location_json(const CheckReport& report, const base::Location& place) {
  const auto found = report.paths.find(place.file);
  const auto& path = found == report.paths.end() ? place.file : found->second;
  base::Json artifact{{"uri", base::percent_encode(path, "/")}};
  // An absolute path is of no repository.
  if (path.starts_with('/')) {
    artifact["uri"] = "file://" + base::percent_encode(path, "/");
  } else {
    artifact["uriBaseId"] = "%SRCROOT%";
  }
  base::Json physical{{"artifactLocation", std::move(artifact)}};
  if (place.line > 0) {
    physical["region"] = {{"startLine", place.line}};
    if (place.column > 0) physical["region"]["startColumn"] = place.column;
  }
  return {{"physicalLocation", std::move(physical)}};
}

base::Json result_json(const CheckReport& report, const workflow::Diagnostic& problem) {
  const auto& rules = workflow::lint::all_rule_ids();
  const auto rule =
      std::find_if(rules.begin(), rules.end(), [&](const RuleId& known) { return known.id == problem.rule; });
  base::Json result{{"ruleId", std::string(problem.rule)}};
  if (rule != rules.end()) result["ruleIndex"] = rule - rules.begin();
  result["level"] = level_of(problem.severity);
  result["message"] = {{"text", problem.message}};
  result["locations"] = base::Json::array({location_json(report, problem.location)});
  return result;
}

}  // namespace

std::string sarif_report(const CheckReport& report) {
  base::Json results = base::Json::array();
  for (const auto& problem : report.problems) results.push_back(result_json(report, problem));
  const base::Json driver{{"name", "pipeline"}, {"version", kVersion}, {"rules", rules_json()}};
  const base::Json run{
      {"tool", {{"driver", driver}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}};
  return base::to_text({{"$schema", kSchema}, {"version", "2.1.0"}, {"runs", base::Json::array({run})}}, 2) +
         "\n";
}

}  // namespace cli
