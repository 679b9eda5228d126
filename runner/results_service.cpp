#include "runner/results_service.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"
#include "runner/results_calls.h"
#include "runner/twirp.h"

namespace runner {

namespace {

constexpr std::size_t kLongestRequest = 1U << 20;
constexpr int kTokenSeconds = 7 * 86400;
constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kTwirp = "/twirp/github.actions.results.api.v1.";
constexpr std::string_view kOldCaches = "/_apis/artifactcache/";

// Of a scope of caches: 1 to read, 2 to write, only its own (tonistiigi/go-actions-cache).
int permission_of(const steps::ResultsAccess& access, const std::string& scope) {
  const bool reads = workflow::may_restore(access.cache_mode);
  const bool writes = workflow::may_save(access.cache_mode) && scope == access.cache_scope;
  return (reads ? 1 : 0) + (writes ? 2 : 0);
}

// Clients read `scp` (toolkit util.ts getBackendIdsFromToken) and some `ac`, the scopes of caches. Only we
// check the signature.
std::string make_token(const steps::ResultsAccess& access) {
  const auto now = static_cast<std::int64_t>(base::to_epoch_seconds(base::system_clock().now()));
  base::Json scopes = base::Json::array();
  for (const auto& scope : access.cache_scopes) {
    const int permission = permission_of(access, scope);
    if (permission != 0) scopes.push_back({{"Scope", scope}, {"Permission", permission}});
  }
  const base::Json header = {{"alg", "HS256"}, {"typ", "JWT"}};
  const base::Json claims = {
      {"nbf", now - 5},
      {"exp", now + kTokenSeconds},
      {"iat", now},
      {"iss", "pipeline"},
      {"jti", base::random_uuid()},
      {"ac", base::to_text(scopes)},
      {"scp", fmt::format("Actions.Results:{}:{}", backend_id(fmt::format("run {}", access.run_id)),
                          backend_id(fmt::format("run {} job {}", access.run_id, access.job)))}};
  const auto text =
      base::base64url_encode(base::to_text(header)) + "." + base::base64url_encode(base::to_text(claims));
  const auto mac = base::hmac_sha256(base::random_bytes(kKeyBytes), text);
  return text + "." + base::base64url_encode(base::as_text(mac));
}

}  // namespace

struct ResultsService::Job {
  steps::ResultsAccess access;
  std::string attempt;
  std::string run_backend_id;
  std::string job_backend_id;
};

std::string backend_id(std::string_view name) {
  const auto hex = base::sha256_hex(name);
  return fmt::format("{}-{}-4{}-8{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 3),
                     hex.substr(15, 3), hex.substr(18, 12));
}

base::Result<std::unique_ptr<ResultsService>> ResultsService::start(steps::BlobStore& store) {
  std::unique_ptr<ResultsService> self(new ResultsService(store));
  auto* raw = self.get();
  TRY(self->server_, base::HttpServer::start("127.0.0.1", 0, [raw](const base::ServerRequest& request) {
        return raw->answer(request);
      }));
  return self;
}

ResultsService::~ResultsService() {
  server_.reset();  // before what its requests use
}

sandbox::EnvVars ResultsService::add_job(const steps::ResultsAccess& access, const std::string& attempt,
                                         const std::optional<steps::ForgeResults>& forge) {
  auto job = std::make_shared<Job>();
  job->access = access;
  job->attempt = attempt;
  job->run_backend_id = backend_id(fmt::format("run {}", access.run_id));
  job->job_backend_id = backend_id(fmt::format("run {} job {}", access.run_id, access.job));
  const auto token = forge ? forge->token : make_token(access);
  {
    const std::lock_guard lock(mutex_);
    jobs_[token] = std::move(job);
  }
  // With the slash at the end: clients put paths behind it.
  const auto url = fmt::format("http://127.0.0.1:{}/", server_->port());
  const std::string mode(workflow::name_of(access.cache_mode));
  // As act_runner says it. Caches stay here, where the second version of their service has no address of its
  // own: actions have to speak the first.
  if (forge) {
    return {{"ACTIONS_RUNTIME_URL", forge->url + "/api/actions_pipeline/"},
            {kTokenVariable, token},
            {"ACTIONS_RESULTS_URL", forge->url},
            {"ACTIONS_CACHE_URL", url},
            {"ACTIONS_CACHE_MODE", mode}};
  }
  return {{"ACTIONS_RUNTIME_URL", url},         {kTokenVariable, token},
          {"ACTIONS_RESULTS_URL", url},         {"ACTIONS_CACHE_URL", url},
          {"ACTIONS_CACHE_SERVICE_V2", "True"}, {"ACTIONS_CACHE_MODE", mode}};
}

void ResultsService::remove_job(const std::string& job) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(jobs_, [&](const auto& entry) { return entry.second->access.job == job; });
  }
  uploads_.drop_job(job);
}

// A token is as good as its being in the table: nobody can make one up, so none has to be verified.
std::shared_ptr<const ResultsService::Job> ResultsService::job_with(const std::string& authorization) {
  if (!authorization.starts_with(kBearer)) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(authorization.substr(kBearer.size()));
  return found == jobs_.end() ? nullptr : found->second;
}

base::ServerResponse ResultsService::answer(const base::ServerRequest& request) {
  if (request.path.starts_with(kBlobs)) return answer_blob_request(request, store_, uploads_, signer_);
  const auto job = job_with(base::header_value(request.headers, "Authorization").value_or(""));
  if (!job) return twirp_error("unauthenticated", "the token is not valid for a job that runs here");
  const ResultsCall call{.access = job->access,
                         .attempt = job->attempt,
                         .run = job->run_backend_id,
                         .job = job->job_backend_id,
                         .uploads = uploads_,
                         .signer = signer_,
                         .address = fmt::format("http://127.0.0.1:{}", server_->port())};
  return answer_job(request, call);
}

base::ServerResponse ResultsService::answer_job(const base::ServerRequest& request, const ResultsCall& call) {
  if (request.path.starts_with(kOldCaches)) return answer_old_cache_call(request, call);
  if (!request.path.starts_with(kTwirp))
    return twirp_error("bad_route", fmt::format("there is nothing at {}", request.path));
  if (request.method != "POST") return twirp_error("bad_route", "expected POST");
  const auto parts = base::split(std::string_view(request.path).substr(kTwirp.size()), '/');
  const auto body = request.body(kLongestRequest);
  if (!body) return twirp_error(body.error());
  const auto message = base::parse_json(*body);
  if (!message || !message->is_object()) return twirp_error("malformed", "expected a JSON object");
  if (parts.size() == 2 && parts[0] == "ArtifactService")
    return answer_artifact_call(parts[1], *message, call);
  if (parts.size() == 2 && parts[0] == "CacheService") return answer_cache_call(parts[1], *message, call);
  return twirp_error("bad_route", fmt::format("there is no interface {}", request.path));
}

}  // namespace runner
