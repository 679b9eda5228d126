#include "runner/approvals.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace runner {

namespace {

constexpr const char* kApprovalTables = R"sql(
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS approvals (
  run_id INTEGER NOT NULL, attempt INTEGER NOT NULL, environment TEXT NOT NULL COLLATE NOCASE,
  reviewers TEXT NOT NULL, decision TEXT NOT NULL DEFAULT 'pending', by_whom TEXT NOT NULL DEFAULT '',
  comment TEXT NOT NULL DEFAULT '', PRIMARY KEY (run_id, attempt, environment));
)sql";

std::string text_of_decision(Decision decision) {
  switch (decision) {
    case Decision::approved:
      return "approved";
    case Decision::rejected:
      return "rejected";
    default:
      return "pending";
  }
}

Decision decision_of(const std::string& text) {
  if (text == "approved") return Decision::approved;
  return text == "rejected" ? Decision::rejected : Decision::pending;
}

}  // namespace

base::Result<Approvals> Approvals::open(const base::Path& state_folder) {
  TRY(auto database, Sqlite::open(state_folder / "approvals.db", kApprovalTables, "the approvals"));
  return Approvals(std::move(database));
}

base::Result<void> Approvals::ask(const Approval& approval) {
  TRY(database_.run(
      "asking for an approval",
      "INSERT OR IGNORE INTO approvals (run_id, attempt, environment, reviewers) VALUES (?1, ?2, ?3, ?4)",
      {approval.run_id, approval.attempt, approval.environment, base::join(approval.reviewers, "\n")}));
  return {};
}

base::Result<std::vector<Approval>> Approvals::select(const char* where,
                                                      const Sqlite::Parameters& parameters) {
  std::vector<Approval> found;
  const auto sql = fmt::format(
      "SELECT run_id, attempt, environment, reviewers, decision, by_whom, comment FROM approvals WHERE {}",
      where);
  TRY(database_.each("reading approvals", sql.c_str(), parameters, [&](const auto& row) {
    Approval approval{.run_id = row.integer(0), .attempt = row.integer(1), .environment = row.text(2)};
    const auto reviewers = row.text(3);
    for (const auto line : base::lines_of(reviewers)) approval.reviewers.emplace_back(line);
    approval.decision = decision_of(row.text(4));
    approval.by = row.text(5);
    approval.comment = row.text(6);
    found.push_back(std::move(approval));
  }));
  return found;
}

base::Result<Approval> Approvals::find(std::int64_t run_id, std::int64_t attempt,
                                       const std::string& environment) {
  TRY(auto found,
      select("run_id = ?1 AND attempt = ?2 AND environment = ?3", {run_id, attempt, environment}));
  if (!found.empty()) return std::move(found.front());
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("run {} did not ask for an approval of '{}'", run_id, environment));
}

base::Result<std::vector<Approval>> Approvals::pending(std::int64_t run_id) {
  return select("run_id = ?1 AND decision = 'pending' ORDER BY attempt, environment", {run_id});
}

base::Result<std::vector<Approval>> Approvals::decide(std::int64_t run_id, const std::string& environment,
                                                      Decision decision, const std::string& by,
                                                      const std::string& comment) {
  TRY(auto waiting, pending(run_id));
  if (!environment.empty()) {
    std::erase_if(waiting, [&](const auto& approval) {
      return !base::equals_ignoring_case(approval.environment, environment);
    });
  }
  if (waiting.empty()) {
    const auto of = environment.empty() ? "" : fmt::format(" of environment '{}'", environment);
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("run {} waits for no approval{}", run_id, of));
  }
  for (auto& approval : waiting) {
    const auto& who = approval.reviewers;
    if (!who.empty() && std::find(who.begin(), who.end(), by) == who.end()) {
      return base::make_error(base::ErrorKind::denied,
                              fmt::format("environment '{}' is approved by {}, not by {}",
                                          approval.environment, base::join(who, ", "), by));
    }
    TRY(database_.run(
        "deciding",
        "UPDATE approvals SET decision = ?1, by_whom = ?2, comment = ?3 WHERE run_id = ?4 AND "
        "attempt = ?5 AND environment = ?6",
        {text_of_decision(decision), by, comment, run_id, approval.attempt, approval.environment}));
    approval.decision = decision;
    approval.by = by;
    approval.comment = comment;
  }
  return waiting;
}

base::Result<void> Approvals::forget(std::int64_t run_id) {
  TRY(database_.run("forgetting approvals", "DELETE FROM approvals WHERE run_id = ?1", {run_id}));
  return {};
}

}  // namespace runner
