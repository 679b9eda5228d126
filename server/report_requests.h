#pragma once
// What a forge is told about a run, as the requests that say it: a check run of GitHub's (for Apps alone), a
// commit status of GitHub's or Gitea's (with a token), or a deployment of GitHub's. Pure. Not for when they
// are sent (report_sender).

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "server/config.h"

namespace server {

/// A deployment is a job's that has an environment.
enum class ReportKind { run, deployment };

/// How a run, or a deployment, stands.
struct Report {
  ReportKind kind = ReportKind::run;
  std::string id;  ///< unique on this machine; GitHub's external_id
  std::string repository;
  std::string sha;
  std::string name;        ///< of the workflow
  std::string state;       ///< queued, in_progress, completed; of a deployment GitHub's word for it
  std::string conclusion;  ///< success, failure, cancelled, skipped, timed_out, action_required
  std::string title;
  std::string summary;  ///< Markdown
  std::string details_url;
  double started = 0;  ///< epoch seconds; 0: not yet
  double completed = 0;
  base::Json annotations = nullptr;  ///< array of path, line, level, message; or null
  std::string environment;           ///< of a deployment
  std::string environment_url;       ///< http(s), or empty
};

/// Of the report of an attempt; what belongs to it continues it with "/".
std::string attempt_report_id(std::int64_t attempt);

base::Json to_json(const Report& report);
Report report_from_json(const base::Json& json);

/// GitHub takes so many annotations in one request; more are added by further ones.
inline constexpr std::size_t kAnnotationsAtOnce = 50;
std::size_t annotation_batches(const Report& report);

/// The body of creating (POST) or changing (PATCH) the check run, with one batch of its annotations; a batch
/// behind the last one is none.
base::Json check_run_body(const Report& report, std::size_t batch);
/// The body of a commit status, the same for both forges.
base::Json status_body(const Report& report);

/// The body of making a deployment, on a commit whose checks may still go on.
base::Json deployment_body(const Report& report);
/// The body of a status of it.
base::Json deployment_status_body(const Report& report);

/// `https://git.example.org/api/v1` of `https://git.example.org/octo/app.git`.
std::string gitea_api_of(const std::string& repository_url);

}  // namespace server
