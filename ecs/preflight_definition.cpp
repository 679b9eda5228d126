// What is to be registered: whether ECS takes it, and what it changes.
#include <fmt/format.h>

#include "ecs/definition_rules.h"
#include "ecs/preflight.h"

namespace ecs {
namespace {

constexpr std::size_t kMostFaults = 20;

void add_faults(const std::vector<DefinitionFault>& faults, Verdict verdict, std::vector<Check>& parts) {
  for (const auto& fault : faults) {
    if (parts.size() == kMostFaults) return parts.push_back(leaf("more", verdict, "mend these first"));
    if (parts.size() < kMostFaults) parts.push_back(leaf(fault.path, verdict, fault.message));
  }
}

}  // namespace

Check judge_definition(const PreflightFacts& facts) {
  std::vector<Check> parts;
  for (const auto& faults : {check_shape(facts.definition), check_rules(facts.definition)}) {
    add_faults(faults.wrong, Verdict::problem, parts);
    add_faults(faults.strange, Verdict::unknown, parts);
  }
  if (parts.empty()) parts.push_back(leaf("form", Verdict::ok, "what ECS takes"));
  for (auto& part : drift_parts(facts)) parts.push_back(std::move(part));
  return branch("task definition", std::move(parts));
}

}  // namespace ecs
