#pragma once
// The answers of the results service, one function per interface. Internal to it.

#include <string_view>

#include "base/http_server.h"
#include "base/json_fwd.h"
#include "runner/results_service.h"

namespace runner {

/// github.actions.results.api.v1.ArtifactService
base::ServerResponse answer_artifact_call(std::string_view method, const base::Json& message,
                                          const ResultsCall& call);
/// github.actions.results.api.v1.CacheService
base::ServerResponse answer_cache_call(std::string_view method, const base::Json& message,
                                       const ResultsCall& call);
/// `_apis/artifactcache/…`, the cache service before that.
base::ServerResponse answer_old_cache_call(const base::ServerRequest& request, const ResultsCall& call);

/// The address that an upload goes to, as of a block blob; only to write, only for a while.
std::string upload_address(const ResultsCall& call, std::int64_t upload);
/// The address of a finished blob; only to read.
std::string blob_address(const ResultsCall& call, const std::string& shelf, std::int64_t id);
/// Requests to those addresses: Azure's block blobs (learn.microsoft.com "Blob service REST API"). Their
/// signature is their only credential.
base::ServerResponse answer_blob_request(const base::ServerRequest& request, const steps::BlobStore& store,
                                         BlobUploads& uploads, const UrlSigner& signer);

/// Where those addresses begin: host, "account".
inline constexpr std::string_view kBlobs = "/pipeline/";

}  // namespace runner
