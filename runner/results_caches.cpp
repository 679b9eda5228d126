// github.actions.results.api.v1.CacheService and the cache service before it (toolkit packages/cache,
// results/api/v1/cache.ts and internal/cacheHttpClient.ts).

#include <fmt/format.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "runner/json_answer.h"
#include "runner/results_calls.h"
#include "runner/twirp.h"
#include "steps/caches.h"

namespace runner {

namespace {

constexpr std::size_t kLongestMessage = 1U << 20;
constexpr std::size_t kMostKeys = 10;
constexpr std::string_view kTaken = "cache entry with the same key, version, and scope already exists";

std::string upload_name(const std::string& key, const std::string& version) {
  return "cache\n" + version + "\n" + key;
}

base::Result<std::int64_t> reserve(const std::string& key, const std::string& version,
                                   const ResultsCall& call) {
  TRY(auto draft, steps::begin_cache(call.access, key, version));
  return call.uploads.add(call.access.job, upload_name(key, version), std::move(draft),
                          steps::kMostCacheBytes);
}

base::Result<steps::Cache> commit(const std::string& upload, std::int64_t size, const ResultsCall& call) {
  auto draft = call.uploads.take(call.access.job, upload);
  if (!draft) return base::make_error(base::ErrorKind::not_found, "there is no such upload of this job");
  if (size < 0 || static_cast<std::uint64_t>(size) != draft->size()) {
    return base::invalid_input(
        fmt::format("{} bytes were uploaded, but the size is said to be {}", draft->size(), size));
  }
  return steps::finish_cache(call.access, std::move(*draft));
}

base::ServerResponse create_cache(const base::Json& message, const ResultsCall& call) {
  const auto upload = reserve(text_field(message, "key"), text_field(message, "version"), call);
  if (!upload && upload.error().code == steps::kBlobExists)
    return twirp_error("already_exists", std::string(kTaken));
  // Not an error of the call: clients take the message for a warning.
  if (!upload && upload.error().code == steps::kCacheDenied)
    return json_answer(200, {{"ok", false}, {"message", upload.error().message}});
  if (!upload) return twirp_error(upload.error());
  return json_answer(200, {{"ok", true}, {"signed_upload_url", upload_address(call, *upload)}});
}

base::ServerResponse finalize_cache(const base::Json& message, const ResultsCall& call) {
  const auto cache = commit(upload_name(text_field(message, "key"), text_field(message, "version")),
                            number_field(message, "size_bytes").value_or(0), call);
  if (!cache) return twirp_error(cache.error());
  return json_answer(200, {{"ok", true}, {"entry_id", std::to_string(cache->blob.id)}});
}

base::ServerResponse address_of_cache(const base::Json& message, const ResultsCall& call) {
  const auto restore_keys = texts_field(message, "restore_keys");
  if (restore_keys.size() >= kMostKeys)
    return twirp_error("invalid_argument", fmt::format("expected at most {} keys", kMostKeys));
  if (auto allowed = steps::check_may_restore(call.access); !allowed) return twirp_error(allowed.error());
  const auto cache = steps::find_cache(call.access, text_field(message, "key"), restore_keys,
                                       text_field(message, "version"));
  if (!cache) return json_answer(200, {{"ok", false}});
  return json_answer(200, {{"ok", true},
                           {"signed_download_url",
                            blob_address(call, steps::cache_shelf(call.access.repository), cache->blob.id)},
                           {"matched_key", cache->key}});
}

base::Json old_entry(const steps::Cache& cache) {
  return {{"cacheKey", cache.key},
          {"cacheVersion", cache.version},
          {"scope", cache.scope},
          {"creationTime", base::format_iso8601(base::from_epoch_seconds(cache.blob.created))}};
}

base::ServerResponse old_error(int status, const std::string& message) {
  return json_answer(status, {{"message", message}});
}

base::ServerResponse old_error(const base::Error& error) {
  if (error.code == steps::kBlobExists) return old_error(409, std::string(kTaken));
  if (error.code == BlobUploads::kTooLarge) return old_error(413, error.message);
  if (error.code == steps::kCacheDenied) return old_error(403, error.message);
  if (error.kind == base::ErrorKind::not_found) return old_error(404, error.message);
  return old_error(error.kind == base::ErrorKind::invalid_input ? 400 : 500, error.message);
}

base::ServerResponse old_lookup(const base::ServerRequest& request, const ResultsCall& call) {
  auto keys = base::split(request.query_value("keys").value_or(""), ',');
  if (keys.empty() || keys.front().empty() || keys.size() > kMostKeys)
    return old_error(400, fmt::format("expected one to {} keys", kMostKeys));
  if (auto allowed = steps::check_may_restore(call.access); !allowed) return old_error(allowed.error());
  const auto key = keys.front();
  keys.erase(keys.begin());
  const auto cache = steps::find_cache(call.access, key, keys, request.query_value("version").value_or(""));
  base::ServerResponse nothing;
  nothing.status = 204;
  if (!cache) return nothing;
  auto entry = old_entry(*cache);
  entry["result"] = "hit";
  entry["archiveLocation"] = blob_address(call, steps::cache_shelf(call.access.repository), cache->blob.id);
  return json_answer(200, entry);
}

base::ServerResponse old_list(const base::ServerRequest& request, const ResultsCall& call) {
  const auto key = request.query_value("key").value_or("");
  base::Json entries = base::Json::array();
  for (const auto& cache : steps::list_caches(*call.access.store, call.access.repository)) {
    if (cache.key.starts_with(key)) entries.push_back(old_entry(cache));
  }
  const auto count = entries.size();
  return json_answer(200, {{"totalCount", count}, {"artifactCaches", std::move(entries)}});
}

base::ServerResponse old_reserve(const base::Json& message, const ResultsCall& call) {
  const auto size = number_field(message, "cacheSize").value_or(0);
  if (size > static_cast<std::int64_t>(steps::kMostCacheBytes))
    return old_error(400,
                     fmt::format("Cache size of {} bytes is over the 10GB limit, not saving cache.", size));
  const auto upload = reserve(text_field(message, "key"), text_field(message, "version"), call);
  if (!upload) return old_error(upload.error());
  return json_answer(201, {{"cacheId", *upload}});
}

// `bytes 0-199/*`: where the range begins.
std::optional<std::uint64_t> start_of(const std::string& content_range) {
  constexpr std::string_view kUnit = "bytes ";
  if (!content_range.starts_with(kUnit)) return std::nullopt;
  const auto dash = content_range.find('-');
  const auto start =
      base::parse_integer(std::string_view(content_range)
                              .substr(kUnit.size(), dash == std::string::npos ? 0 : dash - kUnit.size()));
  if (!start || *start < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*start);
}

base::ServerResponse old_upload(const base::ServerRequest& request, std::int64_t id,
                                const ResultsCall& call) {
  const auto start = start_of(base::header_value(request.headers, "Content-Range").value_or(""));
  if (!start) return old_error(400, "expected a header 'Content-Range: bytes FIRST-LAST/*'");
  if (!call.uploads.name_of(call.access.job, id))
    return old_error(404, "there is no such upload of this job");
  if (auto put = call.uploads.put_range(id, *start, request); !put) return old_error(put.error());
  base::ServerResponse done;
  done.status = 204;
  return done;
}

base::ServerResponse old_commit(const base::Json& message, std::int64_t id, const ResultsCall& call) {
  const auto name = call.uploads.name_of(call.access.job, id);
  if (!name) return old_error(404, "there is no such upload of this job");
  const auto cache = commit(*name, number_field(message, "size").value_or(0), call);
  if (!cache) return old_error(cache.error());
  base::ServerResponse done;
  done.status = 204;
  return done;
}

}  // namespace

base::ServerResponse answer_cache_call(std::string_view method, const base::Json& message,
                                       const ResultsCall& call) {
  if (method == "CreateCacheEntry") return create_cache(message, call);
  if (method == "FinalizeCacheEntryUpload") return finalize_cache(message, call);
  if (method == "GetCacheEntryDownloadURL") return address_of_cache(message, call);
  return twirp_error("bad_route", fmt::format("CacheService has no method {}", method));
}

base::ServerResponse answer_old_cache_call(const base::ServerRequest& request, const ResultsCall& call) {
  constexpr std::string_view kPrefix = "/_apis/artifactcache/";
  const auto resource = request.path.substr(kPrefix.size());
  if (request.method == "GET" && resource == "cache") return old_lookup(request, call);
  if (request.method == "GET" && resource == "caches") return old_list(request, call);
  constexpr std::string_view kOne = "caches/";
  const auto id =
      resource.starts_with(kOne) ? base::parse_integer(resource.substr(kOne.size())) : std::nullopt;
  if (request.method == "PATCH" && id) return old_upload(request, *id, call);
  if (request.method != "POST" || (resource != "caches" && !id))
    return old_error(404, fmt::format("there is nothing at {} {}", request.method, request.path));
  const auto body = request.body(kLongestMessage);
  if (!body) return old_error(body.error());
  const auto message = base::parse_json(*body);
  if (!message || !message->is_object()) return old_error(400, "expected a JSON object");
  return id ? old_commit(*message, *id, call) : old_reserve(*message, call);
}

}  // namespace runner
