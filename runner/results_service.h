#pragma once
// The services that actions expect of GitHub, on loopback: artifacts and caches by Twirp, the old cache
// service, and the block blobs behind their addresses. Each job has a token of its own and reaches what its
// run may reach. What is kept, and by which rules, is steps/artifacts and steps/caches.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/http_server.h"
#include "base/result.h"
#include "runner/blob_uploads.h"
#include "runner/signed_url.h"
#include "sandbox/sandbox.h"
#include "steps/forge_results.h"
#include "steps/running_job.h"

namespace runner {

/// A request of a job whose token was right.
struct ResultsCall {
  const steps::ResultsAccess& access;
  const std::string& attempt;  ///< of the run
  std::string run;             ///< the ids that its token names
  std::string job;
  BlobUploads& uploads;
  const UrlSigner& signer;
  std::string address;  ///< "http://127.0.0.1:1234"
};

class ResultsService {
 public:
  /// `store` outlives it.
  static base::Result<std::unique_ptr<ResultsService>> start(steps::BlobStore& store);
  ~ResultsService();

  /// The variables that JavaScript and Docker actions of the job get (actions/runner
  /// NodeScriptActionHandler.cs). The one of kTokenVariable is a secret. With a forge they name its service
  /// for artifacts, and only caches are ours.
  sandbox::EnvVars add_job(const steps::ResultsAccess& access, const std::string& attempt,
                           const std::optional<steps::ForgeResults>& forge);
  static constexpr const char* kTokenVariable = "ACTIONS_RUNTIME_TOKEN";
  /// What the job has not finished is dropped.
  void remove_job(const std::string& job);

  /// The server, for jobs that see another loopback.
  base::HttpServer& server() { return *server_; }

 private:
  struct Job;
  explicit ResultsService(steps::BlobStore& store) : store_(store) {}
  base::ServerResponse answer(const base::ServerRequest& request);
  base::ServerResponse answer_job(const base::ServerRequest& request, const ResultsCall& call);
  std::shared_ptr<const Job> job_with(const std::string& authorization);

  steps::BlobStore& store_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Job>> jobs_;  ///< by token
  BlobUploads uploads_;
  UrlSigner signer_;
  std::unique_ptr<base::HttpServer> server_;
};

/// The id that stands for a run or a job on the wire: a UUID made of its name.
std::string backend_id(std::string_view name);

}  // namespace runner
