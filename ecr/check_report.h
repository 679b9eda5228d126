#pragma once
// What the checks of a Dockerfile found, as the file's settings let them say it.

#include <set>
#include <string>
#include <vector>

#include "ecr/check_rules.h"
#include "ecr/dockerfile.h"

namespace ecr {

struct CheckFinding {
  int line = 0;
  Check check{};
  std::string message;
};

class CheckReport {
 public:
  explicit CheckReport(const CheckSettings& settings) : settings_(settings) {}
  void add(Check check, int line, std::string message);
  /// A `# check=skip=…` above the instruction counts, too.
  void add(Check check, const Instruction& where, std::string message);
  /// By line.
  [[nodiscard]] std::vector<CheckFinding> take();

 private:
  const CheckSettings& settings_;
  std::vector<CheckFinding> findings_;
};

/// `lookup`, keeping which names it was asked for.
struct NotedNames {
  std::set<std::string> known;
  std::set<std::string> unknown;
};
VariableLookup noting(VariableLookup lookup, NotedNames& names);

/// Its keyword as written.
std::string written_keyword(const Instruction& instruction);

}  // namespace ecr
