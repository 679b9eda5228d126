#include "server/rerequest.h"

#include <fmt/format.h>

#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "server/report_requests.h"

namespace server {

namespace {

using base::json_member;
using base::json_string;
using base::Result;

// Of a commit; there are no more checks on one page of GitHub's.
constexpr int kMostChecks = 100;

// Every App of a repository may have checks, under ids of its own.
Result<std::vector<Attempt>> of_check_run(const base::Json& check, const std::string& repository,
                                          AttemptQueue& queue) {
  const auto id = json_string(check, "external_id");
  const auto number = base::parse_integer(id.substr(id.rfind('-') + 1)).value_or(0);
  if (id != attempt_report_id(number)) return std::vector<Attempt>();
  const auto attempt = queue.find(number);
  if (!attempt && attempt.error().kind == base::ErrorKind::not_found) return std::vector<Attempt>();
  if (!attempt) return attempt.error();
  const bool is_ours = base::equals_ignoring_case(attempt->repository, repository) &&
                       attempt->sha == json_string(check, "head_sha");
  return is_ours ? std::vector<Attempt>{*attempt} : std::vector<Attempt>();
}

// The newest attempt of each workflow.
Result<std::vector<Attempt>> of_check_suite(const base::Json& suite, const std::string& repository,
                                            AttemptQueue& queue) {
  const auto sha = json_string(suite, "head_sha");
  TRY(const auto found, queue.list({.repository = repository, .sha = sha, .limit = kMostChecks}));
  std::set<std::string> seen;
  std::vector<Attempt> newest;
  for (const auto& attempt : found) {
    if (!seen.insert(attempt.workflow + " " + attempt.event).second) continue;
    // Lists are without the payloads that a further attempt needs.
    TRY(auto whole, queue.find(attempt.id));
    newest.push_back(std::move(whole));
  }
  return newest;
}

}  // namespace

Result<void> add_reruns(const Delivery& delivery, AttemptQueue& queue, Judgement& judgement) {
  if (delivery.event != "check_run" && delivery.event != "check_suite") return {};
  TRY(const auto payload, base::parse_json(delivery.body));
  if (json_string(payload, "action") != "rerequested") return {};
  const auto& subject = json_member(payload, delivery.event);
  TRY(const auto attempts, delivery.event == "check_run"
                               ? of_check_run(subject, delivery.repository, queue)
                               : of_check_suite(subject, delivery.repository, queue));
  auto& verdict = judgement.verdict;
  verdict.sha = json_string(subject, "head_sha");
  int again = 0;
  for (const auto& attempt : attempts) {
    if (!has_ended(attempt)) {
      verdict.workflows.push_back(
          {.workflow = attempt.workflow, .why = fmt::format("run {} is not over", attempt.id)});
      continue;
    }
    verdict.workflows.push_back(
        {.workflow = attempt.workflow, .runs = true, .why = fmt::format("run {} once more", attempt.id)});
    auto order = rerun_of(attempt, delivery.guid);
    order.delivery = delivery.id;
    order.actor = json_string(json_member(payload, "sender"), "login", attempt.actor);
    judgement.orders.push_back(std::move(order));
    ++again;
  }
  verdict.reason = fmt::format("{} of {} runs are run again", again, attempts.size());
  return {};
}

}  // namespace server
