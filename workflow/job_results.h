#pragma once
// How the jobs of a run ended, as far as they have: what success() and failure() of a job answer from, and
// why a job is skipped. A run fills it as jobs end; who asks beforehand fills it with what must be.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "workflow/contexts.h"
#include "workflow/workflow.h"

namespace workflow {

/// `needs.<id>.result`.
enum class JobConclusion { success, failure, cancelled, skipped };
std::string_view to_string(JobConclusion conclusion);
std::optional<JobConclusion> parse_job_conclusion(std::string_view text);

/// Why a job does not run.
struct SkipReason {
  std::string text;
  std::string because_of;  ///< the id of the ancestor that it comes from; the job's own when its `if` does
};

class JobResults {
 public:
  explicit JobResults(const Workflow& workflow);

  /// Set once, after those of all jobs that it needs; without a conclusion it is not known yet. `skip` is of
  /// a skipped one.
  void set(const Job& job, std::optional<JobConclusion> conclusion, SkipReason skip = {});
  [[nodiscard]] std::optional<JobConclusion> of(std::string_view id) const;

  /// success() and failure() of a job: they look at all jobs that it needs, directly or not, or at those
  /// whose ids are given; an id of another job is an Error. Nothing: it is not known yet.
  [[nodiscard]] base::Result<std::optional<bool>> succeeded(const Job& job,
                                                            const std::vector<std::string>& ids) const;
  [[nodiscard]] base::Result<std::optional<bool>> failed(const Job& job,
                                                         const std::vector<std::string>& ids) const;

  /// Names the ancestor that did not pass; nothing when all passed or may still pass.
  [[nodiscard]] std::optional<SkipReason> ancestor_in_the_way(const Job& job) const;

 private:
  struct Entry {
    const Job* job = nullptr;
    std::optional<JobConclusion> conclusion;
    SkipReason skip;
    // Of all its ancestors, so that nobody has to walk up to them.
    std::optional<bool> all_above_succeeded = true;
    std::optional<bool> any_above_failed = false;
    std::string above_in_the_way;  ///< id of one that did not succeed
  };
  [[nodiscard]] const Entry* find(std::string_view id) const;
  [[nodiscard]] Entry above(const Job& job) const;
  [[nodiscard]] base::Result<std::vector<const Entry*>> named(const Job& job,
                                                              const std::vector<std::string>& ids) const;

  std::unordered_map<std::string, Entry> entries_;  ///< by lower-case id
};

/// Why a condition does not hold: its text, and the values that decided.
std::string why_condition_fails(const std::optional<Text>& condition, const Scope& scope);

/// Why a job is skipped whose condition does not hold, the values that decided included. `scope` is what the
/// condition was evaluated with.
SkipReason reason_of_skip(const Job& job, const JobResults& results, const Scope& scope);

}  // namespace workflow
