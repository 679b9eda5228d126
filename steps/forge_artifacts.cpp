#include "steps/forge_artifacts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"

namespace steps {

namespace {

using base::Json;
using base::json_string;
using base::Result;

constexpr const char* kForgeId = "forge_id";
constexpr std::size_t kBlockBytes = 8U << 20;
constexpr int kForgeAttempts = 4;
constexpr std::chrono::milliseconds kForgePause{500};
constexpr std::chrono::seconds kForgeStall{60};
constexpr std::chrono::minutes kLongestForgeTransfer{60};
constexpr std::string_view kResultsScope = "Actions.Results:";

/// The run and the job as the service knows them.
struct BackendIds {
  std::string run;
  std::string job;
};

base::Error no_ids() {
  return base::invalid_input(
      "the forge gave the job no token for artifacts: expected a JSON web token with scp "
      "'Actions.Results:RUN:JOB' (Gitea 1.22, Forgejo 7 and later)");
}

// As clients do (toolkit util.ts getBackendIdsFromToken).
Result<BackendIds> ids_in(const std::string& token) {
  const auto parts = base::split(token, '.');
  if (parts.size() != 3) return no_ids();
  const auto claims = base::base64url_decode(parts[1]);
  const auto json = claims ? base::parse_json(*claims) : Result<Json>(claims.error());
  if (!json) return no_ids();
  for (const auto& scope : base::split(json_string(*json, "scp"), ' ')) {
    if (!scope.starts_with(kResultsScope)) continue;
    const auto ids = base::split(scope.substr(kResultsScope.size()), ':');
    if (ids.size() == 2) return BackendIds{ids[0], ids[1]};
  }
  return no_ids();
}

// Servers write names as protobuf's JSON has them or as the proto file has them.
const Json& forge_field(const Json& message, const char* proto_name, const char* json_name) {
  const auto& found = base::json_member(message, json_name);
  return found.is_null() ? base::json_member(message, proto_name) : found;
}

std::string forge_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_integer() ? std::to_string(value.get<std::int64_t>()) : "";
}

/// The results service of the job's forge.
class ForgeService {
 public:
  static Result<ForgeService> open(const RunningJob& job, ForgeResults forge) {
    TRY(auto ids, ids_in(forge.token));
    return ForgeService(job, std::move(forge), std::move(ids));
  }

  Result<Json> call(const char* method, Json message) const {
    message["workflow_run_backend_id"] = ids_.run;
    message["workflow_job_run_backend_id"] = ids_.job;
    base::HttpRequest request{
        .method = "POST",
        .url = fmt::format("{}/twirp/github.actions.results.api.v1.ArtifactService/{}", forge_.url, method),
        .body = base::to_text(message)};
    request.headers.emplace("Authorization", "Bearer " + forge_.token);
    request.headers.emplace("Content-Type", "application/json");
    TRY(const auto response, send(std::move(request), method));
    return base::parse_json(response.body);
  }

  // The address is its own permission: the token is for nobody else.
  Result<void> put(const std::string& address, const std::string& query, std::string body) const {
    const char join = address.find('?') == std::string::npos ? '?' : '&';
    base::HttpRequest request{.method = "PUT", .url = address + join + query, .body = std::move(body)};
    request.headers.emplace("Content-Type", "application/octet-stream");
    request.headers.emplace("x-ms-blob-type", "BlockBlob");
    TRY(send(std::move(request), "uploading"));
    return {};
  }

  Result<void> get(const std::string& address, BlobDraft& draft) const {
    Result<void> written;
    base::HttpRequest request{.url = address};
    request.on_head = [&](int, const base::Headers&) { written = draft.clear(); };
    request.body_sink = [&](std::string_view chunk) {
      if (written) written = draft.write(chunk);
      return written.ok();
    };
    auto done = send(std::move(request), "downloading");
    if (!written) return written;
    TRY(std::move(done));
    return {};
  }

 private:
  ForgeService(const RunningJob& job, ForgeResults forge, BackendIds ids)
      : job_(job), forge_(std::move(forge)), ids_(std::move(ids)) {}

  Result<base::HttpResponse> send(base::HttpRequest request, const char* what) const {
    request.timeout = kLongestForgeTransfer;
    request.stall_timeout = kForgeStall;
    request.stop = job_.stop;
    auto& clock = job_.services->clock == nullptr ? base::system_clock() : *job_.services->clock;
    auto pause = kForgePause;
    for (int attempt = 1;; ++attempt, pause *= 2) {
      auto response = job_.services->http->send(request);
      const bool passes = response ? response->status / 100 == 5 || response->status == 429
                                   : response.error().kind == base::ErrorKind::unavailable;
      const bool tries_again = passes && attempt < kForgeAttempts && clock.sleep_for(pause, job_.stop);
      if (tries_again) continue;
      if (!response) return std::move(response).error().while_doing(fmt::format("{} an artifact", what));
      if (response->status / 100 == 2) return response;
      return refusal(*response, what);
    }
  }

  [[nodiscard]] base::Error refusal(const base::HttpResponse& response, const char* what) const {
    constexpr std::size_t kMost = 300;
    return base::make_error(response.status == 404 ? base::ErrorKind::not_found : base::ErrorKind::remote,
                            fmt::format("{}: {} answered {}: {}", what, forge_.url, response.status,
                                        base::trim(std::string_view(response.body).substr(0, kMost))));
  }

  const RunningJob& job_;
  ForgeResults forge_;
  BackendIds ids_;
};

Result<std::string> address_in(const Json& answer, const char* proto_name, const char* json_name) {
  auto address = forge_text(forge_field(answer, proto_name, json_name));
  if (address.starts_with("https://") || address.starts_with("http://")) return address;
  return base::make_error(base::ErrorKind::remote,
                          fmt::format("expected an http address as {}, found '{}'", proto_name, address));
}

// Blocks have names of one length, in base64 (Azure's "Put Block").
std::string block_name(std::size_t number) {
  return base::base64_encode(fmt::format("block-{:08}", number));
}

Result<void> send_blocks(const ForgeService& service, const std::string& address, const BlobDraft& draft) {
  std::string list = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<BlockList>";
  for (std::uint64_t at = 0, number = 0; at < draft.size(); ++number) {
    std::string block(std::min<std::uint64_t>(kBlockBytes, draft.size() - at), '\0');
    const ssize_t count = ::pread(draft.content(), block.data(), block.size(), static_cast<off_t>(at));
    if (count <= 0) return base::system_error("reading an artifact", errno);
    block.resize(static_cast<std::size_t>(count));
    at += static_cast<std::uint64_t>(count);
    const auto name = block_name(number);
    list += fmt::format("<Latest>{}</Latest>", name);
    TRY(service.put(address, "comp=block&blockid=" + base::percent_encode(name, "/"), std::move(block)));
  }
  return service.put(address, "comp=blocklist", list + "</BlockList>");
}

/// One of the forge's list.
struct ListedArtifact {
  std::string id;
  std::string name;
};

Result<std::vector<ListedArtifact>> list_at_forge(const ForgeService& service) {
  TRY(const auto answer, service.call("ListArtifacts", Json::object()));
  std::vector<ListedArtifact> listed;
  for (const auto& one : base::json_member(answer, "artifacts"))
    listed.push_back({forge_text(forge_field(one, "database_id", "databaseId")), json_string(one, "name")});
  return listed;
}

Result<void> bring(const ForgeService& service, const RunningJob& job, const ListedArtifact& listed) {
  const auto& access = job.services->results;
  const auto here = find_artifact(*access.store, access.run_id, listed.name);
  if (here && id_of(here->blob) == listed.id) return {};
  if (here) TRY(remove_artifact(*access.store, access.run_id, *here));
  TRY(auto draft, begin_artifact({.access = access,
                                  .attempt = job.contexts.get("github").get("run_attempt").to_text(),
                                  .name = listed.name}));
  TRY(const auto answer, service.call("GetSignedArtifactURL", {{"name", listed.name}}));
  TRY(const auto address, address_in(answer, "signed_url", "signedUrl"));
  TRY(service.get(address, draft));
  draft.labels[kForgeId] = listed.id;
  TRY(access.store->finish(std::move(draft)));
  return {};
}

}  // namespace

std::optional<ForgeResults> forge_of(const RunningJob& job) {
  const auto variable = [&job](const char* name) {
    const auto found = job.runtime_environment.find(name);
    return found == job.runtime_environment.end() ? std::string() : found->second;
  };
  auto url = variable("ACTIONS_RESULTS_URL");
  if (url == variable("ACTIONS_CACHE_URL")) return std::nullopt;
  return ForgeResults{std::move(url), variable("ACTIONS_RUNTIME_TOKEN")};
}

std::string id_of(const StoredBlob& blob) {
  const auto found = blob.labels.find(kForgeId);
  return found == blob.labels.end() ? std::to_string(blob.id) : found->second;
}

Result<void> send_to_forge(const RunningJob& job, BlobDraft& draft) {
  auto forge = forge_of(job);
  if (!forge) return {};
  const auto name = draft.labels["name"];
  if (draft.labels["media_type"] != kZip) {
    return base::invalid_input(fmt::format(
        "the forge keeps artifacts as archives alone: leave `archive: false` of '{}' away", name));
  }
  TRY(const auto service, ForgeService::open(job, *std::move(forge)));
  TRY(const auto digest, draft.digest());
  const auto expires = base::format_iso8601(base::from_epoch_seconds(draft.expires));
  TRY(const auto created,
      service.call("CreateArtifact", {{"name", name}, {"expires_at", expires}, {"version", 4}}));
  TRY(const auto address, address_in(created, "signed_upload_url", "signedUploadUrl"));
  TRY(send_blocks(service, address, draft));
  TRY(const auto finished,
      service.call("FinalizeArtifact",
                   {{"name", name}, {"size", std::to_string(draft.size())}, {"hash", "sha256:" + digest}}));
  draft.labels[kForgeId] = forge_text(forge_field(finished, "artifact_id", "artifactId"));
  return {};
}

Result<void> bring_from_forge(const RunningJob& job,
                              const std::function<bool(const std::string& name)>& wanted) {
  auto forge = forge_of(job);
  if (!forge) return {};
  TRY(const auto service, ForgeService::open(job, *std::move(forge)));
  TRY(const auto listed, list_at_forge(service));
  for (const auto& one : listed) {
    if (!wanted(one.name)) continue;
    TRY(bring(service, job, one).while_doing(fmt::format("fetching the artifact '{}'", one.name)));
  }
  return {};
}

Result<void> remove_at_forge(const RunningJob& job, const std::string& name) {
  auto forge = forge_of(job);
  if (!forge) return {};
  TRY(const auto service, ForgeService::open(job, *std::move(forge)));
  const auto removed = service.call("DeleteArtifact", {{"name", name}});
  if (removed || removed.error().kind == base::ErrorKind::not_found) return {};
  return removed.error();
}

}  // namespace steps
