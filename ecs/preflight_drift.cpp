// The three ways a task definition can have gone: the file, the family's newest revision, and what runs.
#include <fmt/format.h>

#include "base/strings.h"
#include "ecs/definition_diff.h"
#include "ecs/preflight.h"

namespace ecs {
namespace {

constexpr std::size_t kMostListed = 6;

std::string listed(const std::vector<Difference>& found) {
  std::vector<std::string> lines;
  for (const auto& difference : found) {
    if (lines.size() < kMostListed) lines.push_back(to_string(difference));
  }
  if (found.size() > kMostListed) lines.push_back(fmt::format("{} more", found.size() - kMostListed));
  return base::join(lines, "; ");
}

Check judge_others_work(const base::Json& running, const base::Json& latest) {
  const auto found = differences(running, latest);
  if (found.empty()) return leaf("newest revision", Verdict::ok, "it is what runs");
  return leaf("newest revision", Verdict::unknown,
              fmt::format("somebody registered {} and did not deploy it: {}",
                          revision_name(base::json_string(latest, "taskDefinitionArn")), listed(found)));
}

/// What somebody changed in the newest revision and the file sets back to what runs.
Check judge_overwriting(const PreflightFacts& facts) {
  const auto& running = **facts.running;
  std::vector<Difference> lost;
  for (const auto& change : differences(running, **facts.latest)) {
    for (const auto& back : differences(**facts.latest, facts.definition)) {
      if (back.path == change.path && back.to == change.from) lost.push_back(change);
    }
  }
  if (lost.empty()) return leaf("others' changes", Verdict::ok, "the file takes none of them back");
  return leaf("others' changes", Verdict::unknown,
              fmt::format("the file takes back what another writer changed: {}; say in one place who owns it",
                          listed(lost)));
}

}  // namespace

std::vector<Check> drift_parts(const PreflightFacts& facts) {
  std::vector<Check> parts;
  if (facts.running && !*facts.running) parts.push_back(unknown("what runs", facts.running->error()));
  if (facts.latest && !*facts.latest) parts.push_back(unknown("newest revision", facts.latest->error()));
  if (facts.running && *facts.running) {
    const auto found = differences(**facts.running, facts.definition);
    parts.push_back(leaf("changes", Verdict::ok,
                         found.empty() ? "the file is what runs: no new revision is needed" : listed(found)));
  }
  if (facts.running && *facts.running && facts.latest && *facts.latest) {
    parts.push_back(judge_others_work(**facts.running, **facts.latest));
    parts.push_back(judge_overwriting(facts));
  }
  return parts;
}

}  // namespace ecs
