#pragma once
// Whether a deployment can work, judged before anything changes: every check is made, none ends the others.
// Pure: from facts that preflight_facts gathered.

#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "ecs/preflight_facts.h"

namespace ecs {

enum class Verdict { ok, unknown, problem };

/// A leaf says what was looked at and found; a branch has the worst verdict of its parts.
struct Check {
  std::string subject;
  Verdict verdict = Verdict::ok;
  std::string finding;  ///< with a problem also what to do
  std::vector<Check> parts;
};

/// The whole tree.
Check judge(const PreflightFacts& facts);

/// Lines for people: `✓ image web: …`, `✗`, `?`, indented by depth.
std::vector<std::string> to_lines(const Check& check);
base::Json to_json(const Check& check);
/// How many leaves have that verdict.
int count_of(const Check& check, Verdict verdict);
/// `subject: finding` of each problem.
std::vector<std::string> problems_of(const Check& check);

// The branches of the tree, in files of their own.
Check judge_images(const PreflightFacts& facts);
Check judge_roles(const PreflightFacts& facts);
Check judge_secrets(const PreflightFacts& facts);
Check judge_logs(const PreflightFacts& facts);
Check judge_network(const PreflightFacts& facts);
Check judge_capacity(const PreflightFacts& facts);
Check judge_times(const PreflightFacts& facts);
Check judge_definition(const PreflightFacts& facts);
/// Its part of what others changed, in a file of its own, too.
std::vector<Check> drift_parts(const PreflightFacts& facts);

/// A leaf; what cannot be asked is unknown, and why stands in it.
Check leaf(std::string subject, Verdict verdict, std::string finding);
Check unknown(std::string subject, const base::Error& error);
/// A branch of these parts.
Check branch(std::string subject, std::vector<Check> parts);

}  // namespace ecs
