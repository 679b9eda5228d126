#pragma once
// What becomes of one delivery: for each workflow of the repository whether it runs, and why or why not.
// Reads the mirror, changes nothing else. Not for keeping verdicts (triage).

#include <stop_token>
#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "server/attempt_queue.h"
#include "server/mirrors.h"

namespace server {

struct WorkflowVerdict {
  std::string workflow;
  bool runs = false;
  std::string why;       ///< or why not
  std::int64_t run = 0;  ///< when it does
};

enum class Outcome { nothing, started, duplicate, failed };

struct Verdict {
  Outcome outcome = Outcome::nothing;
  std::string reason;  ///< in one sentence
  std::string ref;     ///< of the event, with the commit whose workflows were looked at
  std::string sha;
  std::vector<WorkflowVerdict> workflows;
};
base::Json to_json(const Verdict& verdict);

struct Delivery {
  std::int64_t id = 0;
  std::string source;  ///< github, gitea, gitlab, poll, schedule, api
  std::string guid;
  std::string event;
  std::string repository;
  double received = 0;
  std::string body;
  std::string state;    ///< received or done
  std::string verdict;  ///< to_json of one; empty as long as it is not done
};

struct Judgement {
  Verdict verdict;
  std::vector<Order> orders;  ///< of those that run, in the verdict's order
};

/// An Error means that it cannot be judged now, and may be later.
base::Result<Judgement> judge(const Delivery& delivery, const Config& config, Mirrors& mirrors,
                              const std::stop_token& stop);

}  // namespace server
