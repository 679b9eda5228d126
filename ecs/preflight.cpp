#include "ecs/preflight.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"

namespace ecs {
namespace {

std::string_view sign_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "✓";
    case Verdict::unknown:
      return "?";
    case Verdict::problem:
      break;
  }
  return "✗";
}

void add_lines(const Check& check, int depth, std::vector<std::string>& lines) {
  lines.push_back(fmt::format("{:{}}{} {}{}{}", "", 2 * depth, sign_of(check.verdict), check.subject,
                              check.finding.empty() ? "" : ": ", check.finding));
  for (const auto& part : check.parts) add_lines(part, depth + 1, lines);
}

}  // namespace

Check leaf(std::string subject, Verdict verdict, std::string finding) {
  return {std::move(subject), verdict, std::move(finding), {}};
}

Check unknown(std::string subject, const base::Error& error) {
  const std::string code = error.code.empty() ? "" : error.code + ": ";
  return leaf(std::move(subject), Verdict::unknown, "could not be looked at: " + code + error.message);
}

Check branch(std::string subject, std::vector<Check> parts) {
  Check check{std::move(subject), Verdict::ok, "", std::move(parts)};
  for (const auto& part : check.parts) check.verdict = std::max(check.verdict, part.verdict);
  return check;
}

Check judge(const PreflightFacts& facts) {
  std::vector<Check> parts;
  for (auto judge_part : {judge_images, judge_roles, judge_secrets, judge_logs, judge_network, judge_capacity,
                          judge_times, judge_definition}) {
    Check part = judge_part(facts);
    if (!part.parts.empty()) parts.push_back(std::move(part));
  }
  return branch(fmt::format("{} {} in {}", facts.service.name.empty() ? "task" : "service",
                            facts.plan.request.service, facts.plan.request.cluster),
                std::move(parts));
}

std::vector<std::string> to_lines(const Check& check) {
  std::vector<std::string> lines;
  add_lines(check, 0, lines);
  return lines;
}

base::Json to_json(const Check& check) {
  constexpr const char* kNames[] = {"ok", "unknown", "problem"};
  base::Json json = {{"subject", check.subject}, {"verdict", kNames[static_cast<int>(check.verdict)]}};
  if (!check.finding.empty()) json["finding"] = check.finding;
  if (check.parts.empty()) return json;
  json["checks"] = base::Json::array();
  for (const auto& part : check.parts) json["checks"].push_back(to_json(part));
  return json;
}

std::vector<std::string> problems_of(const Check& check) {
  std::vector<std::string> problems;
  if (check.parts.empty() && check.verdict == Verdict::problem)
    problems.push_back(fmt::format("{}: {}", check.subject, check.finding));
  for (const auto& part : check.parts) {
    for (auto& problem : problems_of(part)) problems.push_back(std::move(problem));
  }
  return problems;
}

int count_of(const Check& check, Verdict verdict) {
  if (check.parts.empty()) return check.verdict == verdict ? 1 : 0;
  int count = 0;
  for (const auto& part : check.parts) count += count_of(part, verdict);
  return count;
}

}  // namespace ecs
